"""Contract §12, signing keys: seen, rotated, retired."""

from support import client
from support.scene import Scene, problem


def published(broker) -> set[str]:
    """The key ids of `/jwks`."""
    return {k["kid"] for k in client.http.get(f"{broker.issuer}/jwks", timeout=30).json()["keys"]}


def test_keys_are_listed_and_the_active_and_the_next_one_are_published(broker, admin):
    body = admin.get("/keys").json()
    assert all({"kid", "alg", "use", "state", "created_at", "activates_at"} <= set(k) for k in body["items"])
    states = {k["kid"]: k["state"] for k in body["items"] if k["alg"] == "ES256"}
    assert set(states.values()) <= {"next", "active", "old", "retired"} and "active" in states.values()
    assert {k for k, s in states.items() if s in ("next", "active")} <= published(broker)
    assert '"d"' not in admin.get("/keys").text


def test_rotation_signs_with_the_next_key_and_keeps_the_old_one_published(fresh_world, fresh_broker):
    scene = Scene(fresh_world)
    before = scene.token()
    done = fresh_world.admin.post("/keys/rotate", {"alg": "ES256", "reason": "routine"})
    assert done.status_code == 200, done.text
    after = scene.token()
    assert after.header["kid"] != before.header["kid"]
    assert {before.header["kid"], after.header["kid"]} <= published(fresh_broker)
    assert scene.active(before.token) and scene.active(after.token)


def test_a_retired_key_is_gone_at_once_and_what_it_signed_is_dead(fresh_world, fresh_broker):
    scene = Scene(fresh_world)
    before = scene.token()
    fresh_world.admin.post("/keys/rotate", {"alg": "ES256", "reason": "routine"})
    done = fresh_world.admin.post(f"/keys/{before.header['kid']}/retire", {"reason": "leaked"})
    assert done.status_code == 200, done.text
    assert before.header["kid"] not in published(fresh_broker)
    assert not scene.active(before.token) and scene.exchange().status_code == 200


def test_an_unknown_key_is_not_found(admin):
    problem(admin.post("/keys/no-such-key/retire", {"reason": "r"}), 404)
