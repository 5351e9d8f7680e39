"""Decisions that meet many policies hold up nobody else."""

import threading
from concurrent.futures import ThreadPoolExecutor

from support import client
from support.checks import refused
from support.world import World, unique

MANY, DENIALS = 500, 24
SCOPES = [f"s{number:02}" for number in range(16)]


def odd_policies(agent, target) -> str:
    """Permits that only Cedar can tell, that never hold and that look at the purpose, so that no answer serves twice."""
    return "".join(
        f'@id("{unique("odd")}") permit(principal == Agent::"{agent}", action == Action::"exchange", '
        f'resource == Target::"{target}") when {{ context.depth + {number} == 0 || '
        f'(context has purpose && context.purpose == "never {number}") }};\n' for number in range(MANY))


def test_others_are_answered_while_denials_with_many_policies_are_under_way(fresh_broker):
    world = World(fresh_broker)
    target = world.target(dict.fromkeys(SCOPES, "low"))
    slow = world.actor(target, SCOPES, actions=("pre_authorise",))
    world.policy(odd_policies(slow.id, target.id))
    other_target = world.target({"a": "low"})
    other = world.actor(other_target, ["a"])
    answered, first, denied = [], threading.Event(), []

    def deny(number):
        answer = client.exchange(fresh_broker, agent=slow, audience=target.audience, scope=" ".join(SCOPES),
                                 purpose=f"close {number}")
        answered.append(number)
        first.set()
        denied.append(answer)

    with ThreadPoolExecutor(DENIALS) as pool:
        running = [pool.submit(deny, number) for number in range(DENIALS)]
        assert first.wait(60)
        alive = client.http.get(fresh_broker.operations + "/livez", timeout=30)
        issued = client.exchange(fresh_broker, agent=other, audience=other_target.audience, scope="a")
        under_way = DENIALS - len(answered)
        for each in running:
            each.result()
    assert (alive.status_code, issued.status_code) == (200, 200)
    assert under_way > DENIALS // 2, "others were answered only when most denials were"
    for answer in denied:
        refused(fresh_broker, answer, "LCM-POLICY-DENIED")
