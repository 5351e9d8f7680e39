"""§12: certifying a version ends its predecessor, and with it what the predecessor holds, alone or in a chain."""

import pytest

from support import client
from support.broker import Broker
from support.checks import issued
from support.scene import Scene
from support.world import World, entry


def alone_in(world, **changes):
    """An agent that may act alone, with its target."""
    scene = Scene(world)
    limits = entry(scene.target.id, ["thing.read"], ["thing.read"], alone=["thing.read"])
    scene.agent = world.agent(ceiling=[limits], subject_issuers=["demo"], **changes)
    world.permit(scene.agent.id, scene.target.id)
    return scene


@pytest.fixture
def alone(world):
    return alone_in(world)


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


def test_what_an_ended_version_began_is_refused_before_it_is_permitted(alone, broker):
    second = alone.second_agent(subject_issuers=["locum"])
    handed = issued(client.client_credentials(broker, alone.agent, audience=alone.target.audience, scope="thing.read",
                                              delegate_to=second["client_id"]))
    certify_the_next(alone)
    answer = alone.exchange(handed.token, client.ACCESS_TOKEN, agent=second)
    assert answer.json()["code"] == "LCM-LOCKED", answer.text
    assert alone.admin.get("/decisions", params={"agent": second["client_id"], "outcome": "permit"}).json()["items"] == []
    record = alone.admin.decision(answer.json()["request_id"]).json()
    assert record["checks"][-1] == {"name": "locks", "result": "failed"}


# Each ends what an actor token rests on, and nothing that the agent's next act rests on.
ENDS = {
    "superseded": lambda scene, version: certify_the_next(scene),
    "locked": lambda scene, version: (certify_the_next(scene), scene.world.lock("agent_version", version)),
    "revoked": lambda scene, version: (certify_the_next(scene), scene.world.revoke("agent_version", version)),
    "revoked first": lambda scene, version: (scene.world.revoke("agent_version", version), certify_the_next(scene)),
}


@pytest.mark.parametrize("who", ["itself", "its presenter"])
@pytest.mark.parametrize("end", ENDS)
def test_an_actor_token_of_an_ended_version_proves_nothing(world, broker, end, who):
    presenter = world.client(kind="presenter")
    scene = alone_in(world, presenters=[presenter["client_id"]])
    proof = issued(client.client_credentials(broker, scene.agent, audience=broker.issuer))
    sent = {"actor_token": proof.token, "actor_token_type": client.ACCESS_TOKEN,
            "agent": scene.agent if who == "itself" else presenter}
    made = issued(scene.exchange(**sent))
    ENDS[end](scene, scene.agent.version)
    for token, asking in ((proof, scene.agent), (made, scene.target.server)):
        assert client.introspect(broker, token.token, asking).json() == {"active": False}
    answer = scene.exchange(**sent)
    code = "LCM-ACTOR-INVALID" if end.startswith("revoked") else "LCM-LOCKED"
    assert answer.json().get("code") == code, answer.text


def test_what_an_actor_token_made_dies_with_the_key_that_signed_the_actor_token():
    with Broker() as broker:
        scene = alone_in(World(broker))
        proof = issued(client.client_credentials(broker, scene.agent, audience=broker.issuer))
        answer = scene.admin.post("/keys/rotate", {"alg": "ES256", "reason": "test"})
        assert answer.status_code == 200, answer.text
        made = issued(scene.exchange(actor_token=proof.token, actor_token_type=client.ACCESS_TOKEN))
        assert client.introspect(broker, made.token, scene.target.server).json()["active"] is True
        scene.world.revoke("key", f"locum:{proof.header['kid']}")
        assert client.introspect(broker, made.token, scene.target.server).json() == {"active": False}
