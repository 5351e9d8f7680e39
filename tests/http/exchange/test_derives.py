"""Contract §8: a resource server passing on what it was called with."""

import pytest

from support.checks import actors, issued, permitted, refused
from support.client import ACCESS_TOKEN, exchange
from support.world import World, entry


@pytest.fixture(scope="module")
def line(broker):
    """`front` derives `chat.ask` into `back:read`, acting as an agent of its own."""
    world = World(broker)
    back = world.target({"read": "low", "list": "low", "write": "high"},
                        details={"d": {"f": {"type": "string", "narrow": "equal"}}})
    front = world.target({"chat.ask": "low", "chat.find": "low", "chat.act": "low", "quiet": "low"},
                         details={"d": {"f": {"type": "string", "narrow": "equal"}}})
    server_agent = world.actor(back, ["read", "list", "write"], actions=("exchange", "pre_authorise"))
    world.change(f"/targets/{front.id}", acts_as=server_agent.id,
                 derives={"chat.ask": [f"{back.id}:read"], "chat.find": [f"{back.id}:list"], "chat.act": [f"{back.id}:write"]})
    caller = world.actor(front, ["chat.ask", "chat.find", "chat.act", "quiet"], actions=("exchange", "pre_authorise"))
    return dict(world=world, front=front, back=back, agent=server_agent, caller=caller)


def called(broker, line, scope="chat.ask", **params):
    return issued(exchange(broker, agent=line["caller"], audience=line["front"].audience, scope=scope, **params))


def onward(broker, line, token, client=None, **params):
    params.setdefault("audience", line["back"].audience)
    return exchange(broker, token, ACCESS_TOKEN, agent=client or line["front"].server, **params)


def test_a_resource_server_passes_on_what_its_scopes_derive(broker, line):
    made = permitted(broker, onward(broker, line, called(broker, line).token))
    assert made.claims["aud"] == line["back"].audience and made.claims["scope"] == "read"
    assert actors(made.claims) == [line["agent"].id, line["caller"].id]
    assert made.claims["sub"] == "demo:ada" and made.claims["client_id"] == line["agent"].id
    assert made.claims["del"]["basis"] == "policy"
    assert made.record["client_id"] == line["front"].server.client_id


def test_the_union_of_what_the_scopes_derive_is_the_authority(broker, line):
    token = called(broker, line, "chat.ask chat.find").token
    made = issued(onward(broker, line, token, scope="read list"))
    assert set(made.claims["scope"].split()) == {"read", "list"}


def test_a_scope_that_was_not_derived_is_refused(broker, line):
    body = refused(broker, onward(broker, line, called(broker, line).token, scope="list"), "LCM-SCOPE-REFUSED")
    assert "`list`" in body["error_description"]


def test_without_a_grant_no_high_scope_is_derived(broker, line):
    token = called(broker, line, "chat.act").token
    refused(broker, onward(broker, line, token, scope="write"), "LCM-SCOPE-REFUSED", "LCM-CONSENT-MISSING")


def test_a_root_grant_must_list_the_derived_scope(broker, line):
    world, front, back = line["world"], line["front"], line["back"]
    for listed, ok in (({front.id: ["chat.act"]}, False), ({front.id: ["chat.act"], back.id: ["write"]}, True)):
        caller = world.actor(front, ["chat.act"], actions=("exchange",))
        grant = world.grant(caller.id, listed)
        token = issued(exchange(broker, agent=caller, audience=front.audience, scope="chat.act"))
        assert token.claims["del"]["grant"] == grant
        answer = onward(broker, line, token.token, scope="write")
        if ok:
            assert issued(answer).claims["del"]["grant"] == grant
        else:
            refused(broker, answer, "LCM-SCOPE-REFUSED", "LCM-CONSENT-MISSING")


def test_a_scope_that_derives_nothing_leads_nowhere(broker, line):
    token = called(broker, line, "quiet").token
    refused(broker, onward(broker, line, token, scope="read"), "LCM-TARGET-REFUSED", "LCM-SCOPE-REFUSED")


