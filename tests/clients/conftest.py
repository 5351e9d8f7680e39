"""One broker for the clients; what every one of them is given."""

import shutil

import pytest

from support import client
from support.broker import Broker


@pytest.fixture(scope="session")
def broker():
    """A dev broker that no test changes."""
    with Broker() as running:
        yield running


@pytest.fixture
def id_token(broker):
    """Ada's ID token, as the demo provider hands it out."""
    return client.sign_in(broker)["id_token"]


@pytest.fixture(scope="session")
def node():
    """The Node executable; missing, it is a failure and not a reason to skip."""
    found = shutil.which("node")
    assert found, "expected `node` on the PATH, found none; run tests/all setup"
    return found
