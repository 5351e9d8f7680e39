"""Contract §6, "Depth", hops, size and cycles: beyond any limit refused, never cut."""

import json

import pytest

from support import tokens
from support.checks import actors, issued, refused
from support.client import ACCESS_TOKEN, JWT, exchange
from support.world import World, entry, unique

PASS = {"a": "low"}


@pytest.fixture(scope="module")
def crowd(broker):
    world = World(broker)
    target = world.target(PASS)
    return target, [world.actor(target, ["a"], actions=("exchange", "pre_authorise")) for _ in range(6)]


def hop(broker, target, agent, token=None, to=None, **params):
    kind = {"subject_token": token, "subject_token_type": ACCESS_TOKEN} if token else {}
    return exchange(broker, agent=agent, audience=target.audience, delegate_to=to and to.id, **kind, **params)


def test_a_chain_of_four_actors_is_complete_and_a_fifth_is_refused(broker, crowd):
    target, agents = crowd
    token = issued(hop(broker, target, agents[0], to=agents[1])).token
    token = issued(hop(broker, target, agents[1], token, agents[2])).token
    token = issued(hop(broker, target, agents[2], token, agents[3])).token
    last = issued(hop(broker, target, agents[3], token))
    assert actors(last.claims) == [a.id for a in reversed(agents[:4])]
    assert len(last.claims["del"]["up"]) == 3 and len(last.claims["del"]["ver"]) == 4
    token = issued(hop(broker, target, agents[3], token, agents[4])).token
    refused(broker, hop(broker, target, agents[4], token), "LCM-CHAIN-DEPTH")


def test_the_ancestors_are_newest_first(broker, crowd):
    target, agents = crowd
    one = issued(hop(broker, target, agents[0], to=agents[1]))
    two = issued(hop(broker, target, agents[1], one.token, agents[2]))
    three = issued(hop(broker, target, agents[2], two.token))
    assert three.claims["del"]["up"] == [two.claims["jti"], one.claims["jti"]]


def test_a_cycle_of_agents_is_refused(broker, crowd):
    target, agents = crowd
    token = issued(hop(broker, target, agents[0], to=agents[1])).token
    answer = hop(broker, target, agents[1], token, agents[0])
    if answer.status_code == 200:
        answer = hop(broker, target, agents[0], issued(answer).token)
    refused(broker, answer, "LCM-CHAIN-CYCLE")


def test_the_subject_counts_when_looking_for_cycles(broker, world):
    target, name = world.target(PASS), unique("w")
    workload = {"issuer": "demo-workloads", "claims": {"sub": f"wl/{name}"}}
    one = world.actor(target, ["a"], subject_issuers=["demo-workloads"], workload=workload)
    two = world.actor(target, ["a"], subject_issuers=["demo-workloads"])
    answer = exchange(broker, tokens.workload_token(broker, name), JWT, agent=two, audience=target.audience,
                      delegate_to=one.id)
    if answer.status_code == 200:
        answer = hop(broker, target, one, issued(answer).token)
    refused(broker, answer, "LCM-CHAIN-CYCLE")


def test_an_agents_own_max_depth_is_a_limit(broker, world, crowd):
    target, agents = crowd
    shallow = world.actor(target, ["a"], max_depth=1)
    issued(hop(broker, target, shallow))
    token = issued(hop(broker, target, agents[0], to=shallow)).token
    refused(broker, hop(broker, target, shallow, token), "LCM-CHAIN-DEPTH")


def test_a_grants_max_depth_is_a_limit(broker, world):
    target = world.target(PASS)
    one, two = (world.actor(target, ["a"], actions=("exchange",)) for _ in range(2))
    world.grant(one.id, {target.id: ["a"]}, max_depth=1)
    issued(hop(broker, target, one))
    answer = hop(broker, target, one, to=two)
    if answer.status_code == 200:
        answer = hop(broker, target, two, issued(answer).token)
    refused(broker, answer, "LCM-CHAIN-DEPTH")


def test_the_same_actor_twice_in_a_row_is_kept_once_and_hops_end_at_eight(broker, world):
    line = [world.target(PASS) for _ in range(9)]
    agent = world.agent(ceiling=[entry(t.id, ["a"], ["a"]) for t in line])
    for before, after in zip(line, line[1:]):
        world.change(f"/targets/{before.id}", acts_as=agent.id, derives={"a": [f"{after.id}:a"]})
    for target in line:
        world.permit(agent.id, target.id)
    made = issued(exchange(broker, agent=agent, audience=line[0].audience))
    for before, after in zip(line, line[1:8]):
        made = issued(exchange(broker, made.token, ACCESS_TOKEN, agent=before.server, audience=after.audience))
        assert actors(made.claims) == [agent.id]
    answer = exchange(broker, made.token, ACCESS_TOKEN, agent=line[7].server, audience=line[8].audience)
    refused(broker, answer, "LCM-CHAIN-HOPS")


def test_a_token_beyond_4_kib_is_refused_and_never_cut(broker, world):
    target = world.target(PASS, details={"big": {"f": {"type": "strings", "narrow": "subset"}}})
    agent = world.actor(target, ["a"])
    details = json.dumps([{"type": "big", "f": [f"{n:040d}" for n in range(150)]}])
    refused(broker, hop(broker, target, agent, authorization_details=details), "LCM-CHAIN-SIZE")
