"""Every gateway, configured as its page says, lets the right tokens through and says upstream who acts for whom."""

import base64
import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec
from gateways import GATEWAYS
from support import checks, client, tokens

PERSON, ACTOR = "x-auth-person", "x-auth-actor"


def get(gateway, token=None, **headers):
    """GET through the gateway."""
    if token is not None:
        headers["Authorization"] = f"Bearer {token}"
    return client.http.get(gateway.url, headers=headers, timeout=client.TIMEOUT_S)


def passed(answer) -> dict:
    """The headers that the upstream saw."""
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text[:200]}"
    return answer.json()["headers"]


def refused(upstream, gateway, token):
    """The gateway refuses it itself: nothing reaches the upstream."""
    before = upstream.asked
    answer = get(gateway, token)
    assert answer.status_code in (401, 403), f"{answer.status_code}: {answer.text[:200]}"
    assert upstream.asked == before
    return answer


@pytest.mark.parametrize("kind", GATEWAYS, ids=lambda kind: kind.name)
def test_every_gateway_of_the_pages_is_tried_here(started, kind):
    started(kind)


def test_person_and_actor_reach_the_upstream(gateway, token):
    seen = passed(get(gateway, token))
    assert (seen[PERSON], seen[ACTOR]) == ("demo:ada", "invoice-agent")


def test_the_newest_actor_of_a_chain_reaches_the_upstream(gateway, broker, exchanged):
    handed = exchanged(delegate_to="hr-agent")
    chain = checks.issued(client.exchange(broker, handed, client.ACCESS_TOKEN, agent="hr-agent")).token
    assert passed(get(gateway, chain))[ACTOR] == "hr-agent"


def test_the_token_itself_does_not_reach_the_upstream(gateway, token):
    assert "authorization" not in passed(get(gateway, token))


def test_nobody_can_name_a_person_or_an_actor_in_a_header(gateway, token):
    seen = passed(get(gateway, token, **{"X-Auth-Person": "demo:eve", "X-Auth-Actor": "soc-agent"}))
    assert (seen[PERSON], seen[ACTOR]) == ("demo:ada", "invoice-agent")


def test_nobody_can_do_so_under_a_name_that_some_programs_take_for_it(gateway, token):
    seen = passed(get(gateway, token, **{"X_Auth_Person": "demo:eve", "X_AUTH_ACTOR": "soc-agent"}))
    assert {name for name in seen if "_" in name} == set()


@pytest.mark.parametrize("sent", [None, "", "x", "x.y.z", "e30.e30."])
def test_what_is_no_token_is_refused(upstream, gateway, sent):
    answer = refused(upstream, gateway, sent)
    if gateway.challenges:
        assert answer.status_code == 401 and answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_a_token_for_another_target_is_refused(upstream, gateway, broker):
    other = checks.issued(client.exchange(broker, agent="hr-agent", audience="urn:demo:workday")).token
    refused(upstream, gateway, other)


def test_where_nobody_acts_for_another_the_upstream_is_told_of_no_actor(gateway, ours, broker):
    token = ours(act=tokens.DROP)
    if gateway.asks:
        admin = client.admin(broker)
        agent = admin.get("/agents/invoice-agent").json()
        next(entry for entry in agent["ceiling"] if entry["target"] == "sap")["alone"] = ["invoice.read"]
        assert admin.put("/agents/invoice-agent", agent).status_code == 200
        token = checks.issued(client.client_credentials(broker, audience="urn:demo:sap", scope="invoice.read")).token
    assert passed(get(gateway, token)).get(ACTOR, "") == ""


def test_a_token_that_is_passed_on_opens_nothing(upstream, gateway, exchanged):
    refused(upstream, gateway, exchanged(delegate_to="hr-agent"))


@pytest.mark.parametrize("kind", ["id_token", "access_token"])
def test_a_token_of_the_provider_is_refused(upstream, gateway, broker, kind):
    refused(upstream, gateway, client.sign_in(broker)[kind])


def test_a_token_that_has_expired_is_refused(upstream, gateway, expired):
    refused(upstream, gateway, expired)


def test_a_token_that_was_changed_is_refused(upstream, gateway, token):
    refused(upstream, gateway, tokens.tampered(token, sub="demo:eve"))


