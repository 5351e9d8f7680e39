"""What the tests of the admin API share."""

import pytest

from support.scene import Scene


@pytest.fixture
def admin(world):
    """The bootstrap administrator."""
    return world.admin


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own, on the shared broker."""
    return Scene(world)
