"""Contract §12, locks: while it stands nothing new and nothing live; lifted, tokens live again."""

import pytest

from support import client, tokens
from support.checks import refused
from support.scene import Scene, problem
from support.world import unique


def lock_body(kind, name=None, **changes):
    """The body of a lock."""
    named = {"kind": kind} if name is None else {"kind": kind, "id": name}
    return {"what": named, "reason": "demo", "expires_at": None, "dry_run": False} | changes


def lock(scene, kind, name=None, **changes) -> str:
    """A lock that is accepted; its id."""
    answer = scene.admin.post("/locks", lock_body(kind, name, **changes))
    assert answer.status_code == 201, answer.text
    body = answer.json()
    assert body["id"].startswith("lck_") and isinstance(body["affected"]["tokens"], int)
    assert body["confirmed"]["replicas"] == body["confirmed"]["of"] == 1
    return body["id"]


def lift(scene, lock_id):
    """Lift it."""
    return scene.admin.post(f"/locks/{lock_id}/lift", {"reason": "over"})


def named(scene, kind):
    """The id that a lock of this kind takes to stop the scene."""
    return {"agent": scene.agent.id, "agent_version": scene.agent.version, "owner": scene.owner,
            "person": scene.person, "client": scene.agent.id, "target": scene.target.id}[kind]


@pytest.fixture
def owned(world):
    """A scene whose agent has an owner of its own."""
    owner = unique("team")
    scene = Scene(world, owner={"kind": "team", "id": owner})
    scene.owner = owner
    return scene


@pytest.mark.parametrize("kind", ["agent", "agent_version", "owner", "person", "client", "target"])
def test_a_lock_stops_and_its_lifting_wakes(owned, world, broker, kind):
    scene, neighbour = owned, Scene(world)
    token, beside = scene.token().token, neighbour.token().token
    made = lock(scene, kind, named(scene, kind))
    body = refused(broker, scene.exchange(), "LCM-TARGET-LOCKED" if kind == "target" else "LCM-LOCKED")
    assert body["retryable"] in (True, False)
    assert not scene.active(token)
    assert neighbour.active(beside) and neighbour.exchange().status_code == 200
    assert lift(scene, made).status_code == 200
    assert scene.active(token) and scene.exchange().status_code == 200


def test_a_subject_issuer_is_locked(scene, world, broker):
    made = world.issuer()
    agent = scene.second_agent(subject_issuers=[made.id])

    def subject():
        t = tokens.now()
        claims = {"iss": made.issuer, "sub": "ada", "aud": "test-app", "iat": t, "exp": t + 300}
        return tokens.sign(claims, made.key, header={"typ": "JWT"})
    token, other = scene.token(subject(), agent=agent).token, scene.token().token
    lock_id = lock(scene, "issuer", made.id)
    refused(broker, scene.exchange(subject(), agent=agent), "LCM-LOCKED")
    assert not scene.active(token) and scene.active(other)
    assert lift(scene, lock_id).status_code == 200
    assert scene.active(token) and scene.exchange(subject(), agent=agent).status_code == 200


def test_all_is_locked_and_lifted(fresh_world, fresh_broker):
    scene = Scene(fresh_world)
    token = scene.token().token
    lock_id = lock(scene, "all")
    refused(fresh_broker, scene.exchange(), "LCM-LOCKED")
    assert not scene.active(token)
    assert lift(scene, lock_id).status_code == 200
    assert scene.active(token) and scene.exchange().status_code == 200


def test_a_lock_lifted_twice_is_a_conflict(scene):
    made = lock(scene, "agent", scene.agent.id)
    assert lift(scene, made).status_code == 200
    problem(lift(scene, made), 409)


def test_two_locks_on_one_thing_are_lifted_one_by_one(scene, broker):
    one, two = lock(scene, "agent", scene.agent.id), lock(scene, "agent", scene.agent.id)
    assert one != two
    lift(scene, one)
    refused(broker, scene.exchange(), "LCM-LOCKED")
    lift(scene, two)
    assert scene.exchange().status_code == 200


def test_a_dry_run_answers_200_without_an_id_and_locks_nothing(scene):
    token = scene.token().token
    answer = scene.admin.post("/locks", lock_body("agent", scene.agent.id, dry_run=True))
    assert answer.status_code == 200, answer.text
    assert "id" not in answer.json() and answer.json()["affected"]["tokens"] == 1
    assert scene.active(token) and scene.exchange().status_code == 200


def test_the_refusal_and_its_record_name_no_other_cause(scene, admin, broker):
    lock(scene, "person", scene.person)
    body = refused(broker, scene.exchange(), "LCM-LOCKED")
    failed = [c["name"] for c in admin.decision(body["request_id"]).json()["checks"] if c["result"] != "passed"]
    assert failed == ["locks"]


def test_an_ancestor_s_lock_stops_the_descendant(scene, broker):
    taker = scene.second_agent()
    passed = scene.hand_on(scene.agent, taker)
    leaf = scene.use(passed, taker)
    made = lock(scene, "agent", scene.agent.id)
    assert not scene.active(leaf.token)
    refused(broker, scene.exchange(passed.token, client.ACCESS_TOKEN, agent=taker), "LCM-LOCKED")
    lift(scene, made)
    assert scene.active(leaf.token)


def test_a_lock_reads_back(scene):
    made = lock(scene, "agent", scene.agent.id)
    shown = scene.admin.get(f"/locks/{made}")
    assert shown.status_code == 200, shown.text
    assert shown.json()["what"] == {"kind": "agent", "id": scene.agent.id} and shown.json()["reason"] == "demo"
    standing = shown.json()["state"]
    lift(scene, made)
    assert scene.admin.get(f"/locks/{made}").json()["state"] != standing


@pytest.mark.parametrize("kind", ["token", "delegation", "grant", "session", "key", "weather"])
def test_a_kind_that_cannot_be_locked_is_refused(admin, kind):
    problem(admin.post("/locks", lock_body(kind, "x")), 422)


@pytest.mark.parametrize("changes", [{"expires_at": "tomorrow"}, {"what": {"kind": "agent"}}, {"what": None}])
def test_a_lock_that_makes_no_sense_is_refused(admin, changes):
    problem(admin.post("/locks", lock_body("agent", "invoice-agent") | changes), 422)


@pytest.mark.parametrize("kind", ["agent", "client", "issuer", "target"])
def test_an_unknown_id_is_not_found(admin, kind):
    problem(admin.post("/locks", lock_body(kind, unique("nobody"))), 404)


def test_an_unknown_lock_is_not_found(admin):
    problem(admin.post("/locks/lck_00000000000000000000000000/lift", {"reason": "r"}), 404)
    problem(admin.get("/locks/lck_00000000000000000000000000"), 404)


def test_the_same_idempotency_key_locks_anew(scene):
    """Revocations and locks always run anew."""
    key, body = unique("key"), lock_body("agent", scene.agent.id)
    one, two = (scene.admin.post("/locks", body, key=key) for _ in range(2))
    assert (one.status_code, two.status_code) == (201, 201) and one.json()["id"] != two.json()["id"]