def test_a_parent_with_authorization_details_derives_nothing(broker, line):
    token = called(broker, line, authorization_details='[{"type":"d","f":"x"}]').token
    refused(broker, onward(broker, line, token), "LCM-TARGET-REFUSED")


def test_only_the_targets_own_server_may_pass_it_on(broker, line):
    token = called(broker, line).token
    for client in (line["back"].server, line["caller"], line["agent"]):
        refused(broker, onward(broker, line, token, client), "LCM-ACTOR-MISMATCH")
        refused(broker, onward(broker, line, token, client, audience="urn:nowhere"), "LCM-ACTOR-MISMATCH")


def test_a_client_that_is_neither_agent_nor_a_targets_server_may_not_pass_it_on(broker, line):
    for client in (line["world"].client(), line["world"].client(kind="presenter")):
        answer = onward(broker, line, called(broker, line).token, client)
        refused(broker, answer, "LCM-ACTOR-MISMATCH", "LCM-CLIENT-NOT-ALLOWED")


def test_where_the_target_derives_nothing_its_own_server_is_refused(broker):
    token = issued(exchange(broker)).token
    answer = exchange(broker, token, ACCESS_TOKEN, agent=broker.resource_server("sap"), audience="urn:demo:workday")
    refused(broker, answer, "LCM-TARGET-REFUSED")


def test_its_own_target_is_no_other_target(broker, line):
    answer = onward(broker, line, called(broker, line).token, audience=line["front"].audience)
    refused(broker, answer, "LCM-TARGET-REFUSED", "LCM-TARGET-UNKNOWN")


def test_a_target_that_is_not_derived_is_refused(broker, line):
    world = line["world"]
    third = world.target({"x": "low"})
    answer = onward(broker, line, called(broker, line).token, audience=third.audience)
    refused(broker, answer, "LCM-TARGET-REFUSED", "LCM-TARGET-UNKNOWN")


def test_the_acting_agents_state_ceiling_and_policy_count(broker, world):
    back, front = world.target({"read": "low"}), world.target({"ask": "low"})
    caller = world.actor(front, ["ask"])

    def ask():
        token = issued(exchange(broker, agent=caller, audience=front.audience)).token
        return exchange(broker, token, ACCESS_TOKEN, agent=front.server, audience=back.audience)

    agent = world.actor(back, ["read"], actions=())
    world.change(f"/targets/{front.id}", acts_as=agent.id, derives={"ask": [f"{back.id}:read"]})
    refused(broker, ask(), "LCM-POLICY-DENIED")
    world.permit(agent.id, back.id)
    issued(ask())
    world.agent_state(agent.id, "suspend")
    refused(broker, ask(), "LCM-AGENT-STATE", "LCM-LOCKED")
    elsewhere = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])])
    world.change(f"/targets/{front.id}", acts_as=elsewhere.id)
    refused(broker, ask(), "LCM-TARGET-UNKNOWN")


@pytest.mark.parametrize("changes", [{"acts_as": None}, {"derives": {}}])
def test_both_derives_and_acts_as_are_needed(broker, world, changes):
    back, front = world.target({"read": "low"}), world.target({"ask": "low"})
    agent, caller = world.actor(back, ["read"]), world.actor(front, ["ask"])
    full = {"acts_as": agent.id, "derives": {"ask": [f"{back.id}:read"]}} | changes
    answer = world.admin.put(f"/targets/{front.id}", front.body | full,
                             headers={"If-Match": world.admin.get(f"/targets/{front.id}").headers["ETag"]})
    assert answer.status_code in (200, 422)
    token = issued(exchange(broker, agent=caller, audience=front.audience)).token
    refused(broker, exchange(broker, token, ACCESS_TOKEN, agent=front.server, audience=back.audience), "LCM-TARGET-REFUSED")
