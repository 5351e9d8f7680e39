"""Attacks on the exchange itself, rows 1 to 15: refused with the right error, nothing issued, on the record."""

import json
import uuid
from urllib.parse import urlencode

from support import tokens
from support.checks import actors, issued, refusal_shape, refused
from support.client import ACCESS_TOKEN, ID_TOKEN, JWT, basic, exchange, form, http, revoke, token


def test_attack_01_exchanging_a_token_that_was_revoked_one_call_earlier(broker):
    made = issued(exchange(broker, delegate_to="hr-agent"))
    issued(exchange(broker, made.token, ACCESS_TOKEN, agent="hr-agent"))
    assert revoke(broker, made.token).status_code == 200
    refused(broker, exchange(broker, made.token, ACCESS_TOKEN, agent="hr-agent"), "LCM-SUBJECT-REVOKED")


def test_attack_02_a_subject_token_signed_with_another_issuers_key(broker, world):
    other = world.issuer(audiences=["demo-app"])
    refused(broker, exchange(broker, tokens.id_token(broker, key=other.key)), "LCM-SUBJECT-INVALID")
    same_kid = world.issuer(keys=[tokens.new_jwk(kid=broker.idp.private_jwk.kid)], audiences=["demo-app"])
    refused(broker, exchange(broker, tokens.id_token(broker, key=same_kid.key)), "LCM-SUBJECT-INVALID")
    refused(broker, exchange(broker, tokens.id_token(broker, key=broker.workloads.private_jwk)), "LCM-SUBJECT-INVALID")


def test_attack_03_an_issuer_that_this_client_may_not_use(broker, world):
    issuer = world.issuer(audiences=["demo-app"])
    subject = tokens.id_token(broker, key=issuer.key, iss=issuer.issuer)
    refused(broker, exchange(broker, subject), "LCM-SUBJECT-INVALID")


def test_attack_04_dropping_the_subject_token_never_falls_back_to_client_credentials(broker, world):
    target = world.target({"a": "low"})
    agent = world.actor(target, ["a"], alone=["a"])
    pairs = form(tokens.id_token(broker), audience=target.audience)
    without = [p for p in pairs if p[0] != "subject_token"]
    refused(broker, token(broker, without, agent), "LCM-REQUEST")
    refused(broker, token(broker, without + [("subject_token", "")], agent), "LCM-REQUEST")
    refused(broker, token(broker, pairs + [pairs[1]], agent), "LCM-PARAM-DUPLICATE")
    refused(broker, token(broker, pairs + [("subject_token", "")], agent), "LCM-PARAM-DUPLICATE")
    twice = pairs + [("grant_type", "client_credentials")]
    refused(broker, token(broker, twice, agent), "LCM-PARAM-DUPLICATE")
    auth = {"Authorization": basic(agent.client_id, agent.client_secret)}
    for kind, body in (("application/json", json.dumps(dict(pairs))), ("text/plain", urlencode(pairs))):
        answer = http.post(broker.token_endpoint, data=body, headers=auth | {"Content-Type": kind})
        assert answer.status_code in (400, 415)
        refusal_shape(broker, answer)


def test_attack_05_a_person_deprovisioned_after_the_token_was_issued(fresh_broker, fresh_world):
    subject, access = tokens.id_token(fresh_broker), tokens.idp_access_token(fresh_broker)
    parent = issued(exchange(fresh_broker, subject, delegate_to="hr-agent"))
    fresh_world.revoke("person", "demo:ada")
    refused(fresh_broker, exchange(fresh_broker, subject), "LCM-SUBJECT-REVOKED")
    refused(fresh_broker, exchange(fresh_broker, access, JWT), "LCM-SUBJECT-REVOKED")
    refused(fresh_broker, exchange(fresh_broker, parent.token, ACCESS_TOKEN, agent="hr-agent"), "LCM-SUBJECT-REVOKED")
    issued(exchange(fresh_broker, tokens.id_token(fresh_broker, "bob")))


def test_attack_06_a_client_without_permission_for_the_target_swaps_an_external_token(broker, world):
    agent = world.actor("sap", ["invoice.read"], actions=())
    for subject, kind in ((tokens.id_token(broker), ID_TOKEN), (tokens.idp_access_token(broker), JWT)):
        refused(broker, exchange(broker, subject, kind, agent=agent), "LCM-POLICY-DENIED")


def test_attack_07_a_scope_or_audience_that_is_not_in_the_subject_token(broker):
    narrow = tokens.idp_access_token(broker, scope="erp.read")
    refused(broker, exchange(broker, narrow, JWT, scope="invoice.read invoice.post"), "LCM-SCOPE-REFUSED")
    elsewhere = tokens.idp_access_token(broker, scope="net.read")
    refused(broker, exchange(broker, elsewhere, JWT), "LCM-TARGET-REFUSED")


