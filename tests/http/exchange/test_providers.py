"""Contract §5 with tokens as providers send them: `tests/support/providers.py` says how a row is read."""

import pytest

from support import providers
from support.broker import Broker

pytestmark = pytest.mark.xdist_group("providers")


@pytest.fixture(scope="module")
def alone():
    """A broker for the rows alone: each of them declares its issuer anew."""
    with Broker() as running:
        yield providers.Providers(running)


@pytest.mark.parametrize("issuer_id, file, row", [
    pytest.param(*each, id=f"{each[0]}: {each[2]['name']}") for each in providers.rows()])
def test_a_providers_token_is_taken_or_refused_as_its_row_says(alone, issuer_id, file, row):
    alone.play(issuer_id, file, row)
