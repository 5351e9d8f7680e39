"""One broker per worker for the tests that leave no trace; a fresh one for those that do."""

import pytest

from support.broker import Broker
from support.world import World, unique


def pytest_terminal_summary(terminalreporter):
    """Prints what was measured, test by test."""
    for report in terminalreporter.getreports("passed") + terminalreporter.getreports("failed"):
        for name, text in report.user_properties:
            if name == "figure" and report.when == "call":
                terminalreporter.write_line(text)


@pytest.fixture
def figure(record_property):
    """A function that notes a measured figure, which the run prints at its end."""
    return lambda text: record_property("figure", text)


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
