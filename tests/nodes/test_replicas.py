"""Contract §16, `min_replicas_acked`: what is acknowledged has reached a replica of Redis, or is answered 503."""

import re

import pytest

from support import client, tokens
from support.nodes import Cluster, at, scene_of
from support.parallel import at_once
from support.redis import HEAD, Redis
from support.scene import until
from support.world import unique

# One worker for the whole file: its replica is killed once.
pytestmark = pytest.mark.xdist_group("replicas")


class Replicated:
    """Two nodes that ask for one replica, a Redis with one, and what was there before it died."""

    def __init__(self, redis: Redis, replica: Redis, cluster: Cluster):
        self.redis, self.replica, self.cluster = redis, replica, cluster
        self.a, self.b = cluster.nodes
        self.scene, self.victim = scene_of(cluster), scene_of(cluster)
        self.made, self.of_victim = self.scene.token(), self.victim.token()
        for node in cluster:
            node.world.lift(node.world.lock("agent", self.scene.agent.id))

    def proof(self) -> list[tuple[str, str]]:
        """An exchange with an assertion of its own, to be sent as it is."""
        scene = self.scene
        return client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                           client_assertion=tokens.client_assertion(scene.broker, scene.agent),
                           client_assertion_type=client.ASSERTION_TYPE)


@pytest.fixture(scope="module")
def replicated():
    with Redis() as redis, Redis(replica_of=redis) as replica, Cluster(redis, ("a", "b")) as cluster:
        until(lambda: redis.says("connected_slaves") == "1" and replica.says("master_link_status") == "up")
        for node in cluster:
            node.more = "min_replicas_acked = 1"
        yield Replicated(redis, replica, cluster.start())


def test_with_its_replica_tokens_changes_and_revocations_work_and_are_at_the_replica(replicated):
    """First in this file."""
    a, b = replicated.cluster
    made = at(replicated.scene, b).token()
    confirmed = a.world.revoke("token", made.claims["jti"]).confirmed
    assert (confirmed["replicas"], confirmed["of"]) == (2, 2)
    assert client.token(a, replicated.proof(), auth=None).status_code == 200
    assert a.metric("locum_store_replicas_acked") >= 1
    assert replicated.replica.ask("HGET", HEAD, "seq") == replicated.redis.ask("HGET", HEAD, "seq")


@pytest.fixture(scope="module")
def without(replicated):
    """The answers of the first moment after the replica died: a revocation, a lock, a change, an assertion, a use."""
    a, b = replicated.cluster
    grant = a.world.grant(replicated.scene.agent.id, {replicated.scene.target.id: ["thing.write"]},
                          person=replicated.scene.person, max_uses=5)
    replicated.name, replicated.sent = unique("rs"), replicated.proof()
    replicated.replica.kill9()
    calls = {
        "revocation": lambda: a.api.post("/revocations", {"what": {"kind": "agent", "id": replicated.victim.agent.id},
                                                          "reason": "test"}),
        "lock": lambda: b.api.post("/locks", {"what": {"kind": "target", "id": replicated.victim.target.id},
                                              "reason": "test"}),
        "change": lambda: a.api.post("/clients", {"id": replicated.name, "kind": "resource_server",
                                                  "auth": [{"method": "client_secret"}]}),
        "assertion": lambda: client.token(b, replicated.sent, auth=None),
        "use": lambda: at(replicated.scene, a).exchange(grant, client.GRANT, scope="thing.write"),
    }
    return dict(zip(calls, at_once(*calls.values())))


def test_a_change_that_no_replica_has_is_answered_503_and_may_still_be_made(without):
    for kind in ("revocation", "lock", "change"):
        answer = without[kind]
        assert answer.status_code == 503, (kind, answer.text)
        assert "may still be made" in answer.json()["detail"], (kind, answer.text)


def test_a_revocation_and_a_lock_that_no_replica_has_are_in_force_all_the_same_under_the_id_that_was_told(replicated, without):
    for kind, path in (("revocation", "/revocations"), ("lock", "/locks")):
        named = re.search(r"`((?:rev|lck)_[0-9a-z]{26})`", without[kind].json()["detail"])
        assert named, without[kind].text
        for node in replicated.cluster:
            assert node.api.get(f"{path}/{named[1]}").status_code == 200, (kind, node)


def test_an_assertion_and_a_use_that_no_replica_has_are_answered_503_and_never_401(without):
    for kind in ("assertion", "use"):
        answer = without[kind]
        assert answer.status_code == 503 and answer.json()["code"] == "LCM-UNAVAILABLE", (kind, answer.text)


def test_without_its_replica_the_nodes_become_stale_and_say_why(replicated, without):
    for node in replicated.cluster:
        until(lambda: not node.is_ready())
        assert "replica" in until(lambda: node.flaw())
        assert at(replicated.scene, node).exchange().status_code == 503
        assert node.introspect(replicated.made.token, replicated.scene.target.server) == 503
        answer = node.api.post("/clients", {"id": unique("rs"), "kind": "resource_server", "auth": [{"method": "client_secret"}]})
        assert answer.status_code == 503 and "was not made" in answer.json()["detail"], answer.text


def test_with_a_replica_again_everything_works_and_what_was_in_force_still_is(replicated, without):
    """Last in this file."""
    replicated.replica.start()
    for node in replicated.cluster:
        there = at(replicated.scene, node)
        until(lambda: there.exchange().status_code == 200 and node.is_ready())
        assert there.active(replicated.made.token)
        assert not at(replicated.victim, node).active(replicated.of_victim.token)
        assert node.world.client(unique("rs"))
    states = {node.api.get(f"/clients/{replicated.name}").status_code for node in replicated.cluster}
    assert len(states) == 1, "made or not made, everywhere alike"
    statuses = []
    until(lambda: statuses.append(client.token(replicated.a, replicated.sent, auth=None).status_code) or statuses[-1] != 503)
    assert statuses[-1] == 200, "what was answered 503 may be sent again as it is (contract §6)"
    assert client.token(replicated.b, replicated.sent, auth=None).status_code == 401
