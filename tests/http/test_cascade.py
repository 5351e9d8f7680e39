"""Architecture, invariant 4: a token is dead if anything in its lineage is, and nothing else is."""

import pytest

from support import client, tokens
from support.checks import actors, refused
from support.scene import Scene
from support.world import entry, unique


class Tree:
    """ada → first → { handed to second → { its own leaf; handed to third → third's leaf } ; sibling }."""

    def __init__(self, scene):
        self.scene, self.second, self.third = scene, scene.second_agent(), scene.second_agent()
        self.root = scene.hand_on(scene.agent, self.second)
        self.sibling = scene.use(self.root, self.second)
        self.middle = scene.hand_on(self.second, self.third, self.root.token, client.ACCESS_TOKEN)
        self.leaf = scene.use(self.middle, self.third)
        self.cousin = scene.token()

    def alive(self) -> str:
        """Which of them their audience would still accept, by first letter."""
        held = {"r": (self.root, self.second), "s": (self.sibling, self.scene.target.server),
                "m": (self.middle, self.third), "l": (self.leaf, self.scene.target.server),
                "c": (self.cousin, self.scene.target.server)}
        return "".join(name for name, (made, who) in held.items()
                       if client.introspect(self.scene.broker, made.token, agent=who).json() != {"active": False})


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


@pytest.fixture
def tree(scene):
    """A family of five tokens, all alive."""
    made = Tree(scene)
    assert made.alive() == "rsmlc"
    assert actors(made.leaf.claims) == [made.third.id, made.second.id, scene.agent.id]
    return made


def test_revoking_the_middle_kills_the_leaf_and_not_the_sibling(tree, scene, broker):
    assert client.revoke(broker, tree.middle.token, agent=tree.second).status_code == 200
    assert tree.alive() == "rsc"
    refused(broker, scene.exchange(tree.middle.token, client.ACCESS_TOKEN, agent=tree.third), "LCM-SUBJECT-REVOKED")
    assert scene.active(scene.use(tree.root, tree.second).token)


def test_revoking_the_root_kills_all_that_descends(tree, broker):
    assert client.revoke(broker, tree.root.token, agent=tree.scene.agent).status_code == 200
    assert tree.alive() == "c"


def test_revoking_the_leaf_kills_only_the_leaf(tree, broker):
    assert client.revoke(broker, tree.leaf.token, agent=tree.third).status_code == 200
    assert tree.alive() == "rsmc"


def test_the_chain_s_ancestors_are_in_the_token(tree):
    assert tree.leaf.claims["del"]["up"] == [tree.middle.claims["jti"], tree.root.claims["jti"]]
    assert tree.leaf.claims["del"]["ver"] == [tree.third.version, tree.second.version, tree.scene.agent.version]


@pytest.mark.parametrize("kind, name, left", [
    ("token", lambda t: t.middle.claims["jti"], "rsc"),
    ("delegation", lambda t: t.middle.body["delegation_id"], "rsc"),
    ("agent", lambda t: t.third.id, "rsmc"),
    ("agent", lambda t: t.second.id, "rc"),
    ("agent", lambda t: t.scene.agent.id, ""),
    ("agent_version", lambda t: t.second.version, "rc"),
    ("person", lambda t: t.scene.person, ""),
    ("target", lambda t: t.scene.target.id, ""),
])
def test_a_revocation_kills_exactly_its_descendants(tree, world, kind, name, left):
    """The token handed to an agent is by the giver: its lineage does not hold the taker yet."""
    world.revoke(kind, name(tree))
    assert tree.alive() == left


@pytest.mark.parametrize("kind, name, left", [
    ("agent", lambda t: t.second.id, "c"), ("agent", lambda t: t.scene.agent.id, ""),
    ("person", lambda t: t.scene.person, ""), ("target", lambda t: t.scene.target.id, "")])
def test_a_lock_sends_exactly_its_descendants_to_sleep(tree, world, kind, name, left):
    lock = world.lock(kind, name(tree))
    # Whether a locked agent may still ask about a token meant for it is left open.
    assert tree.alive().replace("r", "") == left
    world.lift(lock)
    assert tree.alive() == "rsmlc"


