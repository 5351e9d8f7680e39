"""Twenty `kill -9` at random moments, over many segments: every 200 has its record, none twice, and a start is quick."""

import random
import time
from pathlib import Path

import pytest

from support import client, tokens
from support.broker import DevBroker
from support.load import Load, decisions
from support.scene import Scene
from support.world import World

# One worker for the whole file: its rounds are played once.
pytestmark = pytest.mark.xdist_group("kill9rounds")
ROUNDS = 20
MOST_ANSWERS = 60
"""Of a round: the kill comes after a random number of them, in the thick of the next ones."""
SMALL_SEGMENTS = ("--segment-bytes", "65536")


@pytest.fixture(scope="module")
def starts():
    """How long each start took, in seconds."""
    return []


@pytest.fixture(scope="module")
def rounds(starts):
    """The broker after its rounds, and what each was answered."""
    with DevBroker(options=SMALL_SEGMENTS) as broker:
        world = World(broker)
        scene = Scene(world)
        dead = scene.token()
        grant = world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person, max_uses=1)
        world.revoke("token", dead.claims["jti"])
        used = scene.token(scope="thing.write")
        assert used.claims["del"]["grant"] == grant
        loads = []
        for _ in range(ROUNDS):
            load = Load(scene, random.randint(1, MOST_ANSWERS))
            load.run_until_killed()
            begun = time.monotonic()
            broker.start()
            starts.append(time.monotonic() - begun)
            loads.append(load)
        yield broker, world, scene, loads, dead


def ledger(broker) -> Path:
    """Its folder."""
    return Path(broker.data_dir) / "ledger"


def test_every_token_of_every_round_has_its_record_and_none_has_two(rounds, starts, figure):
    figure(f"kill -9: {ROUNDS} rounds, {sum(len(load.answered) for load in rounds[3])} tokens, "
           f"ready again in {min(starts):.2f} to {max(starts):.2f} s")
    _, world, scene, loads, _ = rounds
    found = decisions(world, scene.agent.id)
    ids = [d["id"] for d in found if d["id"]]
    assert len(ids) == len(set(ids))
    answered = [body["delegation_id"] for load in loads for body, _ in load.answered]
    assert len(answered) >= ROUNDS and set(answered) <= set(ids)


def test_the_ledger_rolled_and_kept_snapshots(rounds):
    broker, *_ = rounds
    assert len(list(ledger(broker).glob("*.seg"))) > 3
    assert 1 <= len(list(ledger(broker).glob("*.snap"))) <= 3


def test_assertions_answered_in_any_round_are_spent(rounds):
    broker, _, _, loads, _ = rounds
    for load in loads:
        for _, pairs in load.answered[-2:]:
            assert client.token(broker, pairs, auth=None).status_code == 401


def test_tokens_live_and_what_was_revoked_or_used_up_stays_so(rounds):
    _, _, scene, loads, dead = rounds
    for load in loads:
        assert all(scene.active(body["access_token"]) for body, _ in load.answered[-2:])
    assert not scene.active(dead.token)
    assert scene.exchange(scope="thing.write").json()["code"] == "LCM-CONSENT-MISSING"


@pytest.mark.parametrize("damage", ["cut", "flipped", "gone"])
def test_a_damaged_snapshot_costs_time_and_no_fact(rounds, damage):
    broker, world, scene, loads, dead = rounds
    broker.kill9()
    for snapshot in ledger(broker).glob("*.snap"):
        raw = bytearray(snapshot.read_bytes())
        if damage == "cut":
            snapshot.write_bytes(raw[:len(raw) // 2])
        elif damage == "flipped":
            raw[len(raw) // 2] ^= 1
            snapshot.write_bytes(raw)
        else:
            snapshot.unlink()
    broker.start()
    if damage != "gone":
        assert "a snapshot does not hold" in broker.output()
    assert not scene.active(dead.token) and scene.active(loads[-1].answered[-1][0]["access_token"])
    assert scene.exchange(scope="thing.write").json()["code"] == "LCM-CONSENT-MISSING"
    assert world.admin.decision(loads[0].answered[0][0]["delegation_id"]).status_code == 200
    assert client.token(broker, loads[-1].answered[-1][1], auth=None).status_code == 401
    assert tokens.decode(scene.token().token)["sub"] == scene.person


def test_a_segment_cut_short_is_never_mended_in_silence(rounds):
    """Last in this file: the broker does not start on the damage, and does when it is undone."""
    broker, world, _, loads, _ = rounds
    broker.kill9()
    segment = sorted(ledger(broker).glob("*.seg"))[1]
    whole = segment.read_bytes()
    segment.write_bytes(whole[:-100])
    with pytest.raises(RuntimeError, match="damaged"):
        broker.start()
    assert len(segment.read_bytes()) == len(whole) - 100, "nothing was changed"
    segment.write_bytes(whole)
    broker.start()
    assert world.admin.decision(loads[0].answered[0][0]["delegation_id"]).status_code == 200
