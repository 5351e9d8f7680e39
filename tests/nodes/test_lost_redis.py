"""Contract §16: a Redis that lost what it held is filled again by the nodes before they serve; nothing is guessed."""

import time

import pytest

from support import client, tokens
from support.nodes import Cluster, at, scene_of
from support.redis import LOG, Redis
from support.scene import until
from support.world import unique

# One worker for the whole file: Redis loses its file once.
pytestmark = pytest.mark.xdist_group("lostredis")
BACK_S = 5


class Lost:
    """Three nodes whose Redis lost its file; what they knew before."""

    def __init__(self, redis: Redis, cluster: Cluster):
        self.redis, self.cluster = redis, cluster
        self.a, self.b, self.c = cluster.nodes
        self.scene, self.gone = scene_of(cluster), scene_of(cluster)
        world = self.b.world
        self.grant = world.grant(self.scene.agent.id, {self.scene.target.id: ["thing.write"]},
                                 person=self.scene.person, max_uses=5)
        self.made = [at(self.scene, node).token() for node in cluster]
        self.dead = self.gone.token()
        world.revoke("agent", self.gone.agent.id)
        self.used = [self.use(node).status_code for node in cluster]
        self.names = [node.world.client(unique("rs"))["client_id"] for node in cluster]
        self.spent, self.unsent = self.proof(), self.proof()
        assert client.token(self.a, self.spent, auth=None).status_code == 200
        self.seq = redis.entries(LOG)[-1][0]
        redis.kill9()
        redis.lose()
        redis.start()
        began = time.monotonic()
        for node in cluster:
            until(lambda node=node: at(self.scene, node).exchange().status_code == 200, 30)
        self.took_s = time.monotonic() - began

    def use(self, node):
        """One use of the grant."""
        return at(self.scene, node).exchange(self.grant, client.GRANT, scope="thing.write")

    def proof(self, **changes) -> list[tuple[str, str]]:
        """An exchange with an assertion of its own, to be sent as it is."""
        return client.form(self.scene.subject(), audience=self.scene.target.audience, scope="thing.read",
                           client_assertion=tokens.client_assertion(self.scene.broker, self.scene.agent, **changes),
                           client_assertion_type=client.ASSERTION_TYPE)


@pytest.fixture(scope="module")
def lost():
    with Redis() as redis, Cluster(redis) as cluster:
        yield Lost(redis, cluster.start())


def test_the_nodes_serve_within_5_s_of_the_return_of_an_empty_redis(lost, figure):
    figure(f"nodes serve {lost.took_s:.2f} s after the return of a Redis that lost its file")
    assert lost.took_s <= BACK_S


def test_every_change_is_put_back_and_none_is_lost(lost):
    entries = lost.redis.entries(LOG)
    ids = [entry for entry, _ in entries]
    assert ids == [f"{n}-0" for n in range(1, len(ids) + 1)] and lost.seq in ids
    for node in lost.cluster:
        assert [node.api.get(f"/clients/{name}").status_code for name in lost.names] == [200] * 3
    assert sum(node.metric("locum_store_republished_records_total") for node in lost.cluster) >= len(ids) - 5


def test_tokens_of_before_live_and_what_was_dead_is_dead(lost):
    for node in lost.cluster:
        assert all(at(lost.scene, node).active(token.token) for token in lost.made)
        assert not at(lost.gone, node).active(lost.dead.token)


def test_an_assertion_that_was_used_before_is_refused_at_every_node(lost):
    assert {client.token(node, lost.spent, auth=None).status_code for node in lost.cluster} <= {401, 503}


def test_an_assertion_that_was_issued_before_is_refused_503_for_good_whether_it_was_used_or_not(lost):
    """Nobody knows whether it was: its client issues another."""
    for _ in range(2):
        for node in lost.cluster:
            answer = client.token(node, lost.unsent, auth=None)
            assert answer.status_code == 503 and answer.json()["code"] == "LCM-UNAVAILABLE", answer.text


