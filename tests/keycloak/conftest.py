"""One Keycloak for all: the page starts and sets it up. Where it cannot be had, all is skipped with the reason."""

import sys

import pytest

from support.process import REPO

sys.path.insert(0, str(REPO / "tests" / "docs"))

import distribution
import play
from played import SLOWEST_S, Played
from realm import Realm
from support.broker import Broker
from support.figures import figure, pytest_terminal_summary  # noqa: F401
from support.world import World


@pytest.fixture(scope="session")
def played():
    """The page played to its end; its Keycloak and its broker run on."""
    try:
        home = distribution.home()
    except distribution.Missing as why:
        pytest.skip(str(why))
    play.FUSE_S = SLOWEST_S
    page = Played(home)
    try:
        yield page.play()
    finally:
        page.close()


@pytest.fixture(scope="session")
def broker():
    """A broker with the cast; issuers are added to it, nothing else is changed."""
    with Broker() as running:
        yield running


@pytest.fixture(scope="session")
def world(broker):
    """Makes registry content under unique ids."""
    return World(broker)


@pytest.fixture(scope="session")
def realm(played, broker):
    """A realm that tests share; clients are added to it, its keys stay."""
    return Realm(played, broker)


@pytest.fixture
def fresh_realm(played, broker):
    """A realm of the test's own, for its keys."""
    return Realm(played, broker)
