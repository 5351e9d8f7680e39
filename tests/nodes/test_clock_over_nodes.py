"""Issue 11: a node whose clock is more than a second off that of Redis is not ready, says so, and comes back."""

import pytest

from support.faketime import LIBRARY, FakeTime
from support.nodes import Cluster, at, scene_of
from support.redis import Redis
from support.scene import until

# One worker for the whole file: one clock is set again and again.
pytestmark = [pytest.mark.xdist_group("clocknodes"),
              pytest.mark.skipif(LIBRARY is None, reason="libfaketime is not installed (Debian: faketime)")]


@pytest.fixture(scope="module")
def apart(tmp_path_factory):
    """Two nodes, a scene, and the clock of the second."""
    fake = FakeTime(tmp_path_factory.mktemp("clock"))
    with Redis() as redis, Cluster(redis, ("a", "b")) as cluster, pytest.MonkeyPatch.context() as patch:
        cluster.nodes[0].start()
        patch.setenv("LOCUM_BIN", str(fake.binary))
        cluster.nodes[1].start()
        yield cluster, scene_of(cluster.declare()), fake
        cluster.nodes[1].stop()


@pytest.mark.parametrize("seconds, direction", [(5, "ahead"), (-4, "behind")])
def test_a_node_whose_clock_is_off_is_not_ready_and_says_by_how_much_until_it_is_right(apart, seconds, direction):
    cluster, scene, clock = apart
    a, b = cluster
    clock.set(seconds)
    flaw = until(lambda: b.flaw() if direction in (b.flaw() or "") else None)
    assert "clock" in flaw and "Redis" in flaw and b.operation("/livez")[0] == 200
    assert a.is_ready() and at(scene, a).exchange().status_code == 200
    clock.set(0)
    until(b.is_ready)
    until(lambda: at(scene, b).exchange().status_code == 200)


def test_a_clock_that_is_off_by_less_than_a_second_costs_nothing(apart):
    cluster, scene, clock = apart
    a, b = cluster
    clock.set(0.4)
    for one, other in ((a, b), (b, a)):
        made = at(scene, one).token()
        assert at(scene, other).active(made.token)
        answer = other.world.revoke("token", made.claims["jti"])
        assert (answer.confirmed["replicas"], answer.confirmed["of"]) == (2, 2)
        assert not at(scene, one).active(made.token)
    assert a.is_ready() and b.is_ready()
    clock.set(0)
