"""Attacks by who can write to the Redis of many nodes, rows 80 to 85: they withhold and delete, and nothing else."""

import os
import shutil
import urllib.error
import urllib.request

import pytest

from support import client, tokens
from support.checks import issued
from support.nodes import Cluster
from support.redis import Redis
from support.scene import SCOPES, Scene, until
from support.world import World

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed here")

HEAD, LOG, NODES = (f"locum:default:{{c}}:{name}" for name in ("head", "log", "nodes"))


@pytest.fixture(scope="module")
def cluster():
    """Two nodes that all tests of this file share; each leaves them ready."""
    with Redis() as redis, Cluster(redis, names=("a", "b")) as made:
        yield made.start()


@pytest.fixture
def own():
    """Two nodes of a test's own."""
    with Redis() as redis, Cluster(redis, names=("a", "b")) as made:
        yield made.start()


@pytest.fixture
def scene(cluster):
    """An agent, a target and a person, made at the first node."""
    return Scene(World(cluster.nodes[0]))


def field(fields: list, name: bytes) -> bytes:
    """A field of an entry of a stream."""
    return dict(zip(fields[::2], fields[1::2]))[name]


def changes(cluster) -> list[bytes]:
    """What lies in the log, sealed."""
    return [field(fields, b"d") for _, fields in cluster.redis.ask("XRANGE", LOG, "-", "+")]


def put(cluster, sealed: bytes) -> int:
    """Puts bytes at the end of the log, as the script would; their number."""
    at = int(cluster.redis.ask("HGET", HEAD, "seq")) + 1
    cluster.redis.ask("XADD", LOG, f"{at}-0", "d", sealed)
    cluster.redis.ask("HSET", HEAD, "seq", at)
    return at


def told(node, part: str) -> bool:
    """Whether a node is not ready, and says that."""
    status, text = node.operation("/readyz")
    return status == 503 and part in text


def ready(cluster) -> None:
    """Both are ready, and have folded all that is in the log."""
    seq = int(cluster.redis.ask("HGET", HEAD, "seq"))
    for node in cluster:
        until(node.is_ready)
        until(lambda node=node: f"locum_store_behind 0\n" in node.operation("/metrics")[1])
    assert len(changes(cluster)) == seq


def repair(cluster) -> str:
    """Takes out what does not open; what it says."""
    done = cluster.nodes[0].locum("store", "repair", "--config", cluster.nodes[0].config)
    assert done.returncode == 0, done.stderr
    return done.stdout


def locked(node) -> dict[str, str]:
    """The state of each lock, as a node knows it."""
    return {lock["id"]: lock["state"] for lock in node.api.get("/locks").json()["items"]}


@pytest.mark.parametrize("flawed", ["other bytes", "one bit", "the start of one", "one of another place"])
def test_attack_80_a_change_that_was_not_sealed_for_the_log_is_never_folded_and_is_taken_out(cluster, flawed):
    good = changes(cluster)[-1]
    row = cluster.redis.ask("HGET", NODES, "b")
    sealed = {"other bytes": os.urandom(400), "one bit": good[:60] + bytes([good[60] ^ 1]) + good[61:],
              "the start of one": good[:-20], "one of another place": row}[flawed]
    before = [locked(node) for node in cluster]
    at = put(cluster, sealed)
    for node in cluster:
        until(lambda node=node: told(node, f"entry {at}-0 of the change log is not folded"))
        assert node.api.post("/locks", {"what": {"kind": "all"}, "reason": "x"}).status_code == 503
    assert f"entry {at}-0 of the change log is taken out" in repair(cluster)
    ready(cluster)
    assert [locked(node) for node in cluster] == before


@pytest.mark.parametrize("key", [NODES, "locum:default:{c}:trees"])
def test_attack_80_a_node_or_a_tree_that_no_node_told_of_is_named_and_taken_out(cluster, key):
    cluster.redis.ask("HSET", key, "mallory", os.urandom(200))
    if key == NODES:
        until(lambda: told(cluster.nodes[0], "node `mallory` does not open"))
    assert "`mallory` is taken out" in repair(cluster)
    ready(cluster)
    assert [item["node"] for item in cluster.nodes[1].api.get("/nodes").json()["items"]] == ["a", "b"]


def test_attack_81_a_lift_that_is_put_there_again_lifts_no_lock(cluster, scene):
    lock = scene.world.lock("agent", scene.agent.id)
    assert scene.admin.post(f"/locks/{lock}/lift", {"reason": "test"}).status_code == 200
    lift = changes(cluster)[-1]
    again = scene.world.lock("agent", scene.agent.id)
    put(cluster, lift)
    ready(cluster)
    for node in cluster:
        assert locked(node)[again] == "active"
        assert client.exchange(node, scene.subject(), agent=scene.agent, audience=scene.target.audience).status_code == 400
    assert scene.admin.post(f"/locks/{again}/lift", {"reason": "test"}).status_code == 200


