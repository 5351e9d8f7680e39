"""A dev world shared by the tests that leave no trace in it, and vendors that answer what a test says."""

import pytest

from support.broker import DevBroker
from support.vendor import Vendor
from support.world import World


@pytest.fixture(scope="session")
def dev():
    """A dev world shared by all tests of this worker: `serve` calls no vendor without TLS."""
    with DevBroker() as running:
        yield running


@pytest.fixture
def world(dev):
    """Makes registry content under unique ids in the shared dev world."""
    return World(dev)


@pytest.fixture
def fresh_world(dev_broker):
    """The same in a dev world of the test's own."""
    return World(dev_broker)


@pytest.fixture
def vendor():
    """A vendor of the test's own."""
    with Vendor() as running:
        yield running
