"""Contract §12, agents: drafts, versions, certification, states, tombstones."""

import pytest

from support import client, tokens
from support.checks import refused
from support.scene import problem
from support.world import entry, stamp, unique


def draft_body(agent_id, **changes):
    """The example of contract §12 under another id."""
    body = {"id": agent_id, "name": "Invoice agent", "owner": {"kind": "team", "id": "finance-it"}, "risk": "medium",
            "auth": [{"method": "client_secret"}], "workload": None, "presenters": [], "subject_issuers": ["demo"],
            "max_depth": 4, "ceiling": [entry("sap", ["invoice.read"], ["invoice.read"])]}
    return body | changes


def test_a_new_agent_is_a_draft_and_its_secret_is_shown_once(admin):
    name = unique("agent")
    made = admin.post("/agents", draft_body(name))
    assert made.status_code == 201, made.text
    assert made.json()["state"] == "draft"
    secret = made.json()["client_secret"]
    shown = admin.get(f"/agents/{name}")
    assert shown.status_code == 200 and secret not in shown.text and "client_secret\":\"" not in shown.text


def test_a_generated_secret_is_256_bits_in_characters_that_basic_cannot_break(admin):
    secret = admin.post("/agents", draft_body(unique("agent"))).json()["client_secret"]
    assert len(secret) >= 43 and all(c.isascii() and (c.isalnum() or c in "_-") for c in secret)


def test_an_agent_reads_back_as_what_was_posted_plus_the_read_only_members(admin):
    name = unique("agent")
    body = draft_body(name)
    admin.post("/agents", body)
    answer = admin.get(f"/agents/{name}")
    shown = answer.json()
    assert answer.headers["ETag"]
    assert shown["created_at"] and shown["state"] == "draft"
    for member in ("id", "name", "owner", "risk", "presenters", "subject_issuers", "max_depth", "ceiling"):
        assert shown[member] == body[member], member


def test_an_agent_without_client_secret_gets_none(admin):
    key = tokens.public(tokens.new_jwk())
    body = draft_body(unique("agent"), auth=[{"method": "private_key_jwt", "jwks": {"keys": [key]}}])
    made = admin.post("/agents", body)
    assert made.status_code == 201 and made.json().get("client_secret") is None


def test_a_draft_agent_is_refused_as_uncertified(world, broker):
    draft = world.draft(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])])
    refused(broker, client.exchange(broker, agent=draft), "LCM-AGENT-UNCERTIFIED")


def test_a_version_is_a_draft_until_certified_and_the_agent_active_after(world, admin):
    draft = world.draft()
    digest = "sha256:" + "0" * 64
    made = admin.post(f"/agents/{draft.id}/versions", {"version": "3", "digest": digest, "model": "m"})
    assert made.status_code == 201
    assert made.json()["id"].startswith("ver_") and made.json()["state"] == "draft"
    certified = admin.post(f"/agents/{draft.id}/versions/{made.json()['id']}/certify",
                           {"until": stamp(3600), "reason": "reviewed"})
    assert certified.status_code == 200, certified.text
    assert admin.get(f"/agents/{draft.id}").json()["state"] == "active"
    version = admin.get(f"/agents/{draft.id}/versions/{made.json()['id']}")
    assert version.status_code == 200
    assert (version.json()["version"], version.json()["digest"], version.json()["model"]) == ("3", digest, "m")


def test_an_active_agent_exchanges_under_its_certified_version(scene):
    assert scene.token().claims["del"]["ver"] == [scene.agent.version]


def test_the_newest_certified_version_is_current(scene, world):
    newer = world.version(scene.agent.id, "2")
    assert scene.token().claims["del"]["ver"] == [scene.agent.version], "a draft version changes nothing"
    world.certify(scene.agent.id, newer)
    assert scene.token().claims["del"]["ver"] == [newer]


def test_a_suspended_agent_is_refused_its_tokens_sleep_and_resume_wakes_them(scene, world, admin, broker):
    token = scene.token().token
    world.agent_state(scene.agent.id, "suspend")
    assert admin.get(f"/agents/{scene.agent.id}").json()["state"] == "suspended"
    refused(broker, scene.exchange(), "LCM-AGENT-STATE")
    assert not scene.active(token)
    world.agent_state(scene.agent.id, "resume")
    assert admin.get(f"/agents/{scene.agent.id}").json()["state"] == "active"
    assert scene.active(token)
    assert scene.exchange().status_code == 200


def test_a_retired_agent_is_a_stranger_and_its_tokens_are_dead(scene, world, admin, broker):
    token = scene.token().token
    world.agent_state(scene.agent.id, "retire")
    assert admin.get(f"/agents/{scene.agent.id}").json()["state"] == "retired"
    refused(broker, scene.exchange(), "LCM-CLIENT-AUTH")
    assert not scene.active(token)


def test_a_retired_id_stays_taken(world, admin):
    draft = world.draft()
    world.agent_state(draft.id, "retire")
    problem(admin.post("/agents", draft_body(draft.id)), 409)
    assert admin.get(f"/agents/{draft.id}").json()["state"] == "retired"


def test_a_live_id_is_taken_and_so_is_a_client_s(world, admin):
    problem(admin.post("/agents", draft_body(world.draft().id)), 409)
    problem(admin.post("/agents", draft_body(world.client()["client_id"])), 409)