def test_attack_81_a_planned_change_counts_behind_the_one_that_it_was_planned_on_alone(cluster, scene):
    old = scene.admin.get(f"/agents/{scene.agent.id}").json()["name"]
    scene.world.change(f"/agents/{scene.agent.id}", name="before")
    replayed = changes(cluster)[-1]
    scene.world.change(f"/agents/{scene.agent.id}", name="after")
    put(cluster, replayed)
    ready(cluster)
    assert {node.api.get(f"/agents/{scene.agent.id}").json()["name"] for node in cluster} == {"after"} != {old}
    assert scene.world.change(f"/agents/{scene.agent.id}", name="at last").name == "at last"


def test_attack_81_a_heartbeat_of_before_says_nothing_of_now(cluster):
    row = cluster.redis.ask("HGET", NODES, "b")
    lock = World(cluster.nodes[0]).lock("person", "demo:nobody")
    cluster.redis.ask("HSET", NODES, "b", row)
    made = cluster.nodes[0].api.post(f"/locks/{lock}/lift", {"reason": "test"})
    assert made.status_code == 200
    behind = {item["node"]: item["behind"] for item in cluster.nodes[0].api.get("/nodes").json()["items"]}
    assert behind == {"a": 0, "b": 0}


def proof(scene, **changes) -> list[tuple[str, str]]:
    """An exchange that proves the agent by an assertion, to be sent as it is."""
    return client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                       client_assertion=tokens.client_assertion(scene.broker, scene.agent, **changes),
                       client_assertion_type=client.ASSERTION_TYPE)


def known(cluster, token) -> None:
    """Waits until both nodes have a decision."""
    for node in cluster:
        until(lambda node=node: node.api.decision(token.body["delegation_id"]).status_code == 200)


def delete(cluster, begin: str) -> None:
    """Deletes keys by how their names begin."""
    names = cluster.redis.ask("KEYS", f"{begin}*")
    assert names
    cluster.redis.ask("DEL", *names)


def test_attack_82_a_mark_that_is_deleted_frees_no_assertion_that_the_nodes_know(cluster, scene):
    pairs = proof(scene)
    known(cluster, issued(client.token(cluster.nodes[0], pairs, auth=None)))
    delete(cluster, "locum:default:m:")
    assert [client.token(node, pairs, auth=None).status_code for node in cluster] == [401, 401]


def test_attack_82_uses_that_are_deleted_give_no_use_back(cluster, scene):
    grant = scene.world.grant(scene.agent.id, {scene.target.id: SCOPES}, scene.person, max_uses=1)
    ask = {"audience": scene.target.audience, "scope": "thing.write", "agent": scene.agent}
    known(cluster, issued(client.exchange(cluster.nodes[0], grant, client.GRANT, **ask)))
    delete(cluster, "locum:default:u:")
    for node in cluster:
        assert client.exchange(node, grant, client.GRANT, **ask).status_code == 400


def test_attack_84_of_a_redis_that_lost_everything_the_changes_stand_and_assertions_from_before_do_not(own):
    scene = Scene(World(own.nodes[0]))
    lock, pairs, used = scene.world.lock("person", scene.person), proof(scene), proof(scene)
    client.token(own.nodes[0], used, auth=None)
    own.redis.ask("FLUSHALL")
    until(lambda: own.redis.ask("HGET", HEAD, "whole") == b"1")
    ready(own)
    for node in own:
        assert locked(node)[lock] == "active"
        assert [client.token(node, form, auth=None).status_code for form in (pairs, used)] == [503, 503]
    lifted = scene.admin.post(f"/locks/{lock}/lift", {"reason": "test"})
    assert lifted.status_code == 200, lifted.text
    lost_s = int(own.redis.ask("HGET", HEAD, "lost")) // 1_000

    def later():
        answer = client.token(own.nodes[1], proof(scene, iat=max(tokens.now(), lost_s + 3)), auth=None)
        return answer.status_code == 200 and answer
    assert issued(until(later)).token


@pytest.mark.parametrize("body", [b"", b"{}", os.urandom(300), os.urandom(100_000)])
def test_attack_85_who_does_not_know_the_master_key_gets_no_records_of_a_node(cluster, body):
    request = urllib.request.Request(cluster.nodes[0].operations + "/nodes/records", data=body, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code in (404, 413) and len(refused.value.read()) < 100
