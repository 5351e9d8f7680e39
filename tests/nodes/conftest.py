"""Clusters of nodes on a real Redis: one that tests share, and those of a test's own."""

import shutil

import pytest

from support.figures import figure, pytest_terminal_summary  # noqa: F401
from support.nodes import Cluster
from support.redis import Redis
from support.scene import Scene


def pytest_addoption(parser):
    """`--long`: many more rounds, for hours before a release."""
    parser.addoption("--long", action="store_true", help="play long histories")


def pytest_collection_modifyitems(items):
    """Without Debian's Redis nothing here can be tested, and the run says so."""
    if shutil.which("redis-server") is None:
        for item in items:
            item.add_marker(pytest.mark.skip(reason="redis-server is not installed here"))


@pytest.fixture(scope="session")
def long(request):
    """Whether long histories are played."""
    return request.config.getoption("--long")


@pytest.fixture(scope="session")
def nodes():
    """Three nodes shared by all tests of this worker: never stop one, nor touch their Redis.

    They wait longer for each other than by default: what a test says of the others holds on a busy machine too.
    """
    with Redis() as redis, Cluster(redis) as cluster:
        for node in cluster:
            node.more = "confirm_ms = 2000"
        yield cluster.start()


@pytest.fixture
def scene(nodes):
    """An agent, a target and a person, made at the first of the shared nodes."""
    return Scene(nodes.nodes[0].world)


@pytest.fixture
def redis():
    """A Redis of the test's own."""
    with Redis() as running:
        yield running


@pytest.fixture
def cluster(redis):
    """Three nodes of the test's own, which are not started yet."""
    with Cluster(redis) as made:
        yield made


@pytest.fixture
def started(cluster):
    """Three nodes of the test's own that are ready."""
    return cluster.start()
