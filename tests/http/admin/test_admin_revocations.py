"""Contract §12, revocations: every kind, what dies, what may be issued anew, what the answer says."""

import re

import pytest

from support import client, tokens
from support.checks import refused
from support.scene import Scene, jti_ms, problem, rfc3339_ms
from support.world import entry, stamp, unique


def what(kind, name=None, **changes):
    """The body of a revocation."""
    named = {"kind": kind} if name is None else {"kind": kind, "id": name}
    return {"what": named, "before": None, "reason": "key leaked", "dry_run": False} | changes


def well_formed(body, dry_run=False):
    """The members that contract §12 shows."""
    if not dry_run:
        assert re.fullmatch(r"rev_[0-9a-hjkmnp-tv-z]{26}", body["id"])
        assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z", body["effective_at"])
        assert body["confirmed"]["replicas"] == body["confirmed"]["of"] == 1
        assert isinstance(body["confirmed"]["within_ms"], int)
    for count in ("tokens", "grants", "people"):
        assert isinstance(body["affected"][count], int) and body["affected"][count] >= 0
    assert isinstance(body["affected"]["estimate"], bool) and isinstance(body["survivors"], list)
    return body


def revoke(scene, kind, name=None, **changes):
    """A revocation that is accepted; its answer."""
    answer = scene.admin.post("/revocations", what(kind, name, **changes))
    assert answer.status_code == 200, answer.text
    return well_formed(answer.json(), changes.get("dry_run", False))


@pytest.fixture
def neighbour(scene, world):
    """A token of another agent for another person at another target, which must outlive everything here."""
    other = Scene(world)
    token = other.token().token
    yield token
    assert other.active(token), "the neighbour died too"


@pytest.mark.parametrize("by_its_client", [False, True])
def test_a_token_that_was_revoked_before_gets_the_same_answer_and_no_new_record(scene, by_its_client):
    token = scene.token()
    jti = token.claims["jti"]
    if by_its_client:
        assert client.revoke(scene.broker, token.token, agent=scene.agent).status_code == 200
    first, second = (revoke(scene, "token", jti) for _ in range(2))
    third = revoke(scene, "delegation", token.body["delegation_id"])
    assert {(one["id"], one["effective_at"]) for one in (second, third)} == {(first["id"], first["effective_at"])}
    assert second["affected"]["tokens"] == 0 or second["affected"]["estimate"]
    items, cursor = [], None
    while True:
        page = scene.admin.get(f"/revocations?limit=500{'&cursor=' + cursor if cursor else ''}").json()
        items, cursor = items + page["items"], page["next"]
        if not cursor:
            break
    assert [one["id"] for one in items if one["what"] == {"kind": "token", "id": jti}] == [first["id"]]


def test_a_token_by_its_jti(scene, neighbour):
    subject = scene.subject()
    token, sibling = scene.token(subject), scene.token(subject)
    revoke(scene, "token", token.claims["jti"])
    assert not scene.active(token.token) and scene.active(sibling.token)
    assert scene.exchange(subject).status_code == 200


def test_a_delegation_by_its_dlg_id(scene, neighbour):
    token, sibling = scene.token(), scene.token()
    revoke(scene, "delegation", token.body["delegation_id"])
    assert not scene.active(token.token) and scene.active(sibling.token)


def test_a_grant_and_what_was_issued_under_it(scene, world, neighbour):
    grant = world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    under, beside = scene.token(scope="thing.write"), scene.token()
    revoke(scene, "grant", grant)
    assert not scene.active(under.token) and scene.active(beside.token)


def test_an_agent_and_it_may_begin_anew(scene, neighbour):
    token = scene.token().token
    revoke(scene, "agent", scene.agent.id)
    assert not scene.active(token)
    renewed = scene.token()
    assert scene.active(renewed.token)


def test_an_agent_s_assertions_and_actor_tokens_from_before_are_refused(scene, broker):
    """An agent, owner, client or all also refuses actor tokens and assertions with `iat` ≤ T."""
    sub = unique("wl")
    agent = scene.second_agent(workload={"issuer": "demo-workloads", "claims": {"sub": sub}})
    old = tokens.workload_token(broker, sub=sub)
    revoke(scene, "agent", agent.id)
    refused(broker, scene.exchange(agent=agent, actor_token=old, actor_token_type=client.JWT), "LCM-ACTOR-INVALID",
            "LCM-LOCKED", "LCM-SUBJECT-REVOKED")
    new = tokens.workload_token(broker, sub=sub, iat=tokens.now() + 5)
    assert scene.exchange(agent=agent, actor_token=new, actor_token_type=client.JWT).status_code == 200
    assertion = tokens.client_assertion(broker, agent, iat=tokens.now() - 5)
    pairs = client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                        client_assertion=assertion, client_assertion_type=client.ASSERTION_TYPE)
    refused(broker, client.token(broker, pairs, auth=None), "LCM-CLIENT-AUTH")


