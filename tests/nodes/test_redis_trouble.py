"""Contract §16: what happens when Redis is in trouble while nodes serve: a clear reason, nothing issued, nothing lost."""

import time

import pytest

from support import client, tokens
from support.nodes import Cluster, at, scene_of
from support.parallel import side_by_side
from support.redis import TURN, Proxy, Redis
from support.scene import until
from support.world import unique

WAITS_S = 2
"""Contract §16, "Redis": no request waits longer for Redis."""
SLACK_S = 0.5


class Trouble:
    """Two nodes at a Redis, what they knew before its trouble, and what must be so during and after it."""

    def __init__(self, cluster: Cluster):
        self.cluster = cluster
        self.scene = scene_of(cluster)
        self.made = self.scene.token()
        self.pairs = client.form(self.scene.subject(), audience=self.scene.target.audience, scope="thing.read",
                                 client_assertion=tokens.client_assertion(self.scene.broker, self.scene.agent),
                                 client_assertion_type=client.ASSERTION_TYPE)
        assert client.token(cluster.nodes[0], self.pairs, auth=None).status_code == 200
        self.decisions = self._permits()

    def _permits(self) -> list[str]:
        query = {"agent": self.scene.agent.id, "outcome": "permit", "limit": 100}
        return [item["id"] for item in self.cluster.nodes[0].api.get("/decisions", params=query).json()["items"]]

    def nothing_is_issued_or_changed(self) -> None:
        """Every node answers 503 to whoever wants a token or a change, soon, and never that a client is unknown."""
        self.names = [unique("rs") for _ in self.cluster]
        for node, name in zip(self.cluster, self.names):
            there = at(self.scene, node)
            for auth in ("basic", "private_key_jwt"):
                began = time.monotonic()
                answer = there.exchange(auth=auth)
                assert answer.status_code == 503 and answer.json()["code"] == "LCM-UNAVAILABLE", answer.text
                assert answer.json()["retryable"] is True and "Retry-After" in answer.headers
                assert time.monotonic() - began <= WAITS_S + SLACK_S
            began = time.monotonic()
            body = {"id": name, "kind": "resource_server", "auth": [{"method": "client_secret"}]}
            answer = node.api.post("/clients", body)
            assert answer.status_code == 503 and "was not made" in answer.json()["detail"], answer.text
            assert time.monotonic() - began <= WAITS_S + SLACK_S

    def says(self, *words: str) -> None:
        """The readiness of every node tells the reason at last."""
        for node in self.cluster:
            said = until(lambda: (flaw := node.flaw()) if any(word in (node.flaw() or "") for word in words) else None)
            assert said and node.operation("/readyz")[0] == 503 and node.operation("/livez")[0] == 200
            assert node.running

    def over(self) -> None:
        """Every node serves again by itself; nothing was issued meanwhile, and nothing of before is lost."""
        for node in self.cluster:
            there = at(self.scene, node)
            until(lambda: there.exchange().status_code == 200 and node.is_ready())
            assert there.active(self.made.token)
            assert client.token(node, self.pairs, auth=None).status_code in (401, 503), "a spent assertion stays spent"
            assert until(lambda: there.exchange(auth="private_key_jwt").status_code == 200)
            assert [node.api.get(f"/clients/{name}").status_code for name in self.names] == [404] * len(self.names)
            assert node.world.client(unique("rs"))
        assert set(self.decisions) <= set(self._permits())


@pytest.fixture
def trouble(redis):
    """Two nodes at a Redis of the test's own."""
    with Cluster(redis, ("a", "b")) as cluster:
        yield Trouble(cluster.start())


def test_where_redis_is_full_nothing_is_issued_the_reason_is_told_and_nothing_is_lost(trouble, redis):
    redis.ask("CONFIG", "SET", "maxmemory", "1")
    trouble.nothing_is_issued_or_changed()
    trouble.says("full")
    trouble.nothing_is_issued_or_changed()
    redis.ask("CONFIG", "SET", "maxmemory", "0")
    trouble.over()


def test_where_redis_became_a_replica_nothing_is_issued_the_reason_is_told_and_nothing_is_lost(trouble, redis):
    redis.ask("REPLICAOF", "127.0.0.1", "1")
    trouble.nothing_is_issued_or_changed()
    trouble.says("replica")
    trouble.nothing_is_issued_or_changed()
    redis.ask("REPLICAOF", "NO", "ONE")
    trouble.over()


def test_where_redis_has_another_password_nothing_is_issued_the_reason_is_told_and_nothing_is_lost(redis):
    redis.ask("ACL", "SETUSER", "locum", "on", ">first", "~*", "&*", "+@all")
    with Cluster(redis, ("a", "b")) as cluster:
        for node in cluster:
            node.write("redis.password", "first")
            node.more = 'user = "locum"\npassword_file = "redis.password"'
        trouble = Trouble(cluster.start())
        redis.ask("ACL", "SETUSER", "locum", "resetpass", ">second")
        redis.ask("CLIENT", "KILL", "USER", "locum")
        trouble.nothing_is_issued_or_changed()
        trouble.says("store.password_file")
        redis.ask("ACL", "SETUSER", "locum", "resetpass", ">first")
        trouble.over()


def test_where_redis_lets_its_user_do_nothing_nothing_is_issued_the_reason_is_told_and_nothing_is_lost(redis):
    redis.ask("ACL", "SETUSER", "locum", "on", ">first", "~*", "&*", "+@all")
    with Cluster(redis, ("a", "b")) as cluster:
        for node in cluster:
            node.write("redis.password", "first")
            node.more = 'user = "locum"\npassword_file = "redis.password"'
        trouble = Trouble(cluster.start())
        redis.ask("ACL", "SETUSER", "locum", "-@all")
        trouble.nothing_is_issued_or_changed()
        trouble.says("store.user")
        redis.ask("ACL", "SETUSER", "locum", "+@all")
        trouble.over()


