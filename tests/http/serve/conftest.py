"""One served folder for the tests that leave it as it is."""

import pytest

from support.serving import Serving


@pytest.fixture(scope="module")
def served():
    """A broker served from files: change nothing on it."""
    with Serving() as home:
        yield home.start()


@pytest.fixture
def folder():
    """A folder of the test's own, not served yet."""
    with Serving() as home:
        yield home
