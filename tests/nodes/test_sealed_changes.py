"""Contract §16: Redis is trusted for order and availability only. Whoever can write there puts no change into force."""

import os

import pytest

from support import client
from support.nodes import Cluster
from support.redis import HEAD, LOG, NODES, Redis, tree_log
from support.scene import problem, until
from support.world import unique

LISTS = ("/issuers", "/locks", "/agents", "/targets", "/clients", "/credentials", "/policies", "/revocations", "/grants")


class Attacked:
    """Two nodes, what an administrator made at them, and what they show; their Redis is open to the test."""

    def __init__(self, redis: Redis, cluster: Cluster):
        self.redis, self.cluster = redis, cluster
        for node in cluster:
            node.start()
        self.a, self.b = cluster.nodes
        self.world = self.a.world
        self.issuer = self.world.issuer()
        self.locked = self.world.client()
        self.lock = self.world.lock("client", self.locked["client_id"])
        self.before = self.shown()

    def shown(self) -> list[dict]:
        """What every node lists; all the same."""
        return [listed(node) for node in self.cluster]

    def entry(self, back: int = 1) -> bytes:
        """The sealed bytes of the newest change but so many."""
        return self.redis.entries(LOG)[-back][1][b"d"]


def listed(node) -> dict:
    """What a node lists."""
    return {path: node.api.get(path).json() for path in LISTS}


@pytest.fixture
def attacked(redis):
    with Cluster(redis, ("a", "b")) as cluster:
        yield Attacked(redis, cluster)


def flipped(sealed: bytes) -> bytes:
    """The same with one bit that is another."""
    middle = len(sealed) // 2
    return sealed[:middle] + bytes([sealed[middle] ^ 1]) + sealed[middle + 1:]


FOREIGN = {
    "no bytes": lambda attacked: b"",
    "random bytes": lambda attacked: os.urandom(300),
    "an open change": lambda attacked: b'{"v":1,"salt":"AAAAAAAAAAAAAAAAAAAAAA","body":{"changes":[]}}',
    "a change with one bit flipped": lambda attacked: flipped(attacked.entry()),
    "a change cut short": lambda attacked: attacked.entry()[:-1],
    "the row of a node": lambda attacked: attacked.redis.ask("HGET", NODES, "a"),
    "what says whose the log is": lambda attacked: attacked.redis.ask("HGET", HEAD, "of"),
}


@pytest.mark.parametrize("name", FOREIGN)
def test_what_does_not_open_is_not_folded_and_readiness_names_the_entry(attacked, name):
    entry = attacked.redis.put_behind(FOREIGN[name](attacked))
    for node in attacked.cluster:
        flaw = until(lambda: node.flaw() if "entry" in (node.flaw() or "") else None)
        assert entry in flaw, flaw
        assert node.operation("/readyz")[0] == 503 and node.running
        answer = node.api.post("/clients", {"id": unique("rs"), "kind": "resource_server", "auth": [{"method": "client_secret"}]})
        assert answer.status_code == 503
        assert client.client_credentials(node, agent=attacked.locked).status_code in (401, 503)
    assert attacked.shown() == attacked.before


def test_a_change_of_another_cluster_is_not_folded_and_readiness_names_the_entry(attacked):
    with Redis() as other_redis, Cluster(other_redis, ("x",)) as other:
        foreign = other.nodes[0].start().world.issuer()
        entry = attacked.redis.put_behind(other_redis.entries(LOG)[-1][1][b"d"])
    for node in attacked.cluster:
        assert entry in until(lambda: node.flaw() if "entry" in (node.flaw() or "") else None)
        problem(node.api.get(f"/issuers/{foreign.id}"), 404)
    assert attacked.shown() == attacked.before


def test_a_change_of_a_cluster_with_the_same_master_key_and_issuer_is_never_in_force(attacked):
    """Such a change opens; it rests on another change than the one before it here."""
    with Redis() as other_redis, Cluster(other_redis, ("x",), like=attacked.cluster) as other:
        foreign = other.nodes[0].start().world.issuer()
        attacked.redis.put_behind(other_redis.entries(LOG)[-1][1][b"d"])
    for node in attacked.cluster:
        until(lambda: node.flaw() is not None or node.metric("locum_store_behind") == 0)
        problem(node.api.get(f"/issuers/{foreign.id}"), 404)
    assert attacked.shown() == attacked.before


def test_a_commit_put_among_the_changes_is_not_folded(attacked):
    agent = attacked.world.agent(subject_issuers=[])
    assert client.client_credentials(attacked.a, agent=agent, audience="nothing").status_code == 400
    attacked.before = attacked.shown()
    tree = attacked.a.api.get("/nodes").json()["items"][0]["tree"]
    entry = attacked.redis.put_behind(attacked.redis.entries(tree_log(tree))[-1][1][b"d"])
    for node in attacked.cluster:
        assert entry in until(lambda: node.flaw() if "entry" in (node.flaw() or "") else None)
    assert attacked.shown() == attacked.before


