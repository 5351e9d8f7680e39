"""RFC 8707 and contract §6 "Target": exactly one target per token."""

import pytest

from support.checks import issued, permitted, refused
from support.client import exchange
from support.world import World, entry, unique

SAP = "urn:demo:sap"


@pytest.fixture(scope="module")
def mine(broker):
    world = World(broker)
    target = world.target(resources=[f"https://one.example/{unique('api')}", f"https://two.example/{unique('api')}"])
    agent = world.agent(ceiling=[entry(target.id, ["thing.read"], ["thing.read"])])
    world.permit(agent.id, target.id)
    return agent, target


def test_an_audience_names_the_target(broker):
    assert issued(exchange(broker, audience=SAP)).claims["aud"] == SAP


def test_a_targets_id_counts_as_its_audience(broker):
    assert issued(exchange(broker, audience="sap")).claims["aud"] == SAP


def test_rfc8707_2_the_token_is_bound_to_the_resource_that_was_sent(broker, mine):
    agent, target = mine
    for resource in target.resources:
        made = permitted(broker, exchange(broker, agent=agent, audience=None, resource=resource))
        assert made.claims["aud"] == resource and made.record["target"] == target.id


def test_audience_and_resource_of_one_target_are_fine_and_the_resource_wins(broker, mine):
    agent, target = mine
    answer = exchange(broker, agent=agent, audience=[target.audience, target.id], resource=target.resources[0])
    assert issued(answer).claims["aud"] == target.resources[0]


def test_the_same_audience_twice_is_fine(broker):
    assert issued(exchange(broker, audience=[SAP, SAP, "sap"])).claims["aud"] == SAP


def test_two_resources_of_one_target_are_refused(broker, mine):
    agent, target = mine
    refused(broker, exchange(broker, agent=agent, audience=None, resource=target.resources), "LCM-TARGET-SEVERAL")


def test_two_targets_are_refused(broker):
    answer = exchange(broker, agent="hr-agent", audience=[SAP, "urn:demo:workday"])
    refused(broker, answer, "LCM-TARGET-SEVERAL")


def test_audience_of_one_and_resource_of_another_target_are_refused(broker, world, mine):
    _, first = mine
    second = world.target()
    agent = world.agent(ceiling=[entry(t.id, ["thing.read"], ["thing.read"]) for t in (first, second)])
    answer = exchange(broker, agent=agent, audience=first.audience, resource=second.resources[0])
    refused(broker, answer, "LCM-TARGET-SEVERAL")


@pytest.mark.parametrize("change", [lambda r: r + "#part", lambda r: r + "/", lambda r: r + "?x=1",
                                    lambda r: r.replace("https", "http"), lambda r: r.upper(),
                                    lambda r: r.split("//")[1], lambda r: "/api", lambda r: r + "/..",
                                    lambda r: "mailto:a@b.example"])
def test_rfc8707_2_a_resource_is_compared_whole(broker, mine, change):
    agent, target = mine
    answer = exchange(broker, agent=agent, audience=None, resource=change(target.resources[0]))
    refused(broker, answer, "LCM-TARGET-UNKNOWN")


@pytest.mark.parametrize("audience", ["urn:demo:sa", "urn:demo:sap ", "URN:DEMO:SAP", "urn:demo:sap/", "*", "SAP"])
def test_an_audience_is_compared_whole(broker, audience):
    refused(broker, exchange(broker, audience=audience), "LCM-TARGET-UNKNOWN")


def test_a_resource_sent_as_audience_names_its_own_target_or_none(broker, mine):
    agent, target = mine
    answer = exchange(broker, agent=agent, audience=target.resources[0])
    if answer.status_code == 200:
        assert permitted(broker, answer).record["target"] == target.id
    else:
        refused(broker, answer, "LCM-TARGET-UNKNOWN")


def test_no_target_is_target_unknown(broker):
    refused(broker, exchange(broker, audience=None), "LCM-TARGET-UNKNOWN")


def test_unknown_and_outside_the_ceiling_are_one_answer_that_lists_the_agents_own_targets(broker):
    outside = refused(broker, exchange(broker, audience="urn:demo:workday"), "LCM-TARGET-UNKNOWN")
    unknown = refused(broker, exchange(broker, audience="urn:demo:nowhere"), "LCM-TARGET-UNKNOWN")
    texts = [b["error_description"].replace("workday", "X").replace("nowhere", "X") for b in (outside, unknown)]
    assert texts[0] == texts[1]
    assert "sap" in outside["error_description"] and "firewall" not in outside["error_description"]
    assert set(outside) == set(unknown)


@pytest.mark.parametrize("audience", ["urn:locum:agent:hr-agent", "urn:locum:x"])
def test_our_own_audiences_are_no_target(broker, audience):
    refused(broker, exchange(broker, audience=audience), "LCM-TARGET-UNKNOWN")


def test_our_issuer_is_no_target_of_an_exchange(broker):
    refused(broker, exchange(broker, audience=broker.issuer), "LCM-TARGET-UNKNOWN")
