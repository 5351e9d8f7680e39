"""Contract §8: passing a chain on to another agent."""

import pytest

from support import tokens
from support.checks import actors, dead, issued, permitted, refused
from support.client import ACCESS_TOKEN, ID_TOKEN, JWT, exchange, http, introspect, revoke
from support.world import World, entry, unique


@pytest.fixture(scope="module")
def pair(broker):
    world = World(broker)
    target = world.target({"a": "low", "b": "low"})
    return target, *(world.actor(target, ["a", "b"], actions=("exchange", "pre_authorise")) for _ in range(3))


def passed(broker, target, first, second, **params):
    return issued(exchange(broker, agent=first, audience=target.audience, delegate_to=second.id, **params))


def taken(broker, token, agent, **params):
    return exchange(broker, token, ACCESS_TOKEN, agent=agent, **params)


def test_the_token_for_another_agent_names_it_and_the_target(broker, pair):
    target, first, second, _ = pair
    claims = passed(broker, target, first, second).claims
    assert claims["aud"] == f"urn:locum:agent:{second.id}"
    assert claims["may_act"]["iss"] == broker.issuer and claims["may_act"]["sub"] == second.id
    assert claims["del"]["target"] == target.id and "cnf" not in claims
    assert actors(claims) == [first.id] and claims["client_id"] == first.id


def test_the_other_agent_exchanges_it_for_that_same_target(broker, pair):
    target, first, second, _ = pair
    token = passed(broker, target, first, second, scope="a b")
    made = permitted(broker, taken(broker, token.token, second, audience=target.audience, scope="a"))
    assert made.claims["aud"] == target.audience and actors(made.claims) == [second.id, first.id]
    assert made.claims["sub"] == "demo:ada" and made.claims["client_id"] == second.id
    assert made.record["parent"] in (token.claims["jti"], token.claims["del"]["id"])
    assert [a["sub"] for a in made.record["chain"]] == [second.id, first.id]


def test_the_second_agent_needs_no_pre_authorisation_of_its_own(broker, world, pair):
    target, first, *_ = pair
    second = world.actor(target, ["a"], actions=("exchange",))
    issued(taken(broker, passed(broker, target, first, second).token, second, audience=target.audience))


def test_the_second_agent_still_needs_the_policy(broker, world, pair):
    target, first, *_ = pair
    second = world.actor(target, ["a"], actions=())
    answer = taken(broker, passed(broker, target, first, second).token, second, audience=target.audience)
    refused(broker, answer, "LCM-POLICY-DENIED")


def test_another_target_is_refused(broker, world, pair):
    target, first, *_ = pair
    other = world.target({"a": "low"})
    second = world.agent(ceiling=[entry(t.id, ["a"], ["a"]) for t in (target, other)])
    for t in (target, other):
        world.permit(second.id, t.id)
    token = passed(broker, target, first, second).token
    refused(broker, taken(broker, token, second, audience=other.audience), "LCM-TARGET-REFUSED")


def test_the_second_agent_may_pass_it_on_again(broker, pair):
    target, first, second, third = pair
    token = passed(broker, target, first, second).token
    again = issued(taken(broker, token, second, audience=target.audience, delegate_to=third.id))
    assert again.claims["aud"] == f"urn:locum:agent:{third.id}" and again.claims["may_act"]["sub"] == third.id
    made = issued(taken(broker, again.token, third, audience=target.audience))
    assert actors(made.claims) == [third.id, second.id, first.id]


def test_a_third_agent_or_the_first_itself_may_not_use_it(broker, pair):
    target, first, second, third = pair
    token = passed(broker, target, first, second).token
    for agent in (third, first):
        refused(broker, taken(broker, token, agent, audience=target.audience), "LCM-ACTOR-MISMATCH")
        refused(broker, taken(broker, token, agent, audience="urn:nowhere"), "LCM-ACTOR-MISMATCH")