def test_grants_made_before_an_agent_s_revocation_are_finally_dead(scene, world, broker):
    world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    revoke(scene, "agent", scene.agent.id)
    refused(broker, scene.exchange(scope="thing.write"), "LCM-CONSENT-MISSING")
    world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    assert scene.exchange(scope="thing.write").status_code == 200


def test_an_agent_version(scene, world, neighbour):
    token = scene.token().token
    revoke(scene, "agent_version", scene.agent.version)
    assert not scene.active(token)


def test_a_client_kills_what_it_was_issued(scene, neighbour):
    token = scene.token().token
    revoke(scene, "client", scene.agent.id)
    assert not scene.active(token) and scene.exchange().status_code == 200


def test_a_presenter_as_client_kills_what_it_fetched_for_the_agent(scene, world, broker):
    sub, presenter = unique("wl"), world.client(kind="presenter")
    agent = scene.second_agent(workload={"issuer": "demo-workloads", "claims": {"sub": sub}},
                               presenters=[presenter["client_id"]])
    actor = {"actor_token": tokens.workload_token(broker, sub=sub), "actor_token_type": client.JWT}
    behind, own = scene.token(agent=presenter, **actor).token, scene.token(agent=agent).token
    revoke(scene, "client", presenter["client_id"])
    assert not scene.active(behind) and scene.active(own)


def test_a_person_and_every_session_from_before(scene, neighbour, broker):
    old = scene.subject()
    token = scene.token(old).token
    revoke(scene, "person", scene.person)
    assert not scene.active(token)
    refused(broker, scene.exchange(old), "LCM-SUBJECT-REVOKED")
    assert scene.exchange(scene.subject(iat=tokens.now() + 5)).status_code == 200


def test_an_owner_stops_all_its_agents(world, neighbour):
    owner = unique("team")
    scene = Scene(world, owner={"kind": "team", "id": owner})
    second = scene.second_agent(owner={"kind": "team", "id": owner})
    stranger = scene.second_agent()
    mine = [scene.token().token, scene.token(agent=second).token]
    other = scene.token(agent=stranger).token
    revoke(scene, "owner", owner)
    assert [scene.active(t) for t in mine] == [False, False] and scene.active(other)
    assert scene.exchange().status_code == 200


def test_a_session_for_ever(scene, neighbour, broker):
    sid = unique("sid")
    token, other = scene.token(scene.subject(sid=sid)).token, scene.token(scene.subject(sid=unique("sid"))).token
    revoke(scene, "session", f"demo:{sid}")
    assert not scene.active(token) and scene.active(other)
    refused(broker, scene.exchange(scene.subject(sid=sid, iat=tokens.now() + 5)), "LCM-SUBJECT-REVOKED")


def test_a_target_and_new_tokens_work_after(scene, neighbour):
    token = scene.token().token
    revoke(scene, "target", scene.target.id)
    assert not scene.active(token) and scene.active(scene.token().token)


def own_issuer(scene, world, keys=None):
    """An issuer of the test's own with an agent that may use it; a function that makes subjects."""
    made = world.issuer(keys=keys)
    agent = scene.second_agent(subject_issuers=[made.id])

    def subject(key=None, **changes):
        t = tokens.now()
        claims = {"iss": made.issuer, "sub": "ada", "aud": "test-app", "iat": t, "exp": t + 300} | changes
        return tokens.sign(claims, key or made.key, header={"typ": "JWT"})
    return made, agent, subject


def test_an_issuer_and_its_subject_tokens_from_before(scene, world, neighbour, broker):
    made, agent, subject = own_issuer(scene, world)
    old = subject()
    token = scene.token(old, agent=agent).token
    revoke(scene, "issuer", made.id)
    assert not scene.active(token)
    refused(broker, scene.exchange(old, agent=agent), "LCM-SUBJECT-REVOKED")
    assert scene.exchange(subject(iat=tokens.now() + 5), agent=agent).status_code == 200


def test_an_issuer_s_key_for_ever_and_only_that_key(scene, world, neighbour, broker):
    leaked, sound = tokens.new_jwk(), tokens.new_jwk()
    made, agent, subject = own_issuer(scene, world, [leaked, sound])
    token, other = (scene.token(subject(k), agent=agent).token for k in (leaked, sound))
    revoke(scene, "key", f"{made.id}:{leaked['kid']}")
    assert not scene.active(token) and scene.active(other)
    answer = scene.exchange(subject(leaked, iat=tokens.now() + 5), agent=agent)
    refused(broker, answer, "LCM-SUBJECT-REVOKED", "LCM-SUBJECT-INVALID")
    assert scene.exchange(subject(sound), agent=agent).status_code == 200