@pytest.mark.parametrize("state, verb", [
    ("active", "resume"), ("suspended", "suspend"), ("retired", "suspend"), ("retired", "resume"), ("retired", "retire")])
def test_a_transition_from_the_wrong_state_is_a_conflict(world, admin, state, verb):
    agent = world.agent()
    for step in {"active": (), "suspended": ("suspend",), "retired": ("retire",)}[state]:
        world.agent_state(agent.id, step)
    problem(admin.post(f"/agents/{agent.id}/{verb}", {"reason": "test"}), 409)
    assert admin.get(f"/agents/{agent.id}").json()["state"] == state


def test_a_retired_agent_takes_no_version_and_no_secret(world, admin):
    agent = world.agent()
    world.agent_state(agent.id, "retire")
    version = {"version": "2", "digest": "sha256:" + "1" * 64, "model": "m"}
    problem(admin.post(f"/agents/{agent.id}/versions", version), 409)
    problem(admin.post(f"/agents/{agent.id}/secrets", {"overlap_seconds": 0}), 409)


def test_two_secrets_work_while_they_overlap(scene, admin):
    made = admin.post(f"/agents/{scene.agent.id}/secrets", {"overlap_seconds": 3600})
    assert made.status_code == 201, made.text
    renewed = scene.agent | {"client_secret": made.json()["client_secret"]}
    assert renewed["client_secret"] != scene.agent["client_secret"]
    assert scene.exchange(agent=renewed).status_code == 200
    assert scene.exchange().status_code == 200


def test_without_overlap_the_old_secret_is_dead_at_once(scene, admin, broker):
    made = admin.post(f"/agents/{scene.agent.id}/secrets", {"overlap_seconds": 0}).json()
    assert scene.exchange(agent=scene.agent | {"client_secret": made["client_secret"]}).status_code == 200
    refused(broker, scene.exchange(), "LCM-CLIENT-AUTH")


@pytest.mark.parametrize("bad", ["", "Invoice", "-agent", "a" * 64, "a b", "a/b", "ä", "a_b", "a\r\nb", 7, None])
def test_an_id_outside_the_grammar_is_refused(admin, bad):
    problem(admin.post("/agents", draft_body(bad)), 422)


@pytest.mark.parametrize("good", ["a" * 63, "0"])
def test_an_id_at_the_edge_of_the_grammar_is_taken(fresh_world, good):
    assert fresh_world.admin.post("/agents", draft_body(good)).status_code == 201


@pytest.mark.parametrize("changes", [
    {"risk": "enormous"}, {"auth": [{"method": "telepathy"}]}, {"auth": "client_secret"}, {"owner": "finance-it"},
    {"max_depth": -1}, {"ceiling": [entry("no-such-target", ["x"], ["x"])]},
    {"ceiling": [entry("sap", ["invoice.read"], ["invoice.post"])]},
    {"ceiling": [entry("sap", ["invoice.read"], [], alone=["invoice.post"])]},
    {"workload": {"issuer": "demo-workloads", "claims": {"team": "x"}}},
])
def test_an_agent_that_makes_no_sense_is_refused_and_its_id_not_taken(admin, changes):
    name = unique("agent")
    body = problem(admin.post("/agents", draft_body(name, **changes)), 422)
    assert body["errors"], body
    problem(admin.get(f"/agents/{name}"), 404)


def test_the_pointer_of_an_error_names_the_member(admin):
    problem(admin.post("/agents", draft_body(unique("agent"), risk="enormous")), 422, "/risk")


def test_overlapping_workload_registrations_are_refused(world, admin):
    """§5: an exact `sub` among its claims; overlapping registrations 422."""
    sub = unique("wl")
    world.draft(workload={"issuer": "demo-workloads", "claims": {"sub": sub, "team": "a"}})
    for claims in ({"sub": sub}, {"sub": sub, "team": "a"}, {"sub": sub, "team": "a", "more": "b"}):
        body = draft_body(unique("agent"), workload={"issuer": "demo-workloads", "claims": claims})
        problem(admin.post("/agents", body), 422)


@pytest.mark.parametrize("method, path, body", [
    ("GET", "", None), ("POST", "/suspend", {"reason": "r"}), ("POST", "/resume", {"reason": "r"}),
    ("POST", "/retire", {"reason": "r"}), ("POST", "/secrets", {"overlap_seconds": 0}),
    ("POST", "/versions", {"version": "1", "digest": "sha256:" + "0" * 64, "model": "m"}),
    ("POST", "/versions/ver_00000000000000000000000000/certify", {"until": stamp(60), "reason": "r"})])
def test_an_unknown_agent_is_not_found(admin, method, path, body):
    problem(admin.call(method, f"/agents/{unique('nobody')}{path}", body), 404)


def test_a_version_is_certified_only_under_its_own_agent(world, admin):
    one, other = world.draft(), world.draft()
    version = world.version(one.id)
    problem(admin.post(f"/agents/{other.id}/versions/{version}/certify", {"until": stamp(60), "reason": "r"}), 404)
    assert admin.get(f"/agents/{other.id}").json()["state"] == "draft"


def test_versions_are_listed(world, admin):
    draft = world.draft()
    made = sorted(world.version(draft.id, str(n)) for n in range(3))
    listed = admin.get(f"/agents/{draft.id}/versions").json()
    assert sorted(v["id"] for v in listed["items"]) == made and listed["next"] is None
