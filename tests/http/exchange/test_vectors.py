"""The cases of `tests/vectors/exchange.json`, as client libraries play them too."""

import pytest

from support import vectors
from support.broker import Broker
from support.checks import permitted, refused

pytestmark = pytest.mark.xdist_group("vectors")


@pytest.fixture(scope="module")
def alone():
    """A broker for the cases alone: so many refusals of one agent would be summed up on a shared one."""
    with Broker() as running:
        yield running


@pytest.mark.parametrize("case", vectors.cases("exchange"), ids=lambda case: case["name"])
def test_a_case_is_answered_as_it_says(alone, case):
    answer = vectors.send(alone, case)
    assert vectors.shown(alone, answer) == case["expected"]
    if answer.status_code == 200:
        permitted(alone, answer)
    else:
        refused(alone, answer, case["expected"]["body"]["code"], status=case["expected"]["status"],
                recorded=case.get("recorded"))
