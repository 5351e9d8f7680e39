"""Contract §16: whoever can write to Redis frees no mark and no use that a node knows, and forges no decision."""

import os

import pytest

from support import client, tokens
from support.nodes import Cluster, at, scene_of
from support.redis import PREFIX, Redis, tree_head, tree_log
from support.scene import until


@pytest.fixture
def attacked(redis):
    """Two nodes, a scene, and their Redis, which is open to the test."""
    with Cluster(redis, ("a", "b")) as cluster:
        yield cluster.start(), scene_of(cluster), redis


def proof(scene) -> list[tuple[str, str]]:
    """An exchange with an assertion of its own, to be sent as it is."""
    return client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                       client_assertion=tokens.client_assertion(scene.broker, scene.agent),
                       client_assertion_type=client.ASSERTION_TYPE)


def forgotten(redis, kind: str) -> int:
    """Deletes all keys of a kind: `m` marks, `u` uses; how many there were."""
    keys = redis.ask("KEYS", f"{PREFIX}{kind}:*")
    return redis.ask("DEL", *keys)


def permits(node, scene) -> list[str]:
    """The permits about the agent that a node lists, newest first."""
    query = {"agent": scene.agent.id, "outcome": "permit", "limit": 100}
    return [item["id"] for item in node.api.get("/decisions", params=query).json()["items"]]


def test_an_assertion_whose_mark_was_deleted_is_still_refused_at_the_node_that_took_it(attacked):
    cluster, scene, redis = attacked
    for node in cluster:
        pairs = proof(scene)
        assert client.token(node, pairs, auth=None).status_code == 200
        assert forgotten(redis, "m") >= 1
        assert client.token(node, pairs, auth=None).status_code == 401


def test_an_assertion_whose_mark_was_deleted_is_refused_at_every_node_that_has_its_decision(attacked):
    cluster, scene, redis = attacked
    a, b = cluster
    pairs = proof(scene)
    answer = client.token(a, pairs, auth=None)
    until(lambda: answer.json()["delegation_id"] in permits(b, scene))
    assert forgotten(redis, "m") >= 1
    assert client.token(b, pairs, auth=None).status_code == 401


def test_a_mark_put_there_by_somebody_else_frees_nothing(attacked):
    cluster, scene, redis = attacked
    a, b = cluster
    pairs = proof(scene)
    assert client.token(a, pairs, auth=None).status_code == 200
    for key in redis.ask("KEYS", f"{PREFIX}m:*"):
        known = redis.ask("GET", key)
        redis.ask("SET", key, b"f" + known[1:65], "KEEPTTL")
    assert client.token(a, pairs, auth=None).status_code == 401


def test_uses_whose_count_was_deleted_stay_taken_where_they_are_known(attacked):
    cluster, scene, redis = attacked
    grant = scene.world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person, max_uses=2)

    def use(node):
        return at(scene, node).exchange(grant, client.GRANT, scope="thing.write")

    answers = [use(node) for node in cluster]
    assert [answer.status_code for answer in answers] == [200, 200]
    for node in cluster:
        until(lambda: {answer.json()["delegation_id"] for answer in answers} <= set(permits(node, scene)))
    assert forgotten(redis, "u") == 1
    assert [use(node).status_code for node in cluster] == [400, 400]


def trees(cluster) -> dict[str, str]:
    """The tree of each node's decisions."""
    return {item["node"]: item["tree"] for item in cluster.nodes[0].api.get("/nodes").json()["items"]}


def commit(redis, tree: str, sealed: bytes, first: int | None = None) -> None:
    """Puts a commit behind those of a tree, as the script of a node does."""
    at_index = int(redis.ask("HGET", tree_head(tree), "next"))
    fields = ("f", at_index if first is None else first, "d", sealed, "t", tokens.now() * 1000)
    redis.ask("XADD", tree_log(tree), f"{at_index + 1}-0", *fields)
    redis.ask("HSET", tree_head(tree), "next", at_index + 1)


FORGED = {
    "random bytes": lambda redis, mine, other: os.urandom(400),
    "an earlier commit": lambda redis, mine, other: redis.entries(tree_log(mine))[0][1][b"d"],
    "a commit of another node": lambda redis, mine, other: redis.entries(tree_log(other))[-1][1][b"d"],
}


@pytest.mark.parametrize("name", FORGED)
def test_a_commit_that_does_not_open_at_its_place_is_no_decision_at_another_node(attacked, name):
    cluster, scene, redis = attacked
    a, b = cluster
    made = [at(scene, node).token() for node in cluster]
    for node in cluster:
        until(lambda: {token.body["delegation_id"] for token in made} <= set(permits(node, scene)))
    before = permits(b, scene)
    tree = trees(cluster)
    commit(redis, tree["a"], FORGED[name](redis, tree["a"], tree["b"]))
    until(lambda: "are not followed" in b.output())
    assert permits(b, scene) == before
    assert [at(scene, b).active(token.token) for token in made] == [True, True], "what it knew it still knows"


def test_a_commit_of_another_cluster_is_no_decision_here(attacked):
    cluster, scene, redis = attacked
    a, b = cluster
    made = scene.token()
    until(lambda: made.body["delegation_id"] in permits(b, scene))
    before = permits(b, scene)
    with Redis() as other_redis, Cluster(other_redis, ("x",)) as other:
        foreign = scene_of(other.start())
        [tree] = trees(other).values()
        commit(redis, trees(cluster)["a"], other_redis.entries(tree_log(tree))[-1][1][b"d"])
    until(lambda: "are not followed" in b.output())
    assert permits(b, scene) == before and permits(b, foreign) == []


def test_a_token_whose_commit_was_deleted_is_never_said_to_be_inactive_by_a_node_that_joins(attacked):
    """§16: an unknown `jti` while a live node's records are not whole here is 503, or is asked of that node."""
    cluster, scene, redis = attacked
    made = [at(scene, node).token() for node in cluster]
    for tree in trees(cluster).values():
        assert redis.ask("XTRIM", tree_log(tree), "MAXLEN", 0) >= 1
    joined = cluster.add("c").start()
    for token in made:
        found = joined.introspect(token.token, scene.target.server)
        assert found == 503 or found["active"] is True
        answer = client.revoke(joined, token.token, agent=scene.agent)
        assert answer.status_code == 503 or not scene.active(token.token), "it is not passed over in silence"


def test_tickets_put_there_by_somebody_else_are_nobody_s(attacked):
    cluster, scene, redis = attacked
    name = os.urandom(16)
    redis.ask("HSET", f"{PREFIX}{{k}}:tickets", name, b"0" * 40 + os.urandom(100))
    redis.ask("ZADD", f"{PREFIX}{{k}}:ends", tokens.now() + 600, name)
    for node in cluster:
        assert at(scene, node).exchange().status_code == 200 and node.is_ready()
