"""`kill -9` in mid-load: what was answered 200 is on the record, and what was stopped stays stopped."""

import pytest

from support import client, tokens
from support.broker import Broker
from support.checks import issued
from support.load import Load, decisions
from support.scene import Scene
from support.world import World

# One worker for the whole file: its three rounds are played once.
pytestmark = pytest.mark.xdist_group("kill9")

@pytest.fixture(scope="module")
def aftermath():
    """Three rounds of load, stop orders in mid-load, kill and restart; then what is left to look at."""
    with Broker() as broker:
        world, rounds = World(broker), []
        for _ in range(3):
            scene, victim = Scene(world), Scene(world)
            revoked, taken_back, sleeping = victim.token(), victim.token(), Scene(world)
            asleep = sleeping.token()
            grant = world.grant(victim.agent.id, {victim.target.id: ["thing.write"]}, person=victim.person, max_uses=1)
            load, orders = Load(scene), {}

            def stop_orders():
                world.revoke("token", revoked.claims["jti"])
                assert client.revoke(broker, taken_back.token, agent=victim.agent).status_code == 200
                orders["lock"] = world.lock("agent", sleeping.agent.id)
                orders["used"] = victim.token(scope="thing.write")
            load.run_until_killed(stop_orders)
            broker.start()
            rounds.append((load, victim, [revoked, taken_back], sleeping, asleep, orders, grant))
        yield broker, world, rounds


def test_every_token_answered_200_has_its_record(aftermath):
    broker, world, rounds = aftermath
    for load, *_ in rounds:
        for body, _ in load.answered:
            answer = world.admin.decision(body["delegation_id"])
            assert answer.status_code == 200, answer.text
            assert answer.json()["outcome"] == "permit"
            assert answer.json()["jti"] == tokens.decode(body["access_token"])["jti"]


def test_every_token_answered_200_is_still_good_and_can_be_revoked(aftermath):
    broker, _, rounds = aftermath
    for load, *_ in rounds:
        samples = [body["access_token"] for body, _ in load.answered[-10:]]
        assert all(load.scene.active(t) for t in samples)
        assert client.revoke(broker, samples[0], agent=load.scene.agent).status_code == 200
        assert not load.scene.active(samples[0])


def test_no_record_is_torn_or_doubled(aftermath):
    _, world, rounds = aftermath
    for load, *_ in rounds:
        found = decisions(world, load.scene.agent.id)
        ids = [d["id"] for d in found]
        indexes = [(d["record"]["tree"], d["record"]["index"]) for d in found]
        assert len(ids) == len(set(ids)) and len(indexes) == len(set(indexes))
        assert {body["delegation_id"] for body, _ in load.answered} <= set(ids)


def test_revocations_made_in_mid_load_still_hold(aftermath):
    for _, victim, dead, *_ in aftermath[2]:
        assert [victim.active(t.token) for t in dead] == [False, False]


def test_locks_made_in_mid_load_still_hold_and_still_lift(aftermath):
    broker, world, rounds = aftermath
    for _, _, _, sleeping, asleep, orders, _ in rounds:
        assert sleeping.exchange().json()["code"] == "LCM-LOCKED" and not sleeping.active(asleep.token)
        world.lift(orders["lock"])
        assert sleeping.active(asleep.token) and sleeping.exchange().status_code == 200


def test_an_assertion_answered_before_the_kill_is_spent(aftermath):
    """§11: `jti` single use, over a restart too."""
    broker, _, rounds = aftermath
    for load, *_ in rounds:
        for _, pairs in load.answered[-20:]:
            again = client.token(broker, pairs, auth=None)
            assert again.status_code == 401, again.text


def test_a_request_without_an_answer_may_be_sent_anew(aftermath):
    for load, *_ in aftermath[2]:
        assert load.unanswered
        issued(load.scene.exchange(auth="private_key_jwt"))


def test_a_use_of_a_grant_taken_before_the_kill_is_gone(aftermath):
    _, world, rounds = aftermath
    for _, victim, _, _, _, orders, grant in rounds:
        assert orders["used"].claims["del"]["grant"] == grant
        assert world.admin.get(f"/grants/{grant}").json()["state"] == "used"
        assert victim.exchange(scope="thing.write").json()["code"] == "LCM-CONSENT-MISSING"
