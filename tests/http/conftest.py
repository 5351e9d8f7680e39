"""One broker per worker for the tests that leave no trace; a fresh one for those that do."""

import pytest

from support.broker import Broker
from support.world import World, unique


@pytest.fixture(scope="session")
def broker():
    """A dev broker shared by all tests of this worker: never lock, revoke or stop a demo object on it."""
    with Broker() as running:
        yield running


@pytest.fixture
def fresh_broker():
    """A dev broker of the test's own, for locks, revocations of demo objects and restarts."""
    with Broker() as running:
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
