"""Contract §16: what a node does at its start about the Redis that it finds: it waits, or ends and says why."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support.nodes import Cluster, at, scene_of
from support.redis import Redis
from support.scene import Scene, until


def alone(redis: Redis) -> Cluster:
    """A cluster of one node."""
    return Cluster(redis, ("a",))


def begun(cluster: Cluster, more: str = ""):
    """Its node, which begins with these lines under `[store]`."""
    node = cluster.nodes[0]
    node.more = more
    return node.begin()


def test_a_node_waits_for_a_redis_that_cannot_be_reached_says_so_and_starts_once_it_is_there():
    redis = Redis()
    with alone(redis) as cluster:
        node = begun(cluster)
        flaw = until(lambda: (said := node.flaw()) if said_of_redis(node) else None)
        assert "cannot be reached" in flaw, flaw
        assert node.operation("/livez")[0] == 200 and node.operation("/readyz")[0] == 503
        assert node.running
        with redis:
            node.until_ready()
            cluster.declare()
            assert Scene(node.world).exchange().status_code == 200


def said_of_redis(node) -> bool:
    """Whether its readiness speaks of Redis."""
    return "Redis" in (node.flaw() or "")


def test_a_node_that_waits_answers_nobody_at_its_public_listener_and_ends_politely():
    with alone(Redis()) as cluster:
        node = begun(cluster)
        until(lambda: said_of_redis(node))
        assert node.operation("/metrics")[0] in (0, 404)
        assert node.stop() == 0


def test_a_node_waits_for_a_redis_that_reads_its_file_says_so_and_starts_when_it_has():
    """Such a server answers `LOADING`; here it takes its time for each key of the file."""
    with Redis("--key-load-delay", "10000", "--loading-process-events-interval-bytes", "1024") as redis:
        redis.ask("EVAL", "for i = 1, 150 do redis.call('SET', 'other:' .. i, string.rep('x', 500)) end", 0)
        with alone(redis) as cluster:
            node = cluster.start().nodes[0]
            scene = Scene(node.world)
            made = scene.token()
            node.stop()
            redis.ask("BGREWRITEAOF")
            until(lambda: (redis.says("aof_rewrite_scheduled"), redis.says("aof_rewrite_in_progress")) == ("0", "0"))
            redis.kill9()
            with ThreadPoolExecutor(1) as pool:
                starting = pool.submit(redis.start)
                node.begin()
                assert until(lambda: node.flaw() if "file" in (node.flaw() or "") else None)
                assert not starting.done()
                starting.result()
            node.until_ready()
            assert scene.active(made.token)


@pytest.fixture
def guarded():
    """A Redis with a user and a password; whoever tests may do everything without."""
    with Redis() as redis:
        redis.ask("ACL", "SETUSER", "locum", "on", ">right", "~*", "&*", "+@all")
        yield redis


def with_password(cluster: Cluster, password: str, user: str = "locum"):
    cluster.nodes[0].write("redis.password", password)
    return begun(cluster, f'user = "{user}"\npassword_file = "redis.password"')


def test_a_node_with_the_right_password_starts(guarded):
    with alone(guarded) as cluster:
        with_password(cluster, "right").until_ready()


@pytest.mark.parametrize("user, password", [("locum", "wrong"), ("nobody", "right")])
def test_a_node_with_a_wrong_password_or_user_ends_and_names_the_settings(guarded, user, password):
    with alone(guarded) as cluster:
        said = with_password(cluster, password, user).ends()
        assert "store.user" in said and "store.password_file" in said
        assert password not in said, "a secret is not written anywhere"
        assert guarded.ask("KEYS", "*") == []


def test_a_node_without_the_password_that_redis_wants_ends_and_names_the_settings(guarded):
    guarded.ask("ACL", "SETUSER", "watch", "on", ">watch", "~*", "+@all")
    guarded.ask("ACL", "SETUSER", "default", "resetpass", ">needed")
    with alone(guarded) as cluster:
        said = begun(cluster).ends()
        assert "store.user" in said and "store.password_file" in said


@pytest.mark.parametrize("policy", ["allkeys-lru", "volatile-ttl"])
def test_a_node_at_a_redis_that_evicts_ends_and_says_why(policy):
    with Redis("--maxmemory-policy", policy, "--maxmemory", "100mb") as redis, alone(redis) as cluster:
        said = begun(cluster).ends()
        assert "noeviction" in said and policy in said
        assert redis.ask("KEYS", "*") == []


def test_a_node_at_a_redis_without_an_append_only_file_ends_and_says_why():
    with Redis(appendonly=False) as redis, alone(redis) as cluster:
        said = begun(cluster).ends()
        assert "appendonly yes" in said
        assert redis.ask("KEYS", "*") == []


def test_a_redis_that_may_lose_data_will_do_where_the_operator_says_so():
    with Redis("--maxmemory-policy", "allkeys-lru", appendonly=False) as redis, alone(redis) as cluster:
        begun(cluster, "allow_volatile = true").until_ready()
        cluster.declare()
        assert Scene(cluster.nodes[0].world).exchange().status_code == 200


def test_a_node_that_is_pointed_at_a_replica_ends_and_says_why(redis):
    with Redis(replica_of=redis) as replica, alone(replica) as cluster:
        until(lambda: replica.says("role") == "slave")
        for more in ("", "allow_volatile = true"):
            assert "replica" in begun(cluster, more).ends()


@pytest.mark.parametrize("url, named", [
    ("http://127.0.0.1:6379", "store.redis"), ("redis://user:secret@127.0.0.1:6379/0", "store.password_file"),
    ("redis-sentinel://127.0.0.1:26379", "store.redis"), ("127.0.0.1:6379", "store.redis"),
])
def test_an_address_that_is_none_ends_the_start_and_names_the_key(url, named):
    with alone(Redis()) as cluster:
        node = cluster.nodes[0]
        node.redis = url
        said = node.begin().ends()
        assert named in said and "secret" not in said


def test_a_port_that_speaks_no_redis_keeps_a_node_waiting_or_ends_it_and_it_says_why(redis):
    with alone(redis) as other, alone(redis) as cluster:
        other.nodes[0].start()
        node = cluster.nodes[0]
        node.redis = f"redis://127.0.0.1:{other.nodes[0].ports[1]}/0"
        node.begin()
        until(lambda: said_of_redis(node) or not node.running)
        assert not node.is_ready() and "Redis" in (node.flaw() or node.output())


def test_keys_of_the_store_without_its_address_end_the_start():
    with alone(Redis()) as cluster:
        node = cluster.nodes[0]
        node.shared = False
        node.write("locum.toml", node.settings() + '[store]\nnode = "a"\n')
        checked = node.locum("config", "check", "--config", node.config)
        assert checked.returncode == 1 and "store.redis" in checked.stdout + checked.stderr


def test_a_node_of_which_min_replicas_acked_asks_more_than_there_are_waits_and_says_so(redis):
    with alone(redis) as cluster:
        node = begun(cluster, "min_replicas_acked = 1")
        flaw = until(lambda: node.flaw() if "min_replicas_acked" in (node.flaw() or "") else None)
        assert "found 0" in flaw and node.running
        with Redis(replica_of=redis):
            node.until_ready()


def test_three_nodes_that_start_while_redis_is_away_are_one_broker_once_it_is_there():
    redis = Redis()
    with Cluster(redis) as cluster:
        for node in cluster:
            node.begin()
        for node in cluster:
            until(lambda: said_of_redis(node))
        with redis:
            for node in cluster:
                node.until_ready()
            cluster.declare()
            scene = scene_of(cluster)
            made = [at(scene, node).token() for node in cluster]
            assert all(at(scene, node).active(token.token) for node in cluster for token in made)
