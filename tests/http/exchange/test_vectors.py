"""The cases of `tests/vectors/exchange.json`, as client libraries play them too."""

import pytest

from support import vectors


@pytest.mark.parametrize("case", vectors.cases("exchange"), ids=lambda case: case["name"])
def test_a_case_is_answered_as_it_says(broker, case):
    assert vectors.play(broker, case) == case["expected"]
