"""Contract §12, signing keys: seen, rotated, retired, revoked."""

from concurrent.futures import ThreadPoolExecutor

from support import client
from support.checks import issued
from support.scene import Scene, problem

PER_ALG = 16


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


def revoke(admin, kid: str):
    """The answer to the revocation of a key of Locum's own."""
    return admin.post("/revocations", {"what": {"kind": "key", "id": f"locum:{kid}"}, "reason": "leaked"})


def states(admin) -> dict:
    """Every ES256 key and where it stands."""
    return {k["kid"]: k["state"] for k in admin.get("/keys").json()["items"] if k["alg"] == "ES256"}


def test_a_revoked_key_leaves_jwks_and_use_and_another_signs_before_the_answer(fresh_world, fresh_broker):
    scene, admin = Scene(fresh_world), fresh_world.admin
    before = scene.token()
    kid = before.header["kid"]
    done = revoke(admin, kid)
    assert done.status_code == 200 and done.json()["affected"]["tokens"] >= 1, done.text
    assert kid not in published(fresh_broker) and states(admin)[kid] == "retired"
    after = scene.token()
    assert after.header["kid"] != kid and after.header["kid"] in published(fresh_broker)
    assert scene.active(after.token) and not scene.active(before.token)
    assert sorted(s for s in states(admin).values() if s != "retired") == ["active", "next"]


def test_the_next_key_and_an_old_one_that_are_revoked_leave_jwks_too(fresh_world, fresh_broker):
    admin = fresh_world.admin
    assert admin.post("/keys/rotate", {"alg": "ES256", "reason": "r"}).status_code == 200
    for state in ("next", "old"):
        kid = next(k for k, s in states(admin).items() if s == state)
        assert revoke(admin, kid).status_code == 200
        assert kid not in published(fresh_broker) and states(admin)[kid] == "retired"
    assert sorted(s for s in states(admin).values() if s != "retired") == ["active", "next"]


def test_a_key_that_is_not_known_and_a_dry_run_change_no_key(fresh_world):
    admin = fresh_world.admin
    before = admin.get("/keys").json()
    assert revoke(admin, "no-such-key").status_code == 200
    active = next(k for k, s in states(admin).items() if s == "active")
    what = {"what": {"kind": "key", "id": f"locum:{active}"}, "reason": "r", "dry_run": True}
    assert admin.post("/revocations", what).status_code == 200
    assert admin.get("/keys").json() == before


def test_keys_that_are_revoked_while_others_rotate_sign_nothing_that_is_dead(fresh_world, fresh_broker):
    scene, admin = Scene(fresh_world), fresh_world.admin

    def stop(_):
        return revoke(admin, next(k for k, s in states(admin).items() if s == "active")).status_code

    def turn(_):
        return admin.post("/keys/rotate", {"alg": "ES256", "reason": "r"}).status_code

    with ThreadPoolExecutor(4) as pool:
        stopped, turned = pool.map(stop, range(8)), pool.map(turn, range(8))
        assert set(stopped) == {200} and set(turned) == {200}
    made = scene.token()
    assert scene.active(made.token) and made.header["kid"] in published(fresh_broker)
    assert states(admin)[made.header["kid"]] == "active"


def test_a_rotation_beyond_the_bound_is_409_says_when_and_changes_nothing(fresh_world, fresh_broker):
    scene, admin = Scene(fresh_world), fresh_world.admin
    answers = []
    while len(answers) <= PER_ALG and (not answers or answers[-1].status_code == 200):
        answers.append(admin.post("/keys/rotate", {"alg": "ES256", "reason": "r"}))
        if answers[-1].status_code == 200:
            active = next(k for k, s in states(admin).items() if s == "active")
            assert issued(scene.exchange()).header["kid"] == active, "what is answered with 200 is in force"
    before = admin.get("/keys").json(), published(fresh_broker)
    refused = admin.post("/keys/rotate", {"alg": "ES256", "reason": "r"})
    problem(refused, 409)
    assert f"found {PER_ALG}; rotate again from 20" in refused.json()["detail"], refused.text
    assert (admin.get("/keys").json(), published(fresh_broker)) == before
    assert len(states(admin)) == PER_ALG
    assert scene.active(scene.token().token)
    # An emergency is no rotation.
    assert revoke(admin, scene.token().header["kid"]).status_code == 200
    assert len(published(fresh_broker)) == PER_ALG and scene.active(scene.token().token)
