"""What refers to something that is gone is inert (contract §12): a catalogue that shrinks under ceilings and grants."""

import json

import pytest

from support.checks import issued, refused
from support.client import GRANT, exchange
from support.world import World

PAIR = {"company": {"type": "string", "narrow": "equal"}, "amount": {"type": "decimal", "narrow": "at_most"}}
SCOPES = {"a": "low", "b": "low", "pay": {"risk": "high", "requires": ["pair"]}}
LIMIT = {"type": "pair", "company": "DE01", "amount": "50"}


@pytest.fixture
def shrunk(fresh_broker):
    """An agent whose ceiling and whose grant name the type `pair`, at a target that has lost it; what was read before."""
    world = World(fresh_broker)
    other = {"amount": {"type": "decimal", "narrow": "at_most"}}
    target = world.target(SCOPES, details={"pair": PAIR, "other": other})
    agent = world.actor(target, ["a", "b", "pay"], details=[LIMIT])
    grant = world.grant(agent.id, [{"target": target.id, "scopes": ["b", "pay"], "authorization_details": [LIMIT]}])
    before = issued(exchange(fresh_broker, agent=agent, audience=target.audience, scope="a"))
    scopes = {name: {"risk": "low"} for name in "ab"}
    world.change(f"/targets/{target.id}", scopes=scopes, details={"other": other})
    return fresh_broker, target, agent, grant, before


def test_a_plain_read_is_answered_as_before(shrunk):
    broker, target, agent, _, before = shrunk
    after = issued(exchange(broker, agent=agent, audience=target.audience, scope="a"))
    assert after.claims["scope"] == before.claims["scope"] == "a"
    assert "authorization_details" not in after.claims


def test_a_list_of_which_nothing_is_left_still_limits(shrunk):
    broker, target, agent, *_ = shrunk
    asked = {"agent": agent, "audience": target.audience, "scope": "a"}
    for details in ([{"type": "other", "amount": "1"}], [LIMIT]):
        refused(broker, exchange(broker, authorization_details=json.dumps(details), **asked), "LCM-DETAILS")


def test_a_grant_whose_limits_are_gone_confers_nothing(shrunk):
    broker, target, agent, grant, _ = shrunk
    asked = {"agent": agent, "audience": target.audience, "subject_token": grant, "subject_token_type": GRANT}
    refused(broker, exchange(broker, scope="b", **asked), "LCM-CONSENT-MISSING")
    refused(broker, exchange(broker, scope="pay", **asked), "LCM-SCOPE-REFUSED")


def test_a_restart_changes_none_of_it(shrunk):
    broker, target, agent, *_ = shrunk
    broker.restart()
    assert issued(exchange(broker, agent=agent, audience=target.audience, scope="a")).claims["scope"] == "a"
    shown = World(broker).admin.get(f"/agents/{agent.id}").json()
    again = World(broker).admin.put(f"/agents/{agent.id}", shown)
    assert again.status_code == 200, again.text