def test_a_revocation_while_locked_outlives_the_lock(tree, world):
    lock = world.lock("agent", tree.second.id)
    world.revoke("token", tree.middle.claims["jti"])
    world.lift(lock)
    assert tree.alive() == "rsc"


def test_after_an_agent_s_revocation_new_tokens_work(tree, scene, world):
    world.revoke("agent", tree.second.id)
    again = scene.hand_on(scene.agent, tree.second)
    assert scene.active(scene.use(again, tree.second).token)


def test_a_suspended_ancestor_sends_the_chain_to_sleep(tree, world):
    world.agent_state(tree.second.id, "suspend")
    assert "l" not in tree.alive() and "s" not in tree.alive()
    world.agent_state(tree.second.id, "resume")
    assert tree.alive() == "rsmlc"


def test_a_retired_ancestor_ends_the_chain(tree, world):
    world.agent_state(tree.second.id, "retire")
    assert "l" not in tree.alive() and "s" not in tree.alive() and "c" in tree.alive()


def test_a_grant_s_end_kills_every_hop_beneath_it(scene, world, broker):
    taker = scene.second_agent()
    grant = world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    handed = scene.token(scope="thing.write", delegate_to=taker.id)
    leaf = scene.use(handed, taker, scope="thing.write")
    assert leaf.claims["del"]["grant"] == grant
    world.revoke("grant", grant)
    assert not scene.active(leaf.token)
    refused(broker, scene.exchange(handed.token, client.ACCESS_TOKEN, agent=taker, scope="thing.write"),
            "LCM-SUBJECT-REVOKED")


def test_a_revoked_actor_token_kills_what_was_issued_with_it(scene, broker):
    """Lineage holds the actor token's `jti`."""
    answer = client.client_credentials(broker, agent=scene.agent, audience=broker.issuer)
    assert answer.status_code == 200, answer.text
    actor = answer.json()["access_token"]
    made = scene.token(actor_token=actor, actor_token_type=client.ACCESS_TOKEN)
    assert client.revoke(broker, actor, agent=scene.agent).status_code == 200
    assert not scene.active(made.token)
    refused(broker, scene.exchange(actor_token=actor, actor_token_type=client.ACCESS_TOKEN), "LCM-ACTOR-INVALID",
            "LCM-SUBJECT-REVOKED")


def test_what_a_target_derived_dies_with_the_token_it_was_called_with(scene, world, broker):
    """§8: a resource server goes on in its agent's name; the derived token hangs beneath the caller's."""
    behind = world.target()
    front_agent = world.agent(ceiling=[entry(behind.id, ["thing.read"], ["thing.read"])])
    world.permit(front_agent.id, behind.id)
    changed = world.admin.put(f"/targets/{scene.target.id}", scene.target.body | {
        "derives": {"thing.read": [f"{behind.id}:thing.read"]}, "acts_as": front_agent.id})
    assert changed.status_code == 200, changed.text
    caller = scene.token()
    derived = client.exchange(broker, caller.token, client.ACCESS_TOKEN, agent=scene.target.server,
                              audience=behind.audience, scope="thing.read")
    assert derived.status_code == 200, derived.text
    token = derived.json()["access_token"]
    assert actors(tokens.decode(token)) == [front_agent.id, scene.agent.id]
    assert client.introspect(broker, token, agent=behind.server).json()["active"] is True
    assert client.revoke(broker, caller.token, agent=scene.agent).status_code == 200
    assert client.introspect(broker, token, agent=behind.server).json() == {"active": False}


def test_a_session_s_end_reaches_every_descendant(scene, world):
    sid, taker = unique("sid"), scene.second_agent()
    leaf = scene.use(scene.hand_on(scene.agent, taker, scene.subject(sid=sid)), taker)
    world.revoke("session", f"demo:{sid}")
    assert not scene.active(leaf.token)
