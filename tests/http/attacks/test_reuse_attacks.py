"""Attacks by what was good once or nearly is, rows 47 to 49: another token's claims, an assertion again, one that is none."""

import uuid
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import tokens
from support.checks import issued, refused
from support.client import ASSERTION_TYPE, ID_TOKEN, JWT, admin, exchange, introspect, revoke
from support.scene import Scene
from support.world import entry, unique


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


def foreign(world):
    """An issuer of the test's own, an agent for its people, and a way to ask with a token."""
    issuer = world.issuer()
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")

    def token(**changes):
        return tokens.id_token(world.broker, iss=issuer.issuer, aud="test-app", **({"key": issuer.key} | changes))
    return issuer, token, lambda text: exchange(world.broker, text, ID_TOKEN, agent=agent)


def test_attack_47_a_token_that_resembles_one_just_seen_gets_none_of_its_claims(scene, broker):
    """Same header, key, time, id, length and even signature: verified once says nothing about another text."""
    shared = {"jti": uuid.uuid4().hex, "iat": tokens.now(), "exp": tokens.now() + 300}
    one, two = (tokens.id_token(broker, sub=sub, groups=["staff"], **shared) for sub in ("person-a", "person-b"))
    for _ in range(3):
        for text, sub in ((one, "demo:person-a"), (two, "demo:person-b")):
            assert scene.token(text).claims["sub"] == sub
    (head, first, signature), (_, second, other) = one.split("."), two.split(".")
    assert len(one) == len(two)
    for mixed in (f"{head}.{second}.{signature}", f"{head}.{first}.{other}", f"{head}.{first}.{signature[:-2]}AA",
                  f"{head}.{first}.{signature[:40]}{other[40:]}", f"{head}.{first[:-4]}{second[-4:]}.{signature}A"):
        refused(broker, scene.exchange(mixed), "LCM-SUBJECT-INVALID")
    assert scene.token(one).claims["sub"] == "demo:person-a"


def test_attack_47_a_token_seen_in_one_slot_is_not_known_in_another(broker):
    subject, workload = tokens.id_token(broker), tokens.workload_token(broker)
    issued(exchange(broker, subject, actor_token=workload, actor_token_type=JWT))
    refused(broker, exchange(broker, subject, JWT), "LCM-SUBJECT-INVALID")
    refused(broker, exchange(broker, subject, actor_token=subject, actor_token_type=JWT), "LCM-ACTOR-INVALID")
    refused(broker, exchange(broker, workload, ID_TOKEN), "LCM-SUBJECT-INVALID")


def test_attack_47_a_token_seen_before_is_dead_once_its_person_is_revoked(scene, world, broker):
    subject = scene.subject()
    issued(scene.exchange(subject))
    world.revoke("person", scene.person)
    refused(broker, scene.exchange(subject), "LCM-SUBJECT-REVOKED")


def test_attack_47_a_token_seen_before_is_dead_once_its_key_is_gone(world, broker):
    issuer, token, ask = foreign(world)
    text = token()
    issued(ask(text))
    fresh = tokens.new_jwk()
    world.change(f"/issuers/{issuer.id}", jwks={"keys": [tokens.public(fresh)]})
    refused(broker, ask(text), "LCM-SUBJECT-INVALID")
    issued(ask(token(key=fresh)))


def test_attack_47_a_token_seen_before_is_dead_once_its_issuer_says_less(world, broker):
    issuer, token, ask = foreign(world)
    text = token()
    issued(ask(text))
    world.change(f"/issuers/{issuer.id}", audiences=["another-app"])
    refused(broker, ask(text), "LCM-SUBJECT-INVALID")


def test_attack_47_a_client_whose_key_was_changed_is_a_stranger_with_the_old_one(world, broker):
    agent = world.actor("sap", ["invoice.read"])
    issued(exchange(broker, agent=agent, auth="private_key_jwt"))
    fresh, current = tokens.new_jwk(), admin(broker).get(f"/agents/{agent.id}").json()["auth"]
    auth = [a | {"jwks": {"keys": [tokens.public(fresh)]}} if a["method"] == "private_key_jwt" else a for a in current]
    world.change(f"/agents/{agent.id}", auth=auth)
    refused(broker, exchange(broker, agent=agent, auth="private_key_jwt"), "LCM-CLIENT-AUTH")


def ask(broker, assertion, **params):
    proof = {"client_assertion": assertion, "client_assertion_type": ASSERTION_TYPE}
    return exchange(broker, auth=None, **(proof | params))