def test_our_own_key_kills_what_it_signed(fresh_world):
    scene = Scene(fresh_world)
    token = scene.token()
    revoke(scene, "key", f"locum:{token.header['kid']}")
    assert not scene.active(token.token)


def test_all(fresh_world, fresh_broker):
    scene = Scene(fresh_world)
    old = scene.subject()
    token = scene.token(old).token
    revoke(scene, "all")
    assert not scene.active(token)
    refused(fresh_broker, scene.exchange(old), "LCM-SUBJECT-REVOKED")
    assert scene.exchange(scene.subject(iat=tokens.now() + 5)).status_code == 200


def test_before_spares_what_was_issued_after_it(scene):
    first = scene.token()
    second = scene.token()
    assert jti_ms(first.claims["jti"]) < jti_ms(second.claims["jti"]), "issued in the same millisecond"
    revoke(scene, "agent", scene.agent.id, before=rfc3339_ms(jti_ms(first.claims["jti"])))
    assert not scene.active(first.token) and scene.active(second.token)


def test_before_in_the_future_is_refused(scene):
    problem(scene.admin.post("/revocations", what("agent", scene.agent.id, before=stamp(3600))), 422, "/before")
    assert scene.exchange().status_code == 200


def test_a_dry_run_counts_and_kills_nothing(scene, world):
    world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    alive = [scene.token().token, scene.token().token]
    seen = revoke(scene, "agent", scene.agent.id, dry_run=True)
    assert seen["affected"] == {"tokens": 2, "grants": 1, "people": 1, "estimate": False}
    assert all(scene.active(t) for t in alive) and scene.exchange(scope="thing.write").status_code == 200


def test_a_dry_run_counts_people_once_each(scene):
    for sub in (scene.sub, scene.sub, unique("person")):
        scene.token(scene.subject(sub=sub))
    assert revoke(scene, "target", scene.target.id, dry_run=True)["affected"]["people"] == 2


def test_a_real_run_says_that_it_estimates(scene):
    """`estimate` is true unless a dry run scanned."""
    scene.token()
    assert revoke(scene, "agent", scene.agent.id)["affected"]["estimate"] is True


def test_tokens_of_our_own_kind_have_no_survivors(scene):
    """`survivors` are handed-out credentials that live on elsewhere; ours die at introspection."""
    scene.token()
    assert revoke(scene, "agent", scene.agent.id)["survivors"] == []


@pytest.mark.parametrize("body", [
    {"what": {"kind": "weather", "id": "x"}, "reason": "r"}, {"what": {"kind": "agent"}, "reason": "r"},
    {"what": "agent", "reason": "r"}, {"reason": "r"}, {"what": {"kind": "agent", "id": 7}, "reason": "r"},
    {"what": {"kind": "agent", "id": "invoice-agent"}, "before": "tomorrow", "reason": "r"},
    {"what": {"kind": "agent", "id": "invoice-agent"}, "before": 1700000000, "reason": "r"}])
def test_a_revocation_that_makes_no_sense_is_refused(admin, body):
    problem(admin.post("/revocations", body), 422)


@pytest.mark.parametrize("kind", ["agent", "client", "target", "issuer", "grant"])
def test_an_unknown_id_is_not_found(admin, kind):
    name = "grt_00000000000000000000000000" if kind == "grant" else unique("nobody")
    problem(admin.post("/revocations", what(kind, name)), 404)


def test_a_revocation_can_be_read_back(scene):
    made = revoke(scene, "agent", scene.agent.id)
    shown = scene.admin.get(f"/revocations/{made['id']}")
    assert shown.status_code == 200, shown.text
    assert shown.json()["what"] == {"kind": "agent", "id": scene.agent.id}
    assert shown.json()["reason"] == "key leaked" and shown.json()["effective_at"] == made["effective_at"]


def test_the_same_idempotency_key_revokes_anew(scene):
    """Revocations always run anew: a token issued between two identical calls dies too."""
    key, body = unique("key"), what("agent", scene.agent.id)
    one = scene.admin.post("/revocations", body, key=key).json()
    token = scene.token().token
    two = scene.admin.post("/revocations", body, key=key).json()
    assert one["id"] != two["id"] and not scene.active(token)


def test_a_ceiling_is_no_way_around(scene, world, broker):
    """A retired agent is a final revocation: not even a new secret brings it back."""
    agent = world.agent(ceiling=[entry(scene.target.id, ["thing.read"], ["thing.read"])])
    world.agent_state(agent.id, "retire")
    problem(scene.admin.post(f"/agents/{agent.id}/secrets", {"overlap_seconds": 0}), 409)
