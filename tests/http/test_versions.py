"""§12: certifying a version ends its predecessor, and with it what the predecessor holds, alone or in a chain."""

import pytest

from support import client
from support.checks import issued
from support.scene import Scene
from support.world import entry


@pytest.fixture
def alone(world):
    """An agent that may act alone, with its target."""
    scene = Scene(world)
    limits = entry(scene.target.id, ["thing.read"], ["thing.read"], alone=["thing.read"])
    scene.agent = world.agent(ceiling=[limits], subject_issuers=["demo"])
    world.permit(scene.agent.id, scene.target.id)
    return scene


def certify_the_next(scene):
    """Version 2 takes over."""
    scene.world.certify(scene.agent.id, scene.world.version(scene.agent.id, "2"))


def test_what_an_agent_holds_for_itself_ends_with_its_version(alone, broker):
    own = issued(client.client_credentials(broker, alone.agent, audience=alone.target.audience, scope="thing.read"))
    proof = issued(client.client_credentials(broker, alone.agent, audience=broker.issuer))
    for_ada = alone.token()
    holders = [(own, alone.target.server), (proof, alone.agent), (for_ada, alone.target.server)]
    for made, who in holders:
        assert client.introspect(broker, made.token, who).json()["active"] is True
    certify_the_next(alone)
    for made, who in holders:
        assert client.introspect(broker, made.token, who).json() == {"active": False}
    again = issued(client.client_credentials(broker, alone.agent, audience=alone.target.audience, scope="thing.read"))
    assert client.introspect(broker, again.token, alone.target.server).json()["active"] is True


def test_a_chain_that_an_agent_began_for_itself_ends_with_its_version(alone, broker):
    second = alone.second_agent(subject_issuers=["locum"])
    handed = issued(client.client_credentials(broker, alone.agent, audience=alone.target.audience, scope="thing.read",
                                              delegate_to=second["client_id"]))
    assert client.introspect(broker, handed.token, second).json()["active"] is True
    certify_the_next(alone)
    assert client.introspect(broker, handed.token, second).json() == {"active": False}
    answer = alone.exchange(handed.token, client.ACCESS_TOKEN, agent=second)
    assert answer.json()["code"] == "LCM-LOCKED", answer.text
