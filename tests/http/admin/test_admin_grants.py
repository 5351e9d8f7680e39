"""Contract §12, grants: made by an administrator, used up, expired, revoked."""

from concurrent.futures import ThreadPoolExecutor

import pytest

from support import client
from support.checks import permitted, refused
from support.scene import problem
from support.world import stamp, unique


def body(scene, **changes):
    """A grant for the scene's person and agent on the high scope."""
    return {"person": scene.person, "groups": ["demo:staff"], "agent": scene.agent.id, "expires_at": stamp(3600),
            "max_uses": None, "max_depth": 2,
            "targets": [{"target": scene.target.id, "scopes": ["thing.write"], "authorization_details": []}],
            "reason": "quarter end"} | changes


def make(scene, **changes) -> str:
    """A grant made; its id."""
    made = scene.admin.post("/grants", body(scene, **changes))
    assert made.status_code == 201, made.text
    assert made.json()["id"].startswith("grt_") and made.json()["state"] == "active"
    return made.json()["id"]


def state(scene, grant):
    """Its state now."""
    answer = scene.admin.get(f"/grants/{grant}")
    assert answer.status_code == 200, answer.text
    return answer.json()["state"]


def test_a_grant_reads_back_as_what_was_posted(scene):
    wish = body(scene)
    made = scene.admin.post("/grants", wish)
    answer = scene.admin.get(f"/grants/{made.json()['id']}")
    shown = answer.json()
    assert answer.headers["ETag"] and shown["created_at"] and shown["state"] == "active"
    for member in ("person", "groups", "agent", "max_uses", "max_depth", "targets", "reason"):
        assert shown[member] == wish[member], member


def test_a_grant_opens_a_high_scope_and_is_named_in_token_and_record(scene, broker):
    refused(broker, scene.exchange(scope="thing.write"), "LCM-CONSENT-MISSING")
    grant = make(scene)
    made = permitted(broker, scene.exchange(scope="thing.write"))
    assert (made.claims["del"]["basis"], made.claims["del"]["grant"]) == ("grant", grant)
    assert made.record["basis"] == "grant"


def test_groups_are_optional(scene):
    wish = body(scene)
    del wish["groups"]
    assert scene.admin.post("/grants", wish).status_code == 201


def test_a_grant_with_one_use_is_used_after_it(scene, broker):
    grant = make(scene, max_uses=1)
    assert scene.exchange(scope="thing.write").status_code == 200
    assert state(scene, grant) == "used"
    refused(broker, scene.exchange(scope="thing.write"), "LCM-CONSENT-MISSING")


def test_only_the_chosen_grant_loses_a_use_and_a_refusal_takes_none(scene):
    """§6: the covering grant that expires first; it loses one use, at the root only."""
    soon, later = make(scene, max_uses=1, expires_at=stamp(600)), make(scene, max_uses=1, expires_at=stamp(900))
    scene.exchange(scope="thing.shred")
    assert (state(scene, soon), state(scene, later)) == ("active", "active")
    assert scene.token(scope="thing.write").claims["del"]["grant"] == soon
    assert (state(scene, soon), state(scene, later)) == ("used", "active")
    assert scene.token(scope="thing.write").claims["del"]["grant"] == later


def test_a_use_is_taken_once_by_parallel_exchanges(scene):
    make(scene, max_uses=3)
    subjects = [scene.subject() for _ in range(12)]
    with ThreadPoolExecutor(12) as pool:
        answers = list(pool.map(lambda s: scene.exchange(s, scope="thing.write"), subjects))
    assert sorted(a.status_code for a in answers) == [200] * 3 + [400] * 9


def test_a_token_does_not_outlive_its_grant(scene):
    make(scene, expires_at=stamp(60))
    assert scene.token(scope="thing.write").body["expires_in"] <= 60


def test_a_revoked_grant_is_dead_and_so_are_its_tokens(scene, world, broker):
    grant = make(scene)
    token = scene.token(scope="thing.write").token
    world.revoke("grant", grant)
    assert state(scene, grant) == "revoked" and not scene.active(token)
    refused(broker, scene.exchange(scope="thing.write"), "LCM-CONSENT-MISSING")


def test_by_its_id_a_grant_stands_for_the_person_who_is_away(scene):
    grant = make(scene)
    made = scene.token(grant, client.GRANT, scope="thing.write")
    assert made.claims["sub"] == scene.person and made.claims["act"]["sub"] == scene.agent.id


def test_an_unknown_a_dead_and_another_s_grant_get_one_text(scene, world, broker):
    """§10: unknown, dead and another's grant: one text."""
    dead, foreign = make(scene), make(scene)
    world.revoke("grant", dead)
    other = scene.second_agent()
    answers = [scene.exchange("grt_00000000000000000000000000", client.GRANT, scope="thing.write"),
               scene.exchange(dead, client.GRANT, scope="thing.write"),
               scene.exchange(foreign, client.GRANT, agent=other, scope="thing.write")]
    texts = {(refused(broker, a, "LCM-SUBJECT-INVALID", "LCM-SUBJECT-REVOKED")["error_description"], a.json()["code"])
             for a in answers}
    assert len(texts) == 1, texts


@pytest.mark.parametrize("changes", [
    {"agent": "no-such-agent"}, {"person": "ada"}, {"person": ""}, {"expires_at": "tomorrow"},
    {"max_uses": 0}, {"max_uses": -1}, {"max_uses": 1.5}, {"targets": []}, {"targets": None},
    {"targets": [{"target": "no-such-target", "scopes": ["x"], "authorization_details": []}]},
    {"groups": "demo:staff"}])
def test_a_grant_that_makes_no_sense_is_refused(scene, changes):
    problem(scene.admin.post("/grants", body(scene, **changes)), 422)


def test_an_unknown_grant_is_not_found(admin):
    problem(admin.get("/grants/grt_00000000000000000000000000"), 404)
    problem(admin.get(f"/grants/{unique('grant')}"), 404)


def test_no_grants_exist_at_the_start(fresh_world):
    """§3: no grants exist at the start."""
    assert fresh_world.admin.get("/grants").json() == {"items": [], "next": None}


def test_a_person_and_an_agent_have_at_most_64_active_grants(scene, world):
    """§12: at most 64 active ones per person and agent; what is over makes room."""
    made = [make(scene, max_uses=1) for _ in range(64)]
    found = problem(scene.admin.post("/grants", body(scene)), 409)
    assert found["code"] == "LCM-STATE" and "64 active grants" in found["detail"]
    other = scene.second_agent()
    assert scene.admin.post("/grants", body(scene, agent=other.id)).status_code == 201
    assert scene.exchange(scope="thing.write").status_code == 200
    make(scene)
    problem(scene.admin.post("/grants", body(scene)), 409)
    world.revoke("grant", made[-1])
    make(scene)
