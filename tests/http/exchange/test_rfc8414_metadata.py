"""RFC 8414 and contract §4: the metadata, in every spelling, and nothing in it that does not work."""

import pytest

from support.client import EXCHANGE, http

PATHS = ["/.well-known/oauth-authorization-server", "/.well-known/openid-configuration"]


@pytest.fixture(scope="module")
def metadata(broker):
    return http.get(broker.issuer + PATHS[0]).json()


@pytest.mark.parametrize("path", PATHS)
def test_rfc8414_3_the_metadata_is_the_same_under_both_names(broker, metadata, path):
    answer = http.get(broker.issuer + path)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    assert answer.json() == metadata


def test_rfc8414_3_3_the_issuer_is_equal_byte_for_byte(broker, metadata):
    assert metadata["issuer"] == broker.issuer
    assert not broker.issuer.endswith("/")


def test_rfc8414_2_the_endpoints_are_the_fixed_ones(broker, metadata):
    for member, path in {"token_endpoint": "token", "jwks_uri": "jwks", "introspection_endpoint": "introspect",
                         "revocation_endpoint": "revoke"}.items():
        assert metadata[member] == f"{broker.issuer}/{path}", member


def test_rfc8414_2_the_jwks_uri_answers_keys(metadata):
    answer = http.get(metadata["jwks_uri"])
    assert answer.status_code == 200 and isinstance(answer.json()["keys"], list)


def test_rfc8414_2_only_grants_that_work_are_advertised(broker, metadata):
    grants = metadata["grant_types_supported"]
    assert EXCHANGE in grants and "client_credentials" in grants
    me = broker.agent("invoice-agent")
    for grant in grants:
        answer = http.post(broker.token_endpoint, data={"grant_type": grant},
                           auth=(me.client_id, me.client_secret))
        assert answer.json()["error"] != "unsupported_grant_type", grant


def test_rfc8414_2_the_client_authentication_methods_are_listed(metadata):
    methods = set(metadata["token_endpoint_auth_methods_supported"])
    assert {"client_secret_basic", "client_secret_post", "private_key_jwt"} <= methods
    assert "none" not in methods
    assert "ES256" in metadata["token_endpoint_auth_signing_alg_values_supported"]
    assert "none" not in metadata["token_endpoint_auth_signing_alg_values_supported"]


def test_rfc8414_2_response_types_supported_is_there(metadata):
    assert isinstance(metadata["response_types_supported"], list)


def test_rfc8414_3_2_no_other_empty_array_is_published(metadata):
    empty = [k for k, v in metadata.items() if v == [] and k != "response_types_supported"]
    assert empty == []


def test_rfc8414_2_endpoints_that_are_advertised_exist(metadata):
    for member, url in metadata.items():
        if member.endswith("_endpoint"):
            assert http.post(url).status_code != 404, member


def test_no_scope_and_no_type_of_details_is_told_to_strangers(world, broker):
    kind = {"hidden-order": {"amount": {"type": "decimal", "narrow": "at_most"}}}
    world.target({"hidden.read": "low"}, details=kind)
    for path in PATHS:
        answer = http.get(broker.issuer + path)
        assert "hidden" not in answer.text and "invoice" not in answer.text
        assert not {"scopes_supported", "authorization_details_types_supported"} & answer.json().keys()
