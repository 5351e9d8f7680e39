"""Attacks by who can write to the Redis of many nodes, or reaches their operations listeners, rows 80, 81 and 85: what
is taken out, and how the nodes go on. What they do not take is in tests/nodes."""

import os
import shutil
import urllib.error
import urllib.request

import pytest

from support.nodes import Cluster
from support.redis import Redis
from support.scene import Scene, until
from support.world import World

pytestmark = pytest.mark.skipif(shutil.which("redis-server") is None, reason="redis-server is not installed here")

HEAD, LOG, NODES = (f"locum:default:{{c}}:{name}" for name in ("head", "log", "nodes"))


@pytest.fixture(scope="module")
def cluster():
    """Two nodes that all tests of this file share; each leaves them ready."""
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


def test_attack_81_a_planned_change_counts_behind_the_one_that_it_was_planned_on_alone(cluster, scene):
    old = scene.admin.get(f"/agents/{scene.agent.id}").json()["name"]
    scene.world.change(f"/agents/{scene.agent.id}", name="before")
    replayed = changes(cluster)[-1]
    scene.world.change(f"/agents/{scene.agent.id}", name="after")
    put(cluster, replayed)
    ready(cluster)
    assert {node.api.get(f"/agents/{scene.agent.id}").json()["name"] for node in cluster} == {"after"} != {old}
    assert scene.world.change(f"/agents/{scene.agent.id}", name="at last").name == "at last"


def test_attack_81_what_was_put_there_again_keeps_nobody_from_changing_once_the_log_was_put_back_or_mended(cluster, scene):
    """What is on record and not in force counts alike in Redis and at the nodes."""
    path = f"/agents/{scene.agent.id}"
    scene.world.change(path, name="before")
    replayed = changes(cluster)[-1]
    scene.world.change(path, name="after")
    put(cluster, replayed)
    ready(cluster)
    cluster.redis.ask("FLUSHALL")
    until(lambda: cluster.redis.ask("HGET", HEAD, "whole") == b"1")
    ready(cluster)
    assert until(lambda: changed(cluster, path, "put back"))
    put(cluster, os.urandom(100))
    assert "is taken out" in repair(cluster)
    ready(cluster)
    assert until(lambda: changed(cluster, path, "mended"))


def changed(cluster, path: str, name: str) -> bool:
    """Whether an agent takes another name at the second node."""
    api = cluster.nodes[1].api
    current = api.get(path)
    return api.put(path, current.json() | {"name": name}, headers={"If-Match": current.headers["ETag"]}).status_code == 200


@pytest.mark.parametrize("body", [b"", b"{}", os.urandom(300), os.urandom(100_000)])
def test_attack_85_who_does_not_know_the_master_key_gets_no_records_of_a_node(cluster, body):
    request = urllib.request.Request(cluster.nodes[0].operations + "/nodes/records", data=body, method="POST")
    with pytest.raises(urllib.error.HTTPError) as refused:
        urllib.request.urlopen(request, timeout=10)
    assert refused.value.code in (404, 413) and len(refused.value.read()) < 100
