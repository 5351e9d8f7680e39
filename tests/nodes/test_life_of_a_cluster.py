"""Contract §16: a broker that stood alone becomes one of several, and nodes come and go."""

import pytest

from support import client, tokens
from support.checks import issued
from support.nodes import Cluster, at
from support.redis import Redis
from support.scene import Scene, until
from support.world import unique

# One worker for the whole file: it grows one cluster.
pytestmark = pytest.mark.xdist_group("life")
LISTS = ("/issuers", "/locks", "/agents", "/targets", "/clients", "/credentials", "/policies", "/revocations", "/grants", "/keys")
SPENT = {401, 503}
"""What an assertion that was used is answered: 503 where Redis does not know what was used before."""


def listed(node) -> dict:
    """What a node lists."""
    return {path: node.api.get(path).json() for path in LISTS}


class Alone:
    """A broker with data that stood alone: what it knew when it was stopped."""

    def __init__(self, cluster: Cluster):
        self.cluster, self.node = cluster, cluster.nodes[0]
        self.node.shared = False
        self.node.start()
        cluster.declare()
        self.scene, self.gone, self.asleep = (Scene(self.node.world) for _ in range(3))
        world = self.node.world
        self.grant = world.grant(self.scene.agent.id, {self.scene.target.id: ["thing.write"]}, person=self.scene.person,
                                 max_uses=3)
        self.made, self.dead, self.resting = self.scene.token(), self.gone.token(), self.asleep.token()
        issued(self.use(self.node))
        self.handed = self.scene.hand_on(self.scene.agent, self.scene.second_agent())
        self.pairs = client.form(self.scene.subject(), audience=self.scene.target.audience, scope="thing.read",
                                 client_assertion=tokens.client_assertion(self.node, self.scene.agent),
                                 client_assertion_type=client.ASSERTION_TYPE)
        assert client.token(self.node, self.pairs, auth=None).status_code == 200
        world.revoke("agent", self.gone.agent.id)
        self.lock = world.lock("agent", self.asleep.agent.id)
        self.operator = self.node.api.post("/credentials", {"role": "operator", "name": unique("op")}).json()
        self.listed, self.nodes = listed(self.node), self.node.api.get("/nodes").json()["items"]
        self.decisions = self.decided(self.node)
        self.jwks = client.http.get(client.endpoint(self.node, "jwks"), timeout=30).json()
        self.node.stop()

    def use(self, node):
        """One use of the grant."""
        return at(self.scene, node).exchange(self.grant, client.GRANT, scope="thing.write")

    def decided(self, node) -> list[str]:
        """All decisions that a node lists, newest first."""
        return [item["request_id"] for item in node.api.get("/decisions", params={"limit": 100}).json()["items"]]


@pytest.fixture(scope="module")
def grown():
    """A broker that stood alone and is one of three by its configuration alone."""
    with Redis() as redis, Cluster(redis, ("a",)) as cluster:
        alone = Alone(cluster)
        alone.node.shared = True
        alone.node.start()
        for name in ("b", "c"):
            cluster.add(name).start()
        yield alone


def test_a_single_broker_becomes_three_by_configuration_alone_and_all_show_what_it_knew(grown):
    """First in this file."""
    for node in grown.cluster:
        assert listed(node) == grown.listed, node
        assert client.http.get(client.endpoint(node, "jwks"), timeout=30).json() == grown.jwks
        assert grown.cluster.live(node) == {"a", "b", "c"}


def test_a_broker_that_stands_alone_lists_itself(grown):
    [item] = grown.nodes
    assert item["ready"] is True and item["behind"] == 0 and item["tree"] and item["version"]


def test_its_tokens_live_on_and_its_dead_stay_dead_at_every_node(grown):
    for node in grown.cluster:
        assert at(grown.scene, node).active(grown.made.token), node
        assert not at(grown.gone, node).active(grown.dead.token)
        assert not at(grown.asleep, node).active(grown.resting.token)
        assert at(grown.asleep, node).exchange().json()["code"] == "LCM-LOCKED"
        assert client.admin(node, grown.operator["token"]).get("/agents").status_code == 200


def test_an_assertion_spent_while_it_was_alone_is_spent_at_every_node(grown):
    assert {client.token(node, grown.pairs, auth=None).status_code for node in grown.cluster} <= SPENT


def test_a_token_of_before_is_passed_on_at_a_node_that_joined(grown):
    a, b, c = grown.cluster.nodes[:3]
    taker = grown.handed.claims["may_act"]["sub"]
    assert taker and at(grown.scene, c).active(grown.made.token)
    record = b.api.decision(grown.handed.body["delegation_id"])
    assert record.status_code == 200


def test_uses_taken_while_it_was_alone_are_counted_over_all_nodes(grown):
    a, b, c = grown.cluster.nodes[:3]
    assert [grown.use(node).status_code for node in (b, c)] == [200, 200]
    assert [grown.use(node).status_code for node in (a, b, c)] == [400] * 3


def test_a_lock_of_before_is_lifted_at_a_node_that_joined(grown):
    a, b, c = grown.cluster.nodes[:3]
    c.world.lift(grown.lock)
    for node in (a, b, c):
        assert at(grown.asleep, node).active(grown.resting.token)


def test_the_decisions_of_before_are_listed_at_every_node(grown):
    for node in grown.cluster:
        found = until(lambda: all if set(grown.decisions) <= set(all := grown.decided(node)) else None)
        assert [request for request in found if request in set(grown.decisions)] == grown.decisions


def test_a_node_with_an_empty_folder_joins_later_and_has_everything(grown):
    issuer = grown.cluster.nodes[1].world.issuer()
    made = at(grown.scene, grown.cluster.nodes[2]).token()
    joined = grown.cluster.add("d").start()
    assert listed(joined) == listed(grown.cluster.nodes[0])
    assert joined.api.get(f"/issuers/{issuer.id}").status_code == 200
    for token in (grown.made, made):
        assert at(grown.scene, joined).active(token.token)
    assert client.token(joined, grown.pairs, auth=None).status_code in SPENT
    assert joined.world.revoke("token", made.claims["jti"]).confirmed["of"] == 4


def test_a_node_that_was_emptied_joins_as_another_tree_and_has_everything(grown):
    b = grown.cluster.nodes[1]
    made = at(grown.scene, b).token()
    b.stop()
    grown.cluster.until_gone("b")
    b.forget().start()
    assert listed(b) == listed(grown.cluster.nodes[0])
    assert at(grown.scene, b).active(made.token), "its own decisions of before are mirrored by the others"


def test_the_same_folder_and_name_restart_at_once(grown):
    a, b, c = grown.cluster.nodes[:3]
    tree = {item["node"]: item["tree"] for item in a.api.get("/nodes").json()["items"]}
    for kill in (False, True):
        c.restart(kill=kill)
        assert at(grown.scene, c).active(grown.made.token)
    assert {item["node"]: item["tree"] for item in a.api.get("/nodes").json()["items"]} == tree


def test_a_folder_under_another_name_is_the_same_node(grown):
    """A node is its folder; its name may change while it is stopped."""
    c = grown.cluster.nodes[2]
    c.stop()
    grown.cluster.until_gone("c")
    c.name = "c-2"
    c.start()
    assert at(grown.scene, c).active(grown.made.token)
    assert until(lambda: "c-2" in grown.cluster.live(grown.cluster.nodes[0]))
