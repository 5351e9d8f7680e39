"""Contract §16: which node joins a cluster, which one founds it, and which does not start and says why."""

import shutil
import threading

import pytest

from support.nodes import Cluster, at, scene_of
from support.parallel import at_once
from support.redis import HEAD, LOG, Redis
from support.scene import until
from support.world import unique

# One worker for the whole file: its cluster is started once.
pytestmark = pytest.mark.xdist_group("whojoins")


@pytest.fixture(scope="module")
def three():
    """A cluster that others try to join."""
    with Redis() as redis, Cluster(redis, ("a", "b")) as cluster:
        yield cluster.start()


def test_a_folder_with_another_record_does_not_start_and_both_trees_are_named(three):
    with Cluster(three.redis, ("z",), like=three) as other:
        node = other.nodes[0]
        node.shared = False
        node.start()
        node.world.client()
        node.stop()
        node.shared = True
        said = node.begin().ends()
        assert three.redis.ask("HGET", HEAD, "tree").decode() in said and "record" in said
        assert said.count("`") >= 4, said
        assert other.nodes[0].locum("config", "check", "--config", node.config).returncode == 0, "its folder is as it was"


def test_a_folder_of_another_cluster_does_not_start_and_both_trees_are_named(three):
    with Redis() as redis, Cluster(redis, ("z",), like=three) as other:
        node = other.nodes[0].start()
        own = redis.ask("HGET", HEAD, "tree").decode()
        node.stop()
        node.redis = three.redis.url
        said = node.begin().ends()
        assert own in said and three.redis.ask("HGET", HEAD, "tree").decode() in said


def test_a_node_of_another_issuer_does_not_start_and_says_why(three):
    with Cluster(three.redis, ("z",), like=three) as other:
        other.nodes[0].ready["issuer"] = "http://127.0.0.1:9/other"
        said = other.nodes[0].begin().ends()
        assert "http://127.0.0.1:9/other" in said and three.issuer in said


def test_a_node_of_another_master_key_does_not_start_and_says_why(three):
    with Cluster(three.redis, ("z",)) as other:
        other.nodes[0].ready["issuer"] = three.issuer
        said = other.nodes[0].begin().ends()
        assert "master key" in said and other.master not in said


def test_another_folder_does_not_start_under_the_name_of_a_live_node(three):
    with Cluster(three.redis, ("a",), like=three) as other:
        said = other.nodes[0].begin().ends()
        assert "`a`" in said and "store.node" in said


def test_another_folder_starts_under_the_name_of_a_node_that_ended(three):
    third = three.add("c").start()
    third.kill9()
    three.until_gone("c")
    with Cluster(three.redis, ("c",), like=three) as other:
        other.nodes[0].start()
    assert all(node.is_ready() for node in three.nodes[:2])


def test_a_copy_of_a_live_node_s_folder_does_not_start(three, tmp_path):
    with Cluster(three.redis, ("z",), like=three) as other:
        shutil.copytree(three.nodes[1].data_dir, other.nodes[0].data_dir)
        for lock in other.nodes[0].data_dir.rglob("*lock*"):
            lock.unlink()
        said = other.nodes[0].begin().ends()
        assert "`b`" in said and "folder" in said, said


def test_none_of_those_that_did_not_start_changed_anything(three):
    for node in three.nodes[:2]:
        assert node.is_ready()
    assert scene_of(three).exchange().status_code == 200


def test_of_three_that_start_at_once_at_an_empty_redis_one_founds_the_record_and_all_share_it():
    with Redis() as redis, Cluster(redis) as cluster:
        at_once(*[node.begin for node in cluster])
        for node in cluster:
            node.until_ready()
        cluster.declare()
        scene = scene_of(cluster)
        trees = {node.name: {item["node"] for item in node.api.get("/nodes").json()["items"]} for node in cluster}
        assert set(map(frozenset, trees.values())) == {frozenset({"a", "b", "c"})}
        assert [at(scene, node).exchange().status_code for node in cluster] == [200] * 3
        assert redis.entries(LOG)[0][0] == "1-0"


def test_of_two_brokers_with_data_that_start_at_once_at_an_empty_redis_one_seeds_it_and_the_other_ends(tmp_path):
    with Redis() as redis, Cluster(redis, ("a", "b")) as cluster:
        for node in cluster:
            node.shared = False
            node.start()
            node.ready["mine"] = node.world.client(unique("rs"))["client_id"]
            node.stop()
            node.shared = True
        at_once(*[node.begin for node in cluster])
        a, b = cluster
        until(lambda: sum(node.is_ready() for node in cluster) == 1 and not (a.running and b.running))
        [first] = [node for node in cluster if node.running]
        [last] = [node for node in cluster if node is not first]
        assert first.api.get(f"/clients/{first.mine}").status_code == 200
        assert first.api.get(f"/clients/{last.mine}").status_code == 404
        assert redis.ask("HGET", HEAD, "tree").decode() in last.output()


def test_a_node_killed_while_it_seeds_an_empty_redis_seeds_it_at_its_next_start():
    with Redis() as redis, Cluster(redis, ("a",)) as cluster:
        node = cluster.nodes[0]
        node.shared = False
        node.start()
        names = [node.world.client(unique("rs"))["client_id"] for _ in range(30)]
        node.stop()
        node.shared = True
        for pause in (0.05, 0.15, 0.3, 0.5):
            node.begin()
            threading.Event().wait(pause)
            node.kill9()
        node.start()
        assert [node.api.get(f"/clients/{name}").status_code for name in names] == [200] * len(names)
        joined = cluster.add("b").start()
        assert [joined.api.get(f"/clients/{name}").status_code for name in names] == [200] * len(names)


def test_a_folder_of_a_cluster_does_not_start_without_its_redis_and_says_why():
    with Redis() as redis, Cluster(redis, ("a",)) as cluster:
        node = cluster.nodes[0].start()
        tree = redis.ask("HGET", HEAD, "tree").decode()
        node.stop()
        node.shared = False
        said = node.begin().ends()
        assert "store.redis" in said and tree in said
