"""Contract §6, `client_credentials` and "Repeating"."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support import tokens
from support.checks import dead, issued, permitted, refused
from support.client import ASSERTION_TYPE, ACCESS_TOKEN, call, client_credentials, endpoint, exchange, form, introspect, token


def test_with_our_issuer_as_audience_it_is_an_actor_token_and_nothing_else(broker):
    made = permitted(broker, client_credentials(broker, audience=broker.issuer))
    assert made.body["scope"] == "" and made.body["expires_in"] == 300
    assert made.claims["aud"] == broker.issuer and made.claims["sub"] == made.claims["client_id"] == "invoice-agent"
    assert "act" not in made.claims and made.claims["del"]["basis"] == "self"


def test_an_actor_token_carries_no_scope_that_was_asked_for(broker):
    answer = client_credentials(broker, audience=broker.issuer, scope="invoice.read")
    refused(broker, answer, "LCM-SCOPE-REFUSED")


def test_an_actor_token_may_be_asked_to_live_shorter(broker):
    assert issued(client_credentials(broker, audience=broker.issuer, expires_in=30)).body["expires_in"] == 30


def test_with_a_target_the_scopes_come_from_alone(broker, world):
    target = world.target({"a": "low", "b": "low"})
    agent = world.actor(target, ["a", "b"], alone=["a"])
    made = permitted(broker, client_credentials(broker, agent, audience=target.audience, scope="a"))
    assert made.claims["sub"] == agent.id and "act" not in made.claims
    assert made.claims["del"]["basis"] == made.record["basis"] == "self"
    refused(broker, client_credentials(broker, agent, audience=target.audience, scope="b"), "LCM-SCOPE-REFUSED", "LCM-CONSENT-MISSING")
    refused(broker, client_credentials(broker, agent, audience=target.audience, scope="a b"), "LCM-SCOPE-REFUSED", "LCM-CONSENT-MISSING")


def test_acting_alone_still_needs_the_policy(broker, world):
    target = world.target({"a": "low"})
    agent = world.actor(target, ["a"], alone=["a"], actions=())
    refused(broker, client_credentials(broker, agent, audience=target.audience, scope="a"), "LCM-POLICY-DENIED")


def test_without_a_target_it_is_invalid_target(broker):
    refused(broker, client_credentials(broker), "LCM-TARGET-UNKNOWN")


def test_our_issuer_beside_a_target_is_invalid_target(broker):
    for audience in ([broker.issuer, "urn:demo:sap"], ["urn:demo:sap", broker.issuer]):
        answer = client_credentials(broker, audience=audience)
        refused(broker, answer, "LCM-TARGET-SEVERAL", "LCM-TARGET-UNKNOWN")


@pytest.mark.parametrize("audience", ["urn:demo:workday", "urn:nowhere", "urn:locum:agent:hr-agent"])
def test_a_target_outside_the_ceiling_is_unknown(broker, audience):
    refused(broker, client_credentials(broker, audience=audience), "LCM-TARGET-UNKNOWN")


def test_a_suspended_and_a_draft_agent_get_none(broker, world):
    agent = world.agent()
    world.agent_state(agent.id, "suspend")
    refused(broker, client_credentials(broker, agent, audience=broker.issuer), "LCM-AGENT-STATE")
    refused(broker, client_credentials(broker, world.draft(), audience=broker.issuer), "LCM-AGENT-UNCERTIFIED")


# Repeating: one mark per assertion, for all endpoints, durable, in parallel too.

def asserted(broker, assertion, **params):
    pairs = form(tokens.id_token(broker), **params) + [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)]
    return token(broker, pairs, auth=None)


def test_an_assertion_is_good_for_one_answer(broker):
    assertion = tokens.client_assertion(broker)
    issued(asserted(broker, assertion))
    refused(broker, asserted(broker, assertion), "LCM-CLIENT-AUTH")


def test_a_token_is_never_sent_twice_for_an_identical_request(broker):
    assertion, subject = tokens.client_assertion(broker), tokens.id_token(broker)
    pairs = form(subject) + [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)]
    issued(token(broker, pairs, auth=None))
    refused(broker, token(broker, pairs, auth=None), "LCM-CLIENT-AUTH")


def test_an_assertion_whose_request_was_refused_on_the_record_is_spent(broker):
    assertion = tokens.client_assertion(broker)
    refused(broker, asserted(broker, assertion, audience="urn:nowhere"), "LCM-TARGET-UNKNOWN")
    refused(broker, asserted(broker, assertion), "LCM-CLIENT-AUTH")


def test_one_of_many_parallel_uses_of_an_assertion_wins(broker):
    assertion, subject = tokens.client_assertion(broker), tokens.id_token(broker)
    pairs = form(subject) + [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", assertion)]
    with ThreadPoolExecutor(16) as pool:
        answers = list(pool.map(lambda _: token(broker, pairs, auth=None), range(32)))
    assert [a.status_code for a in answers].count(200) == 1
    for answer in answers:
        if answer.status_code != 200:
            refused(broker, answer, "LCM-CLIENT-AUTH")


@pytest.mark.parametrize("path", ["introspect", "revoke"])
def test_an_assertion_used_elsewhere_is_spent_here(broker, path):
    made = issued(exchange(broker))
    proof = [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", tokens.client_assertion(broker))]
    assert call(broker, endpoint(broker, path), [("token", made.token), *proof], auth=None).status_code == 200
    refused(broker, token(broker, form(tokens.id_token(broker)) + proof, auth=None), "LCM-CLIENT-AUTH")


@pytest.mark.parametrize("kill", [True, False])
def test_an_assertion_stays_spent_over_a_restart(fresh_broker, kill):
    assertion = tokens.client_assertion(fresh_broker, exp=tokens.now() + 250)
    issued(asserted(fresh_broker, assertion))
    issuer = fresh_broker.issuer
    fresh_broker.restart(kill=kill)
    assert fresh_broker.issuer == issuer
    refused(fresh_broker, asserted(fresh_broker, assertion), "LCM-CLIENT-AUTH")


def test_equal_jtis_of_two_clients_are_two_marks(broker):
    one = tokens.client_assertion(broker, jti="same-" + tokens.b64(str(tokens.now()).encode()))
    two = tokens.client_assertion(broker, "hr-agent", jti=tokens.decode(one)["jti"])
    issued(asserted(broker, one))
    pairs = form(tokens.id_token(broker)) + [("client_assertion_type", ASSERTION_TYPE), ("client_assertion", two)]
    issued(token(broker, pairs, auth=None))


def test_our_tokens_and_records_outlive_a_kill(fresh_broker):
    made = permitted(fresh_broker, exchange(fresh_broker))
    fresh_broker.restart(kill=True)
    again = introspect(fresh_broker, made.token, fresh_broker.resource_server("sap")).json()
    assert again["active"] is True and again["jti"] == made.claims["jti"]
    assert permitted(fresh_broker, exchange(fresh_broker)).record["record"]["index"] > made.record["record"]["index"]


def test_a_dead_parent_stays_dead_over_a_kill(fresh_broker, fresh_world):
    made = issued(exchange(fresh_broker, delegate_to="hr-agent"))
    fresh_world.revoke("token", made.claims["jti"])
    fresh_broker.restart(kill=True)
    answer = exchange(fresh_broker, made.token, ACCESS_TOKEN, agent="hr-agent")
    refused(fresh_broker, answer, "LCM-SUBJECT-REVOKED")
    dead(fresh_broker, made.token)