def test_where_redis_is_gone_nothing_is_issued_the_reason_is_told_and_nothing_is_lost(trouble, redis):
    redis.kill9()
    trouble.nothing_is_issued_or_changed()
    trouble.says("cannot be reached", "Connection refused", "broken pipe", "does not answer")
    trouble.nothing_is_issued_or_changed()
    redis.start()
    trouble.over()


def test_where_redis_hangs_nothing_is_issued_the_reason_is_told_and_nothing_is_lost(trouble, redis):
    """A process that is stopped takes connections, and answers none."""
    redis.freeze()
    trouble.nothing_is_issued_or_changed()
    trouble.says("s old")
    trouble.nothing_is_issued_or_changed()
    redis.thaw()
    trouble.over()


@pytest.fixture
def slow(redis):
    """Two nodes that reach Redis through a proxy."""
    with Proxy(redis.port) as proxy, Cluster(redis, ("a", "b")) as cluster:
        for node in cluster:
            node.redis = proxy.url
        yield proxy, Trouble(cluster.start())


def test_where_redis_is_slow_requests_are_answered_later_and_nothing_is_refused(slow):
    proxy, trouble = slow
    proxy.slow(0.1)
    scene = trouble.scene
    for node in trouble.cluster:
        there = at(scene, node)
        made = there.token()
        assert there.exchange(auth="private_key_jwt").status_code == 200
        assert there.active(made.token)
        node.world.revoke("token", made.claims["jti"])
        assert not there.active(made.token)
        assert node.is_ready()


def test_where_redis_is_slower_than_requests_wait_nothing_is_issued_and_nothing_is_lost(slow):
    """What was on its way may have arrived: a change is in force or is not, everywhere alike."""
    proxy, trouble = slow
    proxy.slow(2.5)
    trouble.names = []
    for node in trouble.cluster:
        until(lambda: not node.is_ready())
    for node in trouble.cluster:
        began = time.monotonic()
        assert at(trouble.scene, node).exchange(auth="private_key_jwt").status_code == 503
        assert time.monotonic() - began <= WAITS_S + SLACK_S
    trouble.says("s old")
    proxy.slow(0)
    trouble.over()


def test_a_short_silence_of_redis_costs_time_and_no_answer_is_wrong(trouble, redis):
    """Requests on their way while Redis pauses end within their bound: with a token, or with 503."""
    scene = trouble.scene
    redis.ask("CLIENT", "PAUSE", "800", "ALL")

    def ask(n):
        began = time.monotonic()
        answer = at(scene, trouble.cluster.nodes[n % 2]).exchange(auth="private_key_jwt")
        return answer.status_code, time.monotonic() - began

    found = side_by_side(ask, range(8))
    assert {status for status, _ in found} <= {200, 503}
    assert max(took for _, took in found) <= WAITS_S + SLACK_S
    trouble.names = []
    trouble.over()


TROUBLES = {
    "full": (lambda redis: redis.ask("CONFIG", "SET", "maxmemory", "1"), lambda redis: redis.ask("CONFIG", "SET", "maxmemory", "0")),
    "a replica": (lambda redis: redis.ask("REPLICAOF", "127.0.0.1", "1"), lambda redis: redis.ask("REPLICAOF", "NO", "ONE")),
    "hanging": (Redis.freeze, Redis.thaw),
    "gone": (Redis.kill9, Redis.start),
}


@pytest.mark.parametrize("name", TROUBLES)
def test_a_request_answered_503_while_redis_was_in_trouble_may_be_sent_again_as_it_is(trouble, redis, name):
    """§6: an identical request may run again when the first run ended 5xx with no credential obtained."""
    begin, end = TROUBLES[name]
    scene = trouble.scene
    pairs = client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                        client_assertion=tokens.client_assertion(scene.broker, scene.agent),
                        client_assertion_type=client.ASSERTION_TYPE)
    begin(redis)
    assert client.token(trouble.cluster.nodes[0], pairs, auth=None).status_code == 503
    end(redis)
    statuses = []
    until(lambda: statuses.append(client.token(trouble.cluster.nodes[1], pairs, auth=None).status_code) or
          statuses[-1] != 503)
    assert statuses[-1] == 200, statuses
    assert client.token(trouble.cluster.nodes[0], pairs, auth=None).status_code == 401


def test_a_change_waits_no_longer_than_2_s_for_the_turn_of_a_node_that_died(trouble, redis):
    assert redis.ask("SET", TURN, "of-a-node-that-died", "NX", "PX", 5000) == b"OK"
    began = time.monotonic()
    body = {"id": unique("rs"), "kind": "resource_server", "auth": [{"method": "client_secret"}]}
    answer = trouble.cluster.nodes[0].api.post("/clients", body)
    assert time.monotonic() - began <= WAITS_S + SLACK_S
    assert answer.status_code == 201 or "was not made" in answer.json()["detail"], answer.text


def test_a_revocation_does_not_wait_for_the_turn_of_another_node(trouble, redis):
    """§16: revocations and locks are unconditional."""
    assert redis.ask("SET", TURN, "of-another-node", "NX", "PX", 5000) == b"OK"
    trouble.cluster.nodes[0].world.revoke("token", trouble.made.claims["jti"])
    trouble.cluster.nodes[1].world.lock("agent", trouble.scene.agent.id)
    assert redis.ask("GET", TURN) == b"of-another-node", "it was in force all the while"