def settled(attacked) -> None:
    """Every node has folded all that is in the log, and is ready."""
    for node in attacked.cluster:
        until(lambda: node.is_ready() and node.metric("locum_store_behind") == 0)
        until(lambda: seen(attacked, node))


def seen(attacked, node) -> bool:
    """Whether a node lists both nodes as being behind nothing."""
    items = node.api.get("/nodes").json()["items"]
    return len(items) == 2 and all(item["behind"] == 0 for item in items)


def test_a_lock_that_was_lifted_does_not_come_back_by_a_copy_of_its_entry(attacked):
    locked = attacked.entry()
    attacked.world.lift(attacked.lock)
    attacked.redis.put_behind(locked)
    settled(attacked)
    for node in attacked.cluster:
        assert client.introspect(node, "x", agent=attacked.locked).status_code == 200, "the client is not locked"
        assert {lock["state"] for lock in node.api.get("/locks").json()["items"]} == {"lifted"}


def test_a_lift_does_not_lift_again_by_a_copy_of_its_entry(attacked):
    attacked.world.lift(attacked.lock)
    lifted = attacked.entry()
    attacked.world.lock("client", attacked.locked["client_id"])
    attacked.redis.put_behind(lifted)
    settled(attacked)
    for node in attacked.cluster:
        assert client.introspect(node, "x", agent=attacked.locked).status_code == 401, "the client is still locked"


def test_a_credential_that_was_revoked_does_not_come_back_by_a_copy_of_its_entry(attacked):
    made = attacked.a.api.post("/credentials", {"role": "admin", "name": unique("op")}).json()
    entry = attacked.entry()
    assert attacked.b.api.post(f"/credentials/{made['id']}/revoke", {"reason": "test"}).status_code == 200
    attacked.redis.put_behind(entry)
    settled(attacked)
    for node in attacked.cluster:
        assert client.admin(node, made["token"]).get("/agents").status_code == 401


def test_an_object_does_not_go_back_to_what_it_was_by_a_copy_of_an_earlier_entry(attacked):
    target = attacked.world.target(max_lifetime=200)
    first = attacked.entry()
    attacked.world.change(f"/targets/{target.id}", max_lifetime=100)
    shown = attacked.a.api.get(f"/targets/{target.id}").text
    attacked.redis.put_behind(first)
    settled(attacked)
    assert [node.api.get(f"/targets/{target.id}").text for node in attacked.cluster] == [shown] * 2


def test_every_earlier_change_copied_once_more_changes_nothing_and_work_goes_on(attacked):
    for entry in attacked.redis.entries(LOG):
        attacked.redis.put_behind(entry[1][b"d"])
    settled(attacked)
    assert attacked.shown() == attacked.before
    for node in attacked.cluster:
        name = node.world.client(unique("rs"))["client_id"]
        assert [other.api.get(f"/clients/{name}").status_code for other in attacked.cluster] == [200] * 2


def test_a_node_that_joins_behind_copies_of_changes_shows_the_same_as_the_others(attacked):
    for entry in attacked.redis.entries(LOG)[-5:]:
        attacked.redis.put_behind(entry[1][b"d"])
    settled(attacked)
    joined = attacked.cluster.add("c").start()
    assert listed(joined) == attacked.before[0]


def test_an_old_state_of_redis_put_back_takes_nothing_back(attacked):
    """The nodes put back what is missing before they serve."""
    old = attacked.redis.dump()
    name = attacked.world.client(unique("rs"))["client_id"]
    attacked.b.world.revoke("client", attacked.locked["client_id"])
    lock = attacked.b.world.lock("client", name)
    attacked.world.lift(attacked.lock)
    shown = attacked.shown()
    attacked.redis.put_back(old)
    for node in attacked.cluster:
        assert node.api.get(f"/locks/{lock}").status_code == 200
    assert attacked.shown() == shown
    for node in attacked.cluster:
        until(lambda: made(node))
    settled(attacked)
    joined = attacked.cluster.add("c").start()
    assert listed(joined) == attacked.shown()[0], "what was missing is in Redis again"


@pytest.mark.parametrize("what", ["everything", "the head", "the head and the log"])
def test_what_is_deleted_in_redis_is_put_back_by_the_nodes(attacked, what):
    if what == "everything":
        attacked.redis.ask("FLUSHALL")
    else:
        attacked.redis.ask("DEL", HEAD, *([LOG] if "log" in what else []))
    for node in attacked.cluster:
        until(lambda: made(node), 30)
    settled(attacked)
    assert attacked.redis.entries(LOG)[0][0] == "1-0"
    joined = attacked.cluster.add("c").start()
    assert listed(joined) == attacked.shown()[0] == attacked.shown()[1]