def test_a_resource_server_may_not_use_it(broker, pair):
    target, first, second, _ = pair
    token = passed(broker, target, first, second).token
    refused(broker, taken(broker, token, target.server, audience=target.audience), "LCM-ACTOR-MISMATCH")


def test_no_resource_accepts_it(dev_broker):
    token = issued(exchange(dev_broker, delegate_to="hr-agent")).token
    answer = http.get(dev_broker.target("sap").url + "/invoices/4711", headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 401
    dead(dev_broker, token)
    assert introspect(dev_broker, token, "hr-agent").json()["active"] is True, "the audience agent may see it"


def test_a_presenter_of_the_second_agent_may_use_it(broker, world, pair):
    target, first, *_ = pair
    presenter, name = world.client(kind="presenter"), unique("w")
    second = world.actor(target, ["a"], presenters=[presenter.client_id],
                         workload={"issuer": "demo-workloads", "claims": {"sub": f"wl/{name}"}})
    token = passed(broker, target, first, second).token
    made = issued(taken(broker, token, presenter, audience=target.audience, actor_token_type=JWT,
                        actor_token=tokens.workload_token(broker, name)))
    assert actors(made.claims) == [second.id, first.id]


def test_oneself_an_unknown_and_an_inactive_agent_are_one_text(broker, world, pair):
    target, first, *_ = pair
    suspended, draft, retired = world.agent(), world.draft(), world.agent()
    world.agent_state(suspended.id, "suspend")
    world.agent_state(retired.id, "retire")
    texts = set()
    for name in (first.id, unique("nobody"), suspended.id, draft.id, retired.id, target.server.client_id, "x y", "*"):
        answer = exchange(broker, agent=first, audience=target.audience, delegate_to=name)
        body = refused(broker, answer, "LCM-REQUEST", recorded=True)
        texts.add(body["error_description"].replace(name, "X"))
    assert len(texts) == 1, texts


@pytest.mark.parametrize("kind", [JWT, ID_TOKEN])
def test_our_own_token_offered_as_a_foreign_one_is_refused(broker, kind):
    token = issued(exchange(broker, delegate_to="hr-agent")).token
    refused(broker, exchange(broker, token, kind, agent="hr-agent"), "LCM-SUBJECT-INVALID")


def test_a_token_for_a_target_is_no_subject_token_for_an_agent(broker):
    token = issued(exchange(broker)).token
    for agent in ("hr-agent", "invoice-agent"):
        refused(broker, taken(broker, token, agent), "LCM-ACTOR-MISMATCH")


def test_a_changed_token_of_ours_is_refused(broker):
    token = issued(exchange(broker, delegate_to="hr-agent")).token
    for changes in ({"sub": "demo:eve"}, {"scope": "invoice.read invoice.post"}, {"act": tokens.DROP}):
        answer = taken(broker, tokens.tampered(token, **changes), "hr-agent")
        refused(broker, answer, "LCM-SUBJECT-INVALID")


def test_what_descends_from_a_revoked_token_is_dead_at_the_next_call(broker, pair):
    target, first, second, _ = pair
    parent = passed(broker, target, first, second)
    child = issued(taken(broker, parent.token, second, audience=target.audience))
    assert introspect(broker, child.token, target.server).json()["active"] is True
    assert revoke(broker, parent.token, first).status_code == 200
    dead(broker, child.token, target.server)
    refused(broker, taken(broker, parent.token, second, audience=target.audience), "LCM-SUBJECT-REVOKED")


def test_the_chain_is_never_lost_and_a_child_has_the_childs_own_id(broker, pair):
    target, first, second, _ = pair
    parent = passed(broker, target, first, second)
    child = issued(taken(broker, parent.token, second, audience=target.audience))
    assert child.claims["act"]["act"] == parent.claims["act"]
    assert child.claims["jti"] != parent.claims["jti"] and child.claims["del"]["id"] != parent.claims["del"]["id"]
    for claim in ("sub", "auth_time", "acr", "amr"):
        assert child.claims[claim] == parent.claims[claim]