@pytest.mark.parametrize("alg", ["none", "None"])
def test_a_token_without_a_signature_is_refused(upstream, gateway, token, alg):
    head = json.dumps(tokens.header(token) | {"alg": alg}).encode()
    refused(upstream, gateway, tokens.sign_raw(head, json.dumps(tokens.decode(token)).encode(), None, alg))


def test_a_public_key_is_no_secret_that_signs(upstream, gateway, broker, token):
    jwk = checks.key_of(broker, token)
    x, y = (int.from_bytes(tokens.unb64(jwk[name]), "big") for name in "xy")
    public = ec.EllipticCurvePublicNumbers(x, y, ec.SECP256R1()).public_key()
    pem = public.public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    claims = tokens.decode(token)
    for secret in (pem, base64.b64encode(pem)):
        refused(upstream, gateway, tokens.sign(claims, secret, "HS256", tokens.header(token) | {"alg": "HS256"}))


def test_a_scope_that_the_token_lacks_is_refused_or_the_upstream_can_see_it(upstream, gateway, token):
    before = upstream.asked
    answer = client.http.post(gateway.url, headers={"Authorization": f"Bearer {token}"}, timeout=client.TIMEOUT_S)
    if gateway.scopes:
        assert answer.status_code in (401, 403) and upstream.asked == before
    else:
        assert answer.json()["headers"]["x-auth-scope"] == "invoice.read"


@pytest.mark.parametrize("others", ["invoice.post", "a.first z.last", "z.last"])
def test_a_scope_counts_wherever_it_stands_in_the_list(gateway, scoped, others):
    passed(get(gateway, scoped(f"invoice.read {others}")))


@pytest.mark.parametrize("scope", ["invoiceXread", "invoice.reads", "xinvoice.read", "sinvoice.reads", "invoice.read.x"])
def test_a_scope_that_only_looks_like_the_one_that_is_needed_is_none(upstream, gateway, scoped, scope):
    token = scoped(scope)
    if gateway.scopes:
        refused(upstream, gateway, token)
    else:
        assert passed(get(gateway, token))["x-auth-scope"] == scope


def test_a_revoked_token_is_refused_by_a_gateway_that_asks(upstream, asking, broker, exchanged):
    revoked = exchanged()
    passed(get(asking, revoked))
    assert client.revoke(broker, revoked).status_code == 200
    refused(upstream, asking, revoked)


def test_a_revoked_token_passes_a_gateway_that_does_not_ask_until_it_expires(alone, broker, exchanged):
    revoked = exchanged()
    assert client.revoke(broker, revoked).status_code == 200
    passed(get(alone, revoked))


def test_tokens_of_the_tests_pass_where_nothing_is_wrong_with_them(alone, ours):
    assert passed(get(alone, ours()))[PERSON] == "demo:ada"


FLAWS = {"another issuer": {"iss": "http://127.0.0.1:1"}, "the issuer with a slash": {},
         "no issuer": {"iss": tokens.DROP}, "another audience": {"aud": "urn:demo:workday"}, "no audience": {"aud": tokens.DROP},
         "the past": {"exp": 1}, "no end": {"exp": tokens.DROP}, "the type of an ID token": {"header": {"typ": "JWT"}},
         "no type": {"header": {"typ": tokens.DROP}}, "another key": {"key": tokens.new_jwk()},
         "another algorithm": {"key": tokens.new_jwk("RS256"), "alg": "RS256"}}


@pytest.mark.parametrize("flaw", FLAWS)
def test_one_flaw_is_enough_where_the_page_does_not_say_that_it_is_not_seen(upstream, alone, broker, ours, flaw):
    changes = dict(FLAWS[flaw])
    if flaw == "the issuer with a slash":
        changes["iss"] = broker.issuer + "/"
    token = ours(**changes)
    if flaw in alone.blind:
        passed(get(alone, token))
    else:
        refused(upstream, alone, token)


def test_an_asking_gateway_lets_nothing_through_while_it_cannot_ask(upstream, unable, token):
    before = upstream.asked
    assert get(unable, token).status_code >= 400 and upstream.asked == before


def test_a_body_reaches_the_upstream_once_its_token_was_judged(gateway, posting):
    answer = client.http.post(gateway.url, data="amount=5", timeout=client.TIMEOUT_S,
                              headers={"Authorization": f"Bearer {posting}"})
    assert passed(answer)[ACTOR] == "invoice-agent" and answer.json()["body"] == "amount=5"