def made(node) -> bool:
    """Whether it takes a change."""
    answer = node.api.post("/clients", {"id": unique("rs"), "kind": "resource_server", "auth": [{"method": "client_secret"}]})
    return answer.status_code == 201


def test_a_removed_entry_stops_no_node_that_has_it_and_a_node_that_joins_names_it(attacked):
    gone = attacked.redis.entries(LOG)[2][0]
    attacked.redis.ask("XDEL", LOG, gone)
    for node in attacked.cluster:
        name = node.world.client(unique("rs"))["client_id"]
        assert attacked.b.api.get(f"/clients/{name}").status_code == 200
    joining = attacked.cluster.add("c").begin()
    flaw = until(lambda: joining.flaw() if "entry" in (joining.flaw() or "") else None)
    assert gone in flaw and not joining.is_ready(), flaw


def test_entries_put_in_another_order_are_not_taken_by_a_node_that_joins(attacked):
    """Whoever swaps two changes gives a newcomer another record than the others have: it does not serve by it."""
    target = attacked.world.target(max_lifetime=200)
    for seconds in (100, 50):
        attacked.world.change(f"/targets/{target.id}", max_lifetime=seconds)
    entries = [fields[b"d"] for _, fields in attacked.redis.entries(LOG)]
    entries[-1], entries[-2] = entries[-2], entries[-1]
    script = ("redis.call('DEL', KEYS[1]) for i = 1, #ARGV do redis.call('XADD', KEYS[1], i .. '-0', 'd', ARGV[i]) end")
    attacked.redis.ask("EVAL", script, 1, LOG, *entries)
    joining = attacked.cluster.add("c").begin()
    until(lambda: joining.is_ready() or not joining.running or "entry" in (joining.flaw() or "")
          or "history" in (joining.flaw() or "") or "histories" in (joining.flaw() or ""))
    if joining.is_ready():
        assert joining.api.get(f"/targets/{target.id}").json()["max_lifetime"] == 50


@pytest.mark.parametrize("value", ["random bytes", "the row of another node"])
def test_a_row_of_a_node_that_does_not_open_is_named_and_is_no_node(attacked, value):
    sealed = os.urandom(200) if value == "random bytes" else attacked.redis.ask("HGET", NODES, "a")
    attacked.redis.ask("HSET", NODES, "intruder", sealed)
    for node in attacked.cluster:
        assert "intruder" in until(lambda: node.flaw() if "intruder" in (node.flaw() or "") else None)
        assert "intruder" not in node.api.get("/nodes").text
    attacked.redis.ask("HDEL", NODES, "intruder")
    for node in attacked.cluster:
        until(node.is_ready)


def test_an_old_row_put_back_does_not_bring_a_node_that_ended_back_to_life(attacked):
    row = attacked.redis.ask("HGET", NODES, "b")
    attacked.b.kill9()
    until(lambda: attacked.cluster.live(attacked.a) == {"a"})
    attacked.redis.ask("HSET", NODES, "b", row)
    attacked.redis.ask("XADD", "locum:default:{c}:rows", "*", "n", "b", "d", row)
    confirmed = attacked.world.revoke("client", attacked.locked["client_id"]).confirmed
    assert (confirmed["replicas"], confirmed["of"]) == (1, 1)
    assert attacked.cluster.live(attacked.a) == {"a"}


def test_another_name_on_the_log_stops_the_nodes_and_they_say_so(attacked):
    attacked.redis.ask("HSET", HEAD, "tree", "2222222222222222")
    for node in attacked.cluster:
        flaw = until(lambda: node.flaw() if "2222222222222222" in (node.flaw() or "") else None)
        assert flaw and node.running and not node.is_ready()
    assert attacked.shown() == attacked.before


@pytest.mark.parametrize("field, value", [("tree", "2222222222222222"), ("of", "other bytes"), ("of", "")])
def test_a_node_does_not_join_a_log_that_does_not_say_whose_it_is(attacked, field, value):
    attacked.redis.ask("HSET", HEAD, field, value)
    assert "master key" in attacked.cluster.add("c").begin().ends()


def test_no_secret_and_no_name_lies_open_in_redis(attacked):
    """Whoever can read there learns nothing of who may do what."""
    secret = "a-vendor-s-secret-4711"
    assert attacked.a.api.put("/secrets/btp", {"value": secret, "reason": "because-i-say-so"}).status_code == 201
    whole = b"".join(attacked.redis.dump().values())
    for text in (secret, "because-i-say-so", attacked.issuer.issuer, attacked.locked["client_id"],
                 attacked.locked["client_secret"], attacked.cluster.master, attacked.cluster.admin_token):
        assert text.encode() not in whole