def test_attack_48_an_assertion_for_others_expired_or_about_nobody(broker):
    issued(ask(broker, tokens.client_assertion(broker)))
    t = tokens.now()
    for changes in ({"aud": "https://other.example"}, {"aud": [broker.issuer, "https://other.example"]}, {"aud": []},
                    {"aud": broker.token_endpoint}, {"iat": t - 90, "exp": t - 30}, {"exp": t}, {"nbf": t + 120}, {"sub": tokens.DROP},
                    {"iss": tokens.DROP}, {"jti": tokens.DROP}, {"sub": "hr-agent"}, {"iss": "hr-agent"}):
        refused(broker, ask(broker, tokens.client_assertion(broker, **changes)), "LCM-CLIENT-AUTH")


def test_attack_48_an_assertion_of_another_algorithm_than_the_registered_keys(broker):
    kid = broker.agent("invoice-agent").private_jwk.get("kid")
    for alg in ("RS256", "PS256", "EdDSA"):
        text = tokens.client_assertion(broker, key=tokens.new_jwk(alg, kid))
        refused(broker, ask(broker, text), "LCM-CLIENT-AUTH")


def test_attack_48_an_assertion_is_good_once_at_every_endpoint_together(broker):
    made = issued(exchange(broker))
    again = {"client_assertion_type": ASSERTION_TYPE}
    for first in (lambda a: ask(broker, a).status_code,
                  lambda a: introspect(broker, made.token, auth=None, client_assertion=a, **again).status_code,
                  lambda a: revoke(broker, "unknown", auth=None, client_assertion=a, **again).status_code):
        text = tokens.client_assertion(broker)
        assert first(text) == 200
        refused(broker, ask(broker, text, scope="invoice.read"), "LCM-CLIENT-AUTH")
        for call in (introspect, revoke):
            refused(broker, call(broker, made.token, auth=None, client_assertion=text, **again), "LCM-CLIENT-AUTH")


def test_attack_48_the_same_jti_in_another_assertion_is_the_same_use(broker):
    jti = uuid.uuid4().hex
    issued(ask(broker, tokens.client_assertion(broker, jti=jti)))
    refused(broker, ask(broker, tokens.client_assertion(broker, jti=jti, exp=tokens.now() + 200)), "LCM-CLIENT-AUTH")
    issued(ask(broker, tokens.client_assertion(broker, "hr-agent", jti=jti), audience="urn:demo:workday"))


def test_attack_48_of_many_uses_at_once_one_succeeds(broker):
    text = tokens.client_assertion(broker)
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda n: ask(broker, text, purpose=f"use {n}").status_code, range(60)))
    assert answers.count(200) == 1 and answers.count(401) == 59, answers


def test_attack_48_a_spent_assertion_stays_spent_over_a_restart_and_a_kill(fresh_broker):
    spent = []
    for kill in (False, True):
        spent.append(tokens.client_assertion(fresh_broker, iat=tokens.now() - 5, exp=tokens.now() + 250))
        issued(ask(fresh_broker, spent[-1]))
        fresh_broker.restart(kill=kill)
        for text in spent:
            refused(fresh_broker, ask(fresh_broker, text, scope="invoice.read"), "LCM-CLIENT-AUTH")
    issued(ask(fresh_broker, tokens.client_assertion(fresh_broker)))


@pytest.mark.parametrize("auth", ["basic", "post"])
def test_attack_49_an_unsigned_or_forged_assertion_beside_a_right_secret(broker, auth):
    claims = tokens.decode(tokens.client_assertion(broker))
    secret = broker.agent("invoice-agent").client_secret.encode()
    for text in (tokens.sign(claims, {}, "none"), tokens.sign(claims, secret, "HS256"), tokens.client_assertion(broker),
                 tokens.client_assertion(broker, key=tokens.new_jwk()), "x", "a.b.c"):
        for kind in ({"client_assertion_type": ASSERTION_TYPE}, {}, {"client_assertion_type": "x"}):
            refused(broker, exchange(broker, auth=auth, client_assertion=text, **kind), "LCM-CLIENT-AUTH")
    refused(broker, exchange(broker, auth=auth, client_assertion_type=ASSERTION_TYPE), "LCM-CLIENT-AUTH")


def test_attack_49_a_client_registered_for_signed_assertions_only_is_not_let_in_by_a_secret(world, broker):
    key = tokens.new_jwk()
    agent_id = unique("agent")
    limits = entry("sap", ["invoice.read"], ["invoice.read"])
    body = world.agent_body(agent_id, key, ceiling=[limits],
                            auth=[{"method": "private_key_jwt", "jwks": {"keys": [tokens.public(key)]}}])
    assert world.admin.post("/agents", body).status_code == 201
    world.certify(agent_id)
    world.permit(agent_id, "sap")
    me = {"client_id": agent_id, "private_jwk": key, "client_secret": "guessed"}
    issued(exchange(broker, agent=me, auth="private_key_jwt"))
    for secret in ("guessed", "", key["x"], key["d"], "null"):
        for auth in ("basic", "post"):
            refused(broker, exchange(broker, agent=me | {"client_secret": secret}, auth=auth), "LCM-CLIENT-AUTH")
