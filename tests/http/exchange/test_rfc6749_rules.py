"""RFC 6749 §2.3, §3.2, §5: the rules of the token endpoint under every grant."""

import base64

import pytest

from support import tokens
from support.checks import issued, refusal_shape, refused
from support.client import ASSERTION_TYPE, JWT, basic, exchange, form, http, token

SINGLE = {"grant_type": "urn:ietf:params:oauth:grant-type:token-exchange", "subject_token": "x",
          "subject_token_type": JWT, "actor_token": "x", "actor_token_type": JWT, "requested_token_type": JWT,
          "scope": "invoice.read", "authorization_details": "[]", "expires_in": "60", "purpose": "x", "task_id": "x",
          "delegate_to": "hr-agent", "client_id": "invoice-agent"}


@pytest.mark.parametrize("name", SINGLE)
def test_rfc6749_3_2_a_duplicate_of_a_single_valued_parameter_is_refused_by_name(broker, name):
    pairs = [p for p in form(tokens.id_token(broker)) if p[0] != name] + 2 * [(name, SINGLE[name])]
    body = refused(broker, token(broker, pairs), "LCM-PARAM-DUPLICATE")
    assert f"`{name}`" in body["error_description"]


def test_rfc6749_3_2_a_duplicate_client_secret_is_refused(broker):
    me = broker.agent("invoice-agent")
    pairs = form(tokens.id_token(broker)) + [("client_id", me.client_id)] + 2 * [("client_secret", me.client_secret)]
    refused(broker, token(broker, pairs, auth=None), "LCM-PARAM-DUPLICATE")


@pytest.mark.parametrize("name", ["client_assertion", "client_assertion_type"])
def test_rfc6749_3_2_a_duplicate_client_assertion_is_refused(broker, name):
    value = {"client_assertion": tokens.client_assertion(broker), "client_assertion_type": ASSERTION_TYPE}
    pairs = form(tokens.id_token(broker)) + list(value.items()) + [(name, value[name])]
    refused(broker, token(broker, pairs, auth=None), "LCM-PARAM-DUPLICATE")


@pytest.mark.parametrize("name", ["scope", "requested_token_type", "authorization_details", "expires_in", "purpose",
                                  "task_id", "delegate_to", "resource"])
def test_rfc6749_3_2_an_empty_parameter_counts_as_absent(broker, name):
    made = issued(exchange(broker, **{name: ""}))
    assert made.body["scope"] == "invoice.read"


@pytest.mark.parametrize("name", ["grant_type", "subject_token", "subject_token_type"])
def test_rfc6749_3_2_an_empty_required_parameter_is_missing(broker, name):
    pairs = [(k, "" if k == name else v) for k, v in form(tokens.id_token(broker))]
    refused(broker, token(broker, pairs), "LCM-REQUEST")


def test_rfc6749_3_2_an_empty_audience_names_no_target(broker):
    refused(broker, exchange(broker, audience=""), "LCM-TARGET-UNKNOWN")


def test_rfc6749_3_2_unknown_parameters_are_ignored(broker):
    issued(exchange(broker, utm_source="newsletter", act='{"sub":"root"}', state="x"))


def test_rfc6749_3_2_parameters_in_the_query_are_not_read(broker):
    pairs = form(tokens.id_token(broker), audience=None)
    me = broker.agent("invoice-agent")
    answer = http.post(broker.token_endpoint + "?audience=urn%3Ademo%3Asap", data=pairs,
                       headers={"Authorization": basic(me.client_id, me.client_secret)})
    body = refusal_shape(broker, answer)
    assert body["code"] in ("LCM-TARGET-UNKNOWN", "LCM-REQUEST")


def test_rfc6749_3_2_client_credentials_in_the_query_do_not_authenticate(broker):
    me = broker.agent("invoice-agent")
    url = f"{broker.token_endpoint}?client_id={me.client_id}&client_secret={me.client_secret}"
    answer = http.post(url, data=form(tokens.id_token(broker)))
    assert answer.status_code in (400, 401)
    assert refusal_shape(broker, answer)["code"] in ("LCM-CLIENT-AUTH", "LCM-REQUEST")


@pytest.mark.parametrize("method", ["GET", "PUT", "DELETE"])
def test_rfc6749_3_2_only_post_is_allowed(broker, method):
    answer = http.request(method, broker.token_endpoint, params=dict(form(tokens.id_token(broker))))
    assert answer.status_code == 405


@pytest.mark.parametrize("kind", ["application/json", "text/plain", "multipart/form-data; boundary=x", None])
def test_rfc6749_3_2_another_content_type_is_refused(broker, kind):
    answer = exchange(broker, headers={"Content-Type": kind})
    assert answer.status_code in (400, 415)
    assert refusal_shape(broker, answer)["code"] == "LCM-REQUEST"


def test_rfc6749_3_2_a_charset_in_the_content_type_is_fine(broker):
    issued(exchange(broker, headers={"Content-Type": "application/x-www-form-urlencoded; charset=UTF-8"}))


def test_rfc6749_5_2_a_refusal_is_json_and_never_stored(broker):
    answer = exchange(broker, "nonsense")
    refused(broker, answer, "LCM-SUBJECT-INVALID")
    assert answer.headers["Pragma"] == "no-cache"


def test_rfc6749_5_2_a_failed_basic_authentication_is_challenged_with_basic(broker):
    answer = exchange(broker, auth=None, headers={"Authorization": basic("invoice-agent", "wrong")})
    refused(broker, answer, "LCM-CLIENT-AUTH")
    assert answer.headers["WWW-Authenticate"].split(" ")[0] == "Basic"


@pytest.mark.parametrize("value", ["Basic", "Basic !!!", "Basic " + base64.b64encode(b"no-colon").decode(),
                                   "Bearer abc", "Basic " + base64.b64encode(b"\xff\xfe:\xff").decode()])
def test_rfc6749_2_3_1_a_broken_authorization_header_is_invalid_client(broker, value):
    refused(broker, exchange(broker, auth=None, headers={"Authorization": value}), "LCM-CLIENT-AUTH")


def test_rfc6749_2_3_1_basic_credentials_are_percent_decoded(broker):
    me = broker.agent("invoice-agent")
    coded = "".join(f"%{b:02X}" for b in me.client_id.encode()) + ":" + me.client_secret
    header = {"Authorization": "Basic " + base64.b64encode(coded.encode()).decode()}
    issued(exchange(broker, auth=None, headers=header))


def test_rfc6749_2_3_two_methods_in_one_request_are_refused(broker):
    me = broker.agent("invoice-agent")
    answer = exchange(broker, auth="basic", client_id=me.client_id, client_secret=me.client_secret)
    assert refusal_shape(broker, answer)["code"] in ("LCM-CLIENT-AUTH", "LCM-REQUEST")
    answer = exchange(broker, auth="private_key_jwt", client_id=me.client_id, client_secret=me.client_secret)
    assert refusal_shape(broker, answer)["code"] in ("LCM-CLIENT-AUTH", "LCM-REQUEST")


def test_rfc6749_2_3_an_equal_body_client_id_is_no_second_method(broker):
    issued(exchange(broker, auth="basic", client_id="invoice-agent"))
    issued(exchange(broker, auth="private_key_jwt", client_id="invoice-agent"))


@pytest.mark.parametrize("auth", ["basic", "private_key_jwt"])
def test_rfc6749_2_3_another_body_client_id_is_refused(broker, auth):
    answer = exchange(broker, auth=auth, client_id="hr-agent")
    assert refusal_shape(broker, answer)["code"] in ("LCM-CLIENT-AUTH", "LCM-REQUEST")
