"""Issue 11 and contract §16, "Redis": a node that is cut off from Redis refuses within its bound, and comes back by
itself; nothing acknowledged is lost, nothing is taken twice."""

import time

import pytest

from support import client
from support.history import History
from support.nodes import Cluster, at, scene_of
from support.redis import Proxy, Redis
from support.scene import until
from support.world import unique

# One worker for the whole file: it waits for bounds.
pytestmark = pytest.mark.xdist_group("partition")
STALE_S = 3
"""`store.stale_s`, as by default."""
WAITS_S = 2
"""No request waits longer for Redis."""
BACK_S = 5
"""A node serves within that of the return of its Redis."""
ROUNDS, LONG_ROUNDS = 1, 10


class Cut:
    """Three nodes, the third of which reaches Redis through a proxy."""

    def __init__(self, redis):
        self.proxy = Proxy(redis.port)
        self.cluster = Cluster(redis)
        self.a, self.b, self.c = self.cluster.nodes
        self.c.redis = self.proxy.url

    def __enter__(self) -> "Cut":
        self.cluster.start()
        return self

    def __exit__(self, *_):
        self.cluster.__exit__()
        self.proxy.__exit__()


def refuses(node, scene, token) -> bool:
    """Whether it says at introspection that it does not know."""
    return node.introspect(token, scene.target.server) == 503


@pytest.fixture(scope="module")
def cut_off():
    """Three nodes, a scene, and a token from before; the third node is cut off and refuses."""
    with Redis() as redis, Cut(redis) as cut:
        scene = scene_of(cut.cluster)
        made = scene.token()
        assert at(scene, cut.c).active(made.token)
        cut.proxy.cut()
        began, last_yes = time.monotonic(), 0.0
        while not refuses(cut.c, scene, made.token):
            last_yes = time.monotonic()
        yield cut, scene, made, last_yes - began


def test_a_node_that_is_cut_off_answers_from_its_state_no_longer_than_stale_s(cut_off, figure):
    *_, last_yes_s = cut_off
    figure(f"a node that is cut off answers for {last_yes_s:.2f} s at most")
    assert last_yes_s <= STALE_S + 0.1


@pytest.mark.parametrize("asked", ["exchange", "exchange with an assertion", "introspection", "revocation"])
def test_a_node_that_is_cut_off_answers_503_at_once_or_within_2_s_with_retry_after(cut_off, asked):
    cut, scene, made, _ = cut_off
    there = at(scene, cut.c)
    began = time.monotonic()
    answer = {"exchange": there.exchange,
              "exchange with an assertion": lambda: there.exchange(auth="private_key_jwt"),
              "introspection": lambda: there.introspect(made.token),
              "revocation": lambda: client.revoke(cut.c, made.token, agent=scene.agent)}[asked]()
    assert answer.status_code == 503, answer.text
    assert answer.json()["code"] == "LCM-UNAVAILABLE" and int(answer.headers["Retry-After"]) >= 1
    assert time.monotonic() - began <= WAITS_S + 0.3


@pytest.mark.parametrize("path, body", [
    ("/revocations", {"what": {"kind": "agent", "id": "invoice-agent"}, "reason": "test"}),
    ("/locks", {"what": {"kind": "agent", "id": "invoice-agent"}, "reason": "test"}),
    ("/clients", {"id": "never-made", "kind": "resource_server", "auth": [{"method": "client_secret"}]}),
    ("/keys/rotate", {"alg": "ES256", "reason": "test"}),
    ("/agents/invoice-agent/suspend", {"reason": "test"}),
])
def test_a_change_at_a_node_that_is_cut_off_is_answered_503_and_was_not_made(cut_off, path, body):
    cut, *_ = cut_off
    before = cut.a.api.get("/locks").text, cut.a.api.get("/keys").text, cut.a.api.get("/agents/invoice-agent").text
    began = time.monotonic()
    answer = cut.c.api.post(path, body)
    assert answer.status_code == 503 and "was not made" in answer.json()["detail"], answer.text
    assert time.monotonic() - began <= WAITS_S + 0.3
    assert (cut.a.api.get("/locks").text, cut.a.api.get("/keys").text,
            cut.a.api.get("/agents/invoice-agent").text) == before
    assert cut.a.api.get("/clients/never-made").status_code == 404


def test_a_node_that_is_cut_off_still_shows_its_keys_its_metadata_and_what_it_knows(cut_off):
    cut, *_ = cut_off
    for path in ("jwks", "receipts/jwks", ".well-known/oauth-authorization-server", "errors/LCM-LOCKED"):
        assert client.http.get(client.endpoint(cut.c, path), timeout=30).status_code == 200, path
    for path in ("/agents", "/targets", "/policies", "/keys", "/grants", "/decisions", "/nodes", "/locks"):
        answer = cut.c.api.get(path)
        assert answer.status_code == 200, (path, answer.text)


def test_a_node_that_is_cut_off_lives_and_is_not_ready_and_says_that_it_is_the_store(cut_off):
    cut, *_ = cut_off
    assert cut.c.operation("/livez")[0] == 200
    assert cut.c.operation("/readyz")[0] == 503
    flaw = cut.c.flaw()
    assert flaw and "s old" in flaw, flaw


def test_the_other_nodes_work_on_and_list_it_as_not_ready(cut_off):
    cut, scene, made, _ = cut_off
    for node in (cut.a, cut.b):
        assert node.is_ready() and at(scene, node).active(made.token)
        assert until(lambda: cut.cluster.live(node) == {"a", "b"})
        made_here = at(scene, node).token()
        answer = node.world.revoke("token", made_here.claims["jti"])
        assert (answer.confirmed["replicas"], answer.confirmed["of"]) == (2, 2)


def test_what_was_changed_meanwhile_holds_at_a_node_that_comes_back_by_itself_within_5_s(cut_off, figure):
    """Last in this file: the node is joined again."""
    cut, scene, made, _ = cut_off
    cut.a.world.revoke("token", made.claims["jti"])
    name = cut.b.world.client(unique("rs"))["client_id"]
    cut.proxy.join()
    began = time.monotonic()
    answer = until(lambda: None if (found := cut.c.introspect(made.token, scene.target.server)) == 503 else found)
    took = time.monotonic() - began
    figure(f"a node that was cut off serves {took:.2f} s after the join")
    assert answer == {"active": False}, "its first word is of now"
    assert took <= BACK_S
    assert cut.c.api.get(f"/clients/{name}").status_code == 200
    until(cut.c.is_ready)
    assert cut.c.metric("locum_store_behind") == 0


def test_nothing_acknowledged_is_lost_and_nothing_is_taken_twice_where_a_node_is_cut_off_under_load(long, figure):
    with Redis() as redis, Cut(redis) as cut:
        history = History(cut.cluster)
        with history:
            for _ in range(LONG_ROUNDS if long else ROUNDS):
                history.more(60)
                cut.proxy.cut()
                until(lambda: not cut.c.is_ready())
                history.more(60)
                cut.proxy.join()
                until(cut.c.is_ready)
                history.new_round()
            history.more(60)
        history.check()
        figure(f"a node cut off, {len(history.grants) - 1} rounds: {history.text()}")
