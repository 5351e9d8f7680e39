"""Issue 11: `kill -9` of nodes under load: nothing that was acknowledged is lost, nothing is taken twice."""

import random

import pytest

from support.history import History
from support.nodes import Cluster, at
from support.redis import Redis

# One worker for the whole file: its rounds are played once.
pytestmark = pytest.mark.xdist_group("kill9nodes")
ROUNDS, LONG_ROUNDS = 5, 20
MOST_ANSWERS = 60
"""Of a round, before the kill and while the node is away: a random number of them, in the thick of the next ones."""


@pytest.fixture(scope="module")
def history(long):
    """Three nodes after rounds in which one, by chance, was killed under load and came back."""
    chance = random.Random(11)
    with Redis() as redis, Cluster(redis) as cluster:
        cluster.start()
        played = History(cluster)
        with played:
            for _ in range(LONG_ROUNDS if long else ROUNDS):
                played.more(chance.randint(20, MOST_ANSWERS))
                victim = chance.choice(cluster.nodes)
                victim.kill9()
                played.more(chance.randint(20, MOST_ANSWERS))
                victim.start()
                played.new_round()
            played.more(20)
        yield played


def test_nothing_acknowledged_is_lost_and_nothing_is_taken_twice_where_nodes_are_killed(history, figure):
    history.check()
    figure(f"kill -9 of nodes, {len(history.grants) - 1} rounds: {history.text()}")


def test_the_nodes_that_were_killed_work_on_as_before(history):
    for node in history.cluster:
        assert history.cluster.live(node) == {"a", "b", "c"}
        made = at(history.scene, node).token()
        for other in history.cluster:
            assert at(history.scene, other).active(made.token)
        answer = node.world.revoke("token", made.claims["jti"])
        assert (answer.confirmed["replicas"], answer.confirmed["of"]) == (3, 3)
