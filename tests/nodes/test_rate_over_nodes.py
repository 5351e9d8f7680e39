"""Contract §16: the limit per client is divided by the live nodes, with a burst of one second."""

import time

from support.nodes import Cluster, at
from support.redis import Redis
from support.scene import Scene, until

RATE = 60


def allowed(scene, node, asked: int = RATE) -> tuple[int, float]:
    """Of so many requests of a client in a row, how many were not over its rate; seconds that they took."""
    there, began = at(scene, node), time.monotonic()
    statuses = [there.introspect("x").status_code for _ in range(asked)]
    assert set(statuses) <= {200, 429}, statuses
    return statuses.count(200), time.monotonic() - began


def test_the_limit_of_a_client_is_divided_by_the_live_nodes():
    with Redis() as redis, Cluster(redis, rate=RATE) as cluster:
        a, b, c = cluster
        a.start()
        cluster.declare()
        alone, _ = allowed(Scene(a.world), a)
        assert alone == RATE, "a node that is alone allows all of it"
        for node in (b, c):
            node.start()
        scene = Scene(a.world)
        for node in cluster:
            until(lambda: node.metric("locum_nodes_live") == 3)
            found, took_s = allowed(scene, node)
            assert RATE / 3 <= found <= RATE / 3 * (1 + took_s) + 1, (node, found, took_s)
        b.kill9()
        c.kill9()
        until(lambda: a.metric("locum_nodes_live") == 1)
        assert allowed(Scene(a.world), a)[0] == RATE


def test_the_divided_limit_is_at_least_one_a_second():
    with Redis() as redis, Cluster(redis, rate=1) as cluster:
        scene = Scene(cluster.start().nodes[0].world)
        for node in cluster:
            until(lambda: node.metric("locum_nodes_live") == 3)
            found, took_s = allowed(scene, node, 10)
            assert 1 <= found <= 2 + took_s, (node, found)