def test_an_assertion_that_was_issued_since_is_taken_once(lost):
    def taken():
        pairs = lost.proof()
        answer = client.token(lost.b, pairs, auth=None)
        return pairs if answer.status_code == 200 else None

    pairs = until(taken)
    assert [client.token(node, pairs, auth=None).status_code for node in lost.cluster] == [401] * 3


def test_uses_that_were_taken_before_are_counted(lost):
    assert lost.used == [200] * 3
    assert [lost.use(node).status_code for node in lost.cluster] == [200, 200, 400]
    assert {lost.use(node).status_code for node in lost.cluster} == {400}


def test_the_decisions_of_before_are_still_told_at_every_node(lost):
    wanted = {token.body["delegation_id"] for token in lost.made}
    for node in lost.cluster:
        query = {"agent": lost.scene.agent.id, "limit": 100}
        assert wanted <= {item["id"] for item in node.api.get("/decisions", params=query).json()["items"]}


def test_a_node_with_an_empty_folder_joins_what_was_put_back(lost):
    joined = lost.cluster.add("d").start()
    assert [joined.api.get(f"/clients/{name}").status_code for name in lost.names] == [200] * 3
    assert not at(lost.gone, joined).active(lost.dead.token)
    for token in lost.made:
        assert joined.introspect(token.token, lost.scene.target.server) != {"active": False}


def test_the_nodes_that_were_down_while_redis_lost_its_file_put_back_what_only_they_have():
    """All nodes ended, Redis lost everything: whoever starts first republishes, and never seeds."""
    with Redis() as redis, Cluster(redis) as cluster:
        scene = scene_of(cluster.start())
        made = [at(scene, node).token() for node in cluster]
        name = cluster.nodes[2].world.client(unique("rs"))["client_id"]
        tree = redis.ask("HGET", "locum:default:{c}:head", "tree")
        for node in cluster:
            node.kill9()
        redis.kill9()
        redis.lose()
        redis.start()
        for node in cluster:
            node.begin()
        for node in cluster:
            node.until_ready()
            assert node.api.get(f"/clients/{name}").status_code == 200
        assert redis.ask("HGET", "locum:default:{c}:head", "tree") == tree
        for node in cluster:
            until(lambda node=node: all(at(scene, node).introspect(token.token).json().get("active") for token in made))


class Apart:
    """Two nodes of which one has changes that the other never saw; Redis lost its file, and only the other started."""

    def __init__(self, redis: Redis, cluster: Cluster):
        self.a, self.b = cluster.start()
        self.b.kill9()
        cluster.until_gone("b")
        self.names = [self.a.world.client(unique("rs"))["client_id"] for _ in range(3)]
        self.lock = self.a.world.lock("agent", "invoice-agent")
        self.a.kill9()
        redis.kill9()
        redis.lose()
        redis.start()
        self.b.start()


@pytest.fixture
def apart(redis):
    with Cluster(redis, ("a", "b")) as cluster:
        yield Apart(redis, cluster)


def test_changes_that_only_one_node_has_are_put_back_when_it_comes_though_others_served_before(apart):
    apart.a.start()
    for node in (apart.a, apart.b):
        until(lambda: node.is_ready() and node.metric("locum_store_behind") == 0)
        until(lambda: all(node.api.get(f"/clients/{name}").status_code == 200 for name in apart.names))
        assert node.api.get(f"/locks/{apart.lock}").status_code == 200
    more = apart.b.world.client(unique("rs"))["client_id"]
    assert until(lambda: apart.a.api.get(f"/clients/{more}").status_code == 200)


def test_a_node_with_other_changes_than_were_made_meanwhile_does_not_serve_and_says_that_there_are_two_histories(apart):
    name = apart.b.world.client(unique("rs"))["client_id"]
    apart.a.begin()
    until(lambda: not apart.a.running or "histories" in (apart.a.flaw() or ""))
    assert "histories" in (apart.a.flaw() or apart.a.output()) and not apart.a.is_ready()
    assert apart.b.api.get(f"/clients/{name}").status_code == 200
    assert [apart.b.api.get(f"/clients/{other}").status_code for other in apart.names] == [404] * 3, "nothing is guessed"
