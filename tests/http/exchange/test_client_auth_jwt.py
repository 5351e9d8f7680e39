"""Contract §11, `private_key_jwt`; RFC 7523 and 7523bis; FAPI's rows on client assertions."""

import uuid

import pytest

from support import tokens
from support.checks import issued, refused
from support.client import ASSERTION_TYPE, exchange


def ask(broker, assertion, **params):
    return exchange(broker, auth=None, **({"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE} | params))


def good(broker, **changes):
    issued(ask(broker, tokens.client_assertion(broker, **changes)))


def bad(broker, **changes):
    refused(broker, ask(broker, tokens.client_assertion(broker, **changes)), "LCM-CLIENT-AUTH")


def test_rfc7523bis_the_audience_is_our_issuer_as_string_or_single_element(broker):
    good(broker, aud=broker.issuer)
    good(broker, aud=[broker.issuer])


def test_rfc7523bis_any_other_audience_is_refused(broker):
    for aud in (broker.token_endpoint, broker.issuer + "/", broker.issuer + "/introspect", broker.issuer.upper(), "", [], None, 5,
                [broker.issuer, broker.token_endpoint], [broker.issuer, broker.issuer], [[broker.issuer]], {"aud": broker.issuer},
                tokens.DROP):
        bad(broker, aud=aud)


def test_another_clients_key_and_a_strangers_key_are_refused(broker):
    bad(broker, key=broker.agent("hr-agent").private_jwk)
    bad(broker, key=tokens.new_jwk())
    bad(broker, key=tokens.new_jwk(kid=broker.agent("invoice-agent").private_jwk.get("kid")))
    bad(broker, key=broker.idp.private_jwk)


def test_the_client_secret_is_no_signing_key(broker):
    secret = broker.agent("invoice-agent").client_secret
    assertion = tokens.client_assertion(broker)
    text = tokens.sign(tokens.decode(assertion), secret.encode(), "HS256", {"typ": "JWT"})
    refused(broker, ask(broker, text), "LCM-CLIENT-AUTH")


@pytest.mark.parametrize("alg", ["none", "None", "NONE", ""])
def test_an_unsigned_assertion_is_refused(broker, alg):
    text = tokens.sign(tokens.decode(tokens.client_assertion(broker)), {}, "none", {"alg": alg})
    refused(broker, ask(broker, text), "LCM-CLIENT-AUTH")


def test_an_unsigned_assertion_beside_a_right_secret_is_refused(broker):
    text = tokens.sign(tokens.decode(tokens.client_assertion(broker)), {}, "none")
    answer = exchange(broker, client_assertion=text, client_assertion_type=ASSERTION_TYPE)
    assert answer.status_code in (400, 401)
    assert answer.json()["code"] in ("LCM-CLIENT-AUTH", "LCM-REQUEST")


def test_another_algorithm_than_the_registered_keys_is_refused(broker):
    bad(broker, key=tokens.new_jwk("RS256", broker.agent("invoice-agent").private_jwk.get("kid")))


@pytest.mark.parametrize("header", [{"crit": ["x"], "x": 1}, {"crit": []}, {"b64": False}, {"zip": "DEF"},
                                    {"jku": "http://127.0.0.1:9/"}, {"kid": "unknown"}], ids=repr)
def test_a_header_that_asks_for_more_is_refused(broker, header):
    if "jku" in header:
        bad(broker, header=header, key=tokens.new_jwk())
    else:
        bad(broker, header=header)


@pytest.mark.parametrize("kind", ["", "jwt-bearer", "urn:ietf:params:oauth:client-assertion-type:saml2-bearer"])
def test_another_assertion_type_does_not_authenticate(broker, kind):
    answer = ask(broker, tokens.client_assertion(broker), client_assertion_type=kind)
    assert answer.status_code in (400, 401)
    assert answer.json()["code"] in ("LCM-CLIENT-AUTH", "LCM-REQUEST")


def test_a_client_id_beside_an_assertion_must_match(broker):
    issued(ask(broker, tokens.client_assertion(broker), client_id="invoice-agent"))
    answer = ask(broker, tokens.client_assertion(broker), client_id="hr-agent")
    assert answer.status_code in (400, 401) and answer.json()["code"] in ("LCM-CLIENT-AUTH", "LCM-REQUEST")


def test_a_failed_attempt_with_a_forged_signature_spends_nobodys_jti(broker):
    jti = uuid.uuid4().hex
    bad(broker, jti=jti, key=tokens.new_jwk(kid=broker.agent("invoice-agent").private_jwk.get("kid")))
    good(broker, jti=jti)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_keys_of_every_usual_kind_may_be_registered(broker, world, alg):
    target, key = world.target(), tokens.new_jwk(alg)
    agent = world.actor(target, auth=[{"method": "private_key_jwt", "jwks": {"keys": [tokens.public(key)]}}])
    agent["private_jwk"] = key
    issued(exchange(broker, agent=agent, auth="private_key_jwt", audience=target.audience))


def test_nothing_else_passes_for_an_assertion(broker):
    for text in (tokens.id_token(broker), tokens.workload_token(broker), issued(exchange(broker)).token):
        refused(broker, ask(broker, text), "LCM-CLIENT-AUTH")


def test_an_assertion_is_no_subject_or_actor_token(broker):
    jwt = "urn:ietf:params:oauth:token-type:jwt"
    refused(broker, exchange(broker, tokens.client_assertion(broker), jwt), "LCM-SUBJECT-INVALID")
    answer = exchange(broker, actor_token=tokens.client_assertion(broker), actor_token_type=jwt)
    refused(broker, answer, "LCM-ACTOR-INVALID")