def test_attack_08_an_audience_outside_the_agents_default_deny_list(broker, world):
    agent = world.agent()
    for audience in ("urn:demo:sap", "urn:demo:workday", "urn:demo:firewall"):
        refused(broker, exchange(broker, agent=agent, audience=audience), "LCM-TARGET-UNKNOWN")


def test_attack_09_several_targets_and_malformed_resources(broker):
    two = exchange(broker, agent="hr-agent", audience=["urn:demo:sap", "urn:demo:workday"])
    refused(broker, two, "LCM-TARGET-SEVERAL")
    two = exchange(broker, resource=["https://a.example/", "https://b.example/"])
    refused(broker, two, "LCM-TARGET-SEVERAL", "LCM-TARGET-UNKNOWN")
    for resource in ("https://a.example/#x", "/relative", "a", "mailto:x@y.example", "//host/path", "http:", "javascript:alert(1)"):
        refused(broker, exchange(broker, audience=None, resource=resource), "LCM-TARGET-UNKNOWN")


def test_attack_10_choosing_another_target_than_the_one_that_was_agreed(broker):
    parent = issued(exchange(broker, delegate_to="hr-agent")).token
    refused(broker, exchange(broker, parent, ACCESS_TOKEN, agent="hr-agent", audience="urn:demo:workday"), "LCM-TARGET-REFUSED")


def test_attack_11_an_actor_token_of_another_client_than_the_authenticated_one(broker):
    actor = tokens.workload_token(broker, "hr-agent")
    refused(broker, exchange(broker, actor_token=actor, actor_token_type=JWT), "LCM-ACTOR-MISMATCH")


def test_attack_12_may_act_for_another_agent_or_the_same_name_elsewhere(broker):
    for may_act in ({"iss": broker.issuer, "sub": "hr-agent"}, {"iss": "https://evil.example", "sub": "invoice-agent"},
                    {"sub": "invoice-agent"}):
        subject = tokens.idp_access_token(broker, may_act=may_act)
        refused(broker, exchange(broker, subject, JWT), "LCM-MAY-ACT")


def test_attack_13_act_client_id_and_scope_smuggled_in_as_claims_or_parameters(broker):
    subject = tokens.id_token(broker, **{"del": {"basis": "may_act"}, "authorization_details": [], "roles": ["admin"]})
    made = issued(exchange(broker, subject, act=json.dumps({"sub": "root"}), sub="demo:eve", del_="x", iss="x", exp="9999999999"))
    assert made.claims["sub"] == "demo:ada" and actors(made.claims) == ["invoice-agent"]
    assert made.claims["del"]["basis"] == "policy" and "roles" not in made.claims
    refused(broker, exchange(broker, tokens.id_token(broker, act={"iss": broker.issuer, "sub": "hr-agent"})), "LCM-SUBJECT-INVALID")


def test_attack_14_an_unsigned_wrapper_around_a_valid_actor_token(broker):
    actor = tokens.workload_token(broker)
    claims = tokens.decode(actor)
    wrappers = [tokens.sign_raw(b'{"alg":"none","cty":"JWT"}', actor.encode(), b"", "none"),
                tokens.sign(claims | {"sub": "wl/invoice-agent", "token": actor}, b"", "none"),
                tokens.tampered(actor, sub="wl/soc-agent"), tokens.tampered(actor, iss=broker.idp.issuer),
                tokens.sign(claims, b"", "none", {"cty": "JWT"})]
    for wrapper in wrappers:
        refused(broker, exchange(broker, actor_token=wrapper, actor_token_type=JWT), "LCM-ACTOR-INVALID")


def test_attack_15_a_chain_that_is_exchanged_again_and_again_ends_and_never_lives_longer(broker, world):
    target = world.target({"a": "low"})
    agents = [world.actor(target, ["a"]) for _ in range(6)]
    subject = tokens.id_token(broker, exp=tokens.now() + 200)
    made = issued(exchange(broker, subject, agent=agents[0], audience=target.audience, delegate_to=agents[1].id))
    limit = made.claims["exp"]
    assert limit <= tokens.decode(subject)["exp"]
    answer, depth = None, 1
    for agent, following in zip(agents[1:], agents[2:] + agents[:1]):
        answer = exchange(broker, made.token, ACCESS_TOKEN, agent=agent, audience=target.audience, delegate_to=following.id)
        if answer.status_code != 200:
            break
        made, depth = issued(answer), depth + 1
        assert made.claims["exp"] <= limit and len(actors(made.claims)) == depth
    refused(broker, answer, "LCM-CHAIN-DEPTH")
    for _ in range(100):
        body = exchange(broker, made.token, ACCESS_TOKEN, agent=agents[depth], audience=target.audience, task_id=uuid.uuid4().hex).json()
        assert body["code"] == "LCM-CHAIN-DEPTH"
