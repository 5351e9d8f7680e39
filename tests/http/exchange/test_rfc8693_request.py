"""RFC 8693 §2.1 and §2.1.1: what a token exchange request must carry."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import ACCESS_TOKEN, EXCHANGE, ID_TOKEN, JWT, REFRESH_TOKEN, TYPE, exchange, form, token


def test_rfc8693_2_1_an_exchange_with_the_required_parameters_is_answered(broker):
    made = permitted(broker, exchange(broker))
    assert made.claims["sub"] == "demo:ada"


def test_rfc8693_2_1_a_missing_grant_type_is_refused(broker):
    refused(broker, exchange(broker, grant_type=None), "LCM-REQUEST")


@pytest.mark.parametrize("grant_type", ["token-exchange", EXCHANGE.upper(), EXCHANGE + "/", "password", "implicit"])
def test_rfc8693_2_1_another_grant_type_is_unsupported(broker, grant_type):
    refused(broker, exchange(broker, grant_type=grant_type), "LCM-GRANT-TYPE")


def test_rfc8693_2_1_a_missing_subject_token_is_refused(broker):
    pairs = [p for p in form("x") if p[0] != "subject_token"]
    refused(broker, token(broker, pairs), "LCM-REQUEST")


def test_rfc8693_2_1_a_missing_subject_token_type_is_refused(broker):
    refused(broker, exchange(broker, subject_token_type=None), "LCM-REQUEST")


@pytest.mark.parametrize("kind", ["id_token", TYPE + "unheard_of", TYPE.upper() + "id_token", TYPE + "saml1"])
def test_rfc8693_2_1_an_unknown_subject_token_type_is_refused(broker, kind):
    answer = exchange(broker, subject_token_type=kind)
    refused(broker, answer, "LCM-REQUEST", "LCM-SUBJECT-INVALID")


def test_rfc8693_2_1_actor_token_without_actor_token_type_is_refused(broker):
    answer = exchange(broker, actor_token=tokens.workload_token(broker))
    refused(broker, answer, "LCM-REQUEST")


def test_rfc8693_2_1_actor_token_type_without_actor_token_is_refused(broker):
    refused(broker, exchange(broker, actor_token_type=JWT), "LCM-REQUEST")


def test_rfc8693_2_1_an_empty_actor_token_with_a_type_is_refused(broker):
    refused(broker, exchange(broker, actor_token="", actor_token_type=JWT), "LCM-REQUEST")


def test_rfc8693_2_1_an_empty_actor_token_and_type_count_as_absent(broker):
    made = issued(exchange(broker, actor_token="", actor_token_type=""))
    assert made.claims["act"]["sub"] == "invoice-agent"


@pytest.mark.parametrize("kind", [ID_TOKEN, REFRESH_TOKEN, TYPE + "saml2", "urn:locum:token-type:grant"])
def test_rfc8693_2_1_an_actor_token_type_that_is_not_accepted_is_refused(broker, kind):
    answer = exchange(broker, actor_token=tokens.workload_token(broker), actor_token_type=kind)
    refused(broker, answer, "LCM-REQUEST", "LCM-ACTOR-INVALID")


@pytest.mark.parametrize("kind", [ACCESS_TOKEN, JWT])
def test_rfc8693_2_1_the_requested_token_type_is_answered_as_asked(broker, kind):
    made = permitted(broker, exchange(broker, requested_token_type=kind))
    assert made.body["issued_token_type"] == kind
    assert made.header["typ"] == "at+jwt"


@pytest.mark.parametrize("kind", [ID_TOKEN, REFRESH_TOKEN, TYPE + "saml2", TYPE + "id-jag", "jwt"])
def test_rfc8693_2_1_an_unsupported_requested_token_type_is_refused(broker, kind):
    refused(broker, exchange(broker, requested_token_type=kind), "LCM-REQUEST")


def test_rfc8693_2_1_an_unauthenticated_client_gets_nothing(broker):
    refused(broker, exchange(broker, auth=None), "LCM-CLIENT-AUTH")


def test_rfc8693_2_1_a_client_id_alone_is_no_authentication(broker):
    refused(broker, exchange(broker, auth=None, client_id="invoice-agent"), "LCM-CLIENT-AUTH")


def test_rfc8693_2_1_scope_is_case_sensitive(broker):
    refused(broker, exchange(broker, scope="Invoice.Read"), "LCM-SCOPE-REFUSED")


def test_rfc8693_2_1_an_exchange_leaves_the_subject_token_valid(broker):
    subject = tokens.id_token(broker)
    first = issued(exchange(broker, subject))
    second = issued(exchange(broker, subject))
    assert first.claims["jti"] != second.claims["jti"]


def test_rfc8693_2_1_repeated_audiences_are_all_read(broker):
    answer = exchange(broker, audience=["urn:demo:sap", "urn:demo:workday"])
    refused(broker, answer, "LCM-TARGET-SEVERAL", "LCM-TARGET-UNKNOWN")
    answer = exchange(broker, audience=["urn:demo:workday", "urn:demo:sap"])
    refused(broker, answer, "LCM-TARGET-SEVERAL", "LCM-TARGET-UNKNOWN")


def test_rfc8693_2_2_2_an_invalid_subject_token_is_invalid_request(broker):
    body = refused(broker, exchange(broker, "nonsense"), "LCM-SUBJECT-INVALID")
    assert body["error"] == "invalid_request"


def test_rfc8693_2_2_2_an_invalid_actor_token_is_invalid_request(broker):
    answer = exchange(broker, actor_token="nonsense", actor_token_type=JWT)
    body = refused(broker, answer, "LCM-ACTOR-INVALID")
    assert body["error"] == "invalid_request"


def test_rfc8693_2_2_2_an_unknown_target_is_invalid_target(broker):
    body = refused(broker, exchange(broker, audience="urn:nowhere"), "LCM-TARGET-UNKNOWN")
    assert body["error"] == "invalid_target"
