"""One broker per worker for the tests that leave no trace; a fresh one for those that do."""

import pytest

from support.broker import Broker, DevBroker
from support.figures import figure, pytest_terminal_summary  # noqa: F401
from support.world import World, unique


@pytest.fixture(scope="session")
def broker():
    """A broker shared by all tests of this worker: never lock, revoke or stop an object of the cast on it."""
    with Broker() as running:
        yield running


@pytest.fixture
def fresh_broker():
    """A broker of the test's own, for locks, revocations of the cast's objects and restarts."""
    with Broker() as running:
        yield running


@pytest.fixture
def dev_broker():
    """A dev world of the test's own, with its demo provider, workloads and targets."""
    with DevBroker() as running:
        yield running


@pytest.fixture
def world(broker):
    """Makes registry content under unique ids on the shared broker."""
    return World(broker)


@pytest.fixture
def fresh_world(fresh_broker):
    """The same on the fresh broker."""
    return World(fresh_broker)


@pytest.fixture
def unique_id():
    """A function that makes unique operator ids."""
    return unique
