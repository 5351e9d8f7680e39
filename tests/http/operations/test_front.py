"""What anybody meets before an endpoint: documents that pages of any origin may read, paths and methods that are not
there, heads over the limit, kept connections (contract §4, §10, §14)."""

import pytest

from support.checks import refusal_shape
from support.client import http

DOCUMENTS = ("/.well-known/oauth-authorization-server", "/.well-known/openid-configuration", "/jwks", "/receipts/jwks", "/errors/",
             "/errors/LCM-LOCKED")


@pytest.mark.parametrize("path", DOCUMENTS)
def test_a_page_of_any_origin_reads_public_documents_and_its_preflight_is_answered(broker, path):
    origin = {"Origin": "https://console.example"}
    answer = http.get(broker.issuer + path, headers=origin)
    assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, "*")
    asked = {**origin, "Access-Control-Request-Method": "GET", "Access-Control-Request-Headers": "mcp-protocol-version"}
    preflight = http.options(broker.issuer + path, headers=asked)
    assert (preflight.status_code, preflight.headers["Access-Control-Allow-Origin"]) == (204, "*")
    assert "GET" in preflight.headers["Access-Control-Allow-Methods"]
    assert preflight.headers["Access-Control-Allow-Headers"] == "*"


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke", "/admin/v1/agents"])
def test_no_page_of_another_origin_reads_an_answer_that_depends_on_who_asks(broker, path):
    for answer in (http.post(broker.issuer + path), http.options(broker.issuer + path)):
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_metadata_has_the_members_that_strict_readers_want(broker):
    metadata = http.get(f"{broker.issuer}/.well-known/openid-configuration").json()
    assert metadata["authorization_endpoint"] == f"{broker.issuer}/authorize"
    assert metadata["response_types_supported"] == []
    assert metadata["code_challenge_methods_supported"] == ["S256"]
    assert "ES256" in metadata["id_token_signing_alg_values_supported"]
    assert metadata["subject_types_supported"] == ["public"]


def test_the_authorization_endpoint_says_that_nobody_signs_in_here_and_repeats_nothing(broker):
    answer = http.get(f"{broker.issuer}/authorize", params={"client_id": "<sentinel>", "response_type": "code"})
    assert answer.status_code == 400 and answer.headers["Content-Type"].startswith("text/html")
    assert "No sign-in here" in answer.text and "sentinel" not in answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")


def test_a_path_that_is_not_there_is_told_as_a_refusal(broker):
    for answer in (http.get(f"{broker.issuer}/tokens"), http.post(f"{broker.issuer}/oauth/token", data={"a": "b"})):
        assert answer.status_code == 404
        assert refusal_shape(broker, answer)["code"] == "LCM-NOT-FOUND"


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke"])
def test_a_method_that_is_not_there_is_told_with_those_that_are(broker, path):
    answer = http.get(broker.issuer + path)
    assert (answer.status_code, answer.headers["Allow"]) == (405, "POST")
    assert refusal_shape(broker, answer)["code"] == "LCM-METHOD"


@pytest.mark.parametrize("headers", [{"X-Long": "x" * 33_000}, {f"X-{n}": "x" for n in range(70)}], ids=["long", "many"])
def test_a_head_over_the_limit_is_told_as_a_refusal(broker, headers):
    answer = http.post(f"{broker.issuer}/token", headers=headers, data={"grant_type": "client_credentials"})
    assert answer.status_code == 431
    assert refusal_shape(broker, answer)["code"] == "LCM-REQUEST"


@pytest.mark.parametrize("charset", ["charset=utf8", "charset=UTF-8", 'charset="utf-8"'])
def test_a_form_in_utf8_is_taken_by_either_name_of_the_charset(broker, charset):
    kind = {"Content-Type": f"application/x-www-form-urlencoded; {charset}"}
    answer = http.post(f"{broker.issuer}/token", headers=kind, data="grant_type=client_credentials",
                       auth=("nobody", "nothing"))
    assert refusal_shape(broker, answer)["code"] == "LCM-CLIENT-AUTH"
