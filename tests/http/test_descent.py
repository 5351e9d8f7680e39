"""Contract §12: time is judged per thing that a token descends from, by what the record says and not by what is
declared now."""

import pytest

from support import client, tokens
from support.checks import refused
from support.scene import Scene, jti_ms, rfc3339_ms
from support.world import entry, unique


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


def past(scene, seconds: int) -> str:
    """An RFC 3339 time so many seconds before now."""
    return rfc3339_ms(tokens.now() * 1000 - seconds * 1000)


def signed_in(scene, seconds_ago: int) -> str:
    """The person's ID token of so many seconds ago."""
    iat = tokens.now() - seconds_ago
    return scene.subject(iat=iat, exp=iat + 3600)


def ahead(scene) -> str:
    """The person's ID token from a clock that is 20 s ahead."""
    return scene.subject(iat=tokens.now() + 20, exp=tokens.now() + 3600)


# ------------------------------------------------------------------ revoked in the past

@pytest.mark.parametrize("kind", ["person", "issuer", "all"])
def test_what_descends_from_a_sign_in_that_was_revoked_is_dead_however_young_it_is(fresh_world, kind):
    scene = Scene(fresh_world)
    old, new = signed_in(scene, 600), signed_in(scene, 60)
    of_old, of_new = scene.token(old), scene.token(new)
    fresh_world.revoke(kind, {"person": scene.person, "issuer": "demo", "all": None}[kind], before=past(scene, 300))
    assert not scene.active(of_old.token), "its sign-in was before"
    assert scene.active(of_new.token) or kind == "all", "its sign-in was after"
    refused(scene.broker, scene.exchange(old), "LCM-SUBJECT-REVOKED")
    assert scene.exchange(new).status_code == 200


def test_a_token_passed_on_is_judged_by_the_sign_in_at_its_root(scene, world):
    second = scene.second_agent()
    handed = scene.hand_on(scene.agent, second, signed_in(scene, 600))
    leaf = scene.use(handed, second)
    world.revoke("person", scene.person, before=past(scene, 300))
    assert not scene.active(leaf.token)
    refused(scene.broker, scene.exchange(handed.token, client.ACCESS_TOKEN, agent=second), "LCM-SUBJECT-REVOKED")


def test_a_parent_killed_in_the_past_takes_along_what_was_made_of_it_since(scene, world):
    """The child's own agent proof is younger than T; its parent's is not."""
    second = scene.second_agent()
    handed = scene.hand_on(scene.agent, second)
    at = jti_ms(handed.claims["jti"])
    leaf = scene.use(handed, second)
    world.revoke("agent", scene.agent.id, before=rfc3339_ms(at))
    assert not scene.active(leaf.token)
    assert scene.active(scene.token().token), "what the agent proves from now on counts"


@pytest.mark.parametrize("kind, name", [
    ("person", lambda s: s.person), ("agent", lambda s: s.agent.id), ("client", lambda s: s.agent.id),
    ("owner", lambda s: s.team), ("issuer", lambda s: "demo")])
def test_a_grant_made_before_is_finally_dead_with_all_that_rests_on_it(fresh_world, kind, name):
    team = unique("team")
    scene = Scene(fresh_world, owner={"kind": "team", "id": team})
    scene.team = team
    grant = fresh_world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    resting = scene.token(ahead(scene), scope="thing.write")
    assert resting.claims["del"]["grant"] == grant
    # After the grant's record, which was answered before the token was asked for.
    fresh_world.revoke(kind, name(scene), before=rfc3339_ms(jti_ms(resting.claims["jti"]) - 1))
    assert not scene.active(resting.token)
    assert scene.active(scene.token(ahead(scene)).token), "what rests on a policy and came later lives"
    assert scene.admin.get(f"/grants/{grant}").json()["state"] == "revoked"
    refused(scene.broker, scene.exchange(grant, client.GRANT, scope="thing.write"), "LCM-SUBJECT-INVALID")


# ------------------------------------------------------------------ a clock that is ahead


def test_a_subject_token_from_a_clock_ahead_counts_from_when_it_was_first_seen(scene, world):
    early = ahead(scene)
    used = scene.token(early)
    world.revoke("person", scene.person)
    assert not scene.active(used.token)
    refused(scene.broker, scene.exchange(early), "LCM-SUBJECT-REVOKED")
    assert scene.exchange(ahead(scene)).status_code == 200, "one that was first seen after that"


def test_a_refusal_remembers_a_token_from_a_clock_ahead_too(scene, world):
    early = ahead(scene)
    refused(scene.broker, scene.exchange(early, scope="thing.write"), "LCM-CONSENT-MISSING")
    world.revoke("person", scene.person)
    refused(scene.broker, scene.exchange(early), "LCM-SUBJECT-REVOKED")


def test_when_it_was_first_seen_outlives_a_restart(fresh_world):
    scene = Scene(fresh_world)
    early = ahead(scene)
    assert scene.exchange(early).status_code == 200
    fresh_world.revoke("person", scene.person)
    scene.broker.restart()
    refused(scene.broker, scene.exchange(early), "LCM-SUBJECT-REVOKED")


def test_another_form_of_the_same_signature_is_no_other_token(scene, world):
    early = ahead(scene)
    assert scene.exchange(early).status_code == 200
    world.revoke("person", scene.person)
    signed, _, signature = early.rpartition(".")
    raw = tokens.unb64(signature)
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    other = raw[:32] + (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    answer = scene.exchange(f"{signed}.{tokens.b64(other)}")
    assert answer.status_code == 400, answer.text


# ------------------------------------------------------------------ the owner of then

def reown(world, scene, team):
    """Another owner for the scene's agent."""
    world.change(f"/agents/{scene.agent.id}", owner={"kind": "team", "id": team})


def test_what_an_owner_s_revocation_killed_stays_dead_when_the_agent_gets_another_owner(world):
    team = unique("team")
    scene = Scene(world, owner={"kind": "team", "id": team})
    token = scene.token()
    grant = world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    world.revoke("owner", team)
    reown(world, scene, unique("team"))
    assert not scene.active(token.token)
    assert scene.admin.get(f"/grants/{grant}").json()["state"] == "revoked"
    refused(scene.broker, scene.exchange(grant, client.GRANT, scope="thing.write"), "LCM-SUBJECT-INVALID")
    assert scene.active(scene.token().token), "what the agent gets under its new owner lives"


def test_an_owner_s_revocation_reaches_what_its_agent_got_before_it_got_another(world):
    team = unique("team")
    scene = Scene(world, owner={"kind": "team", "id": team})
    token = scene.token()
    reown(world, scene, unique("team"))
    young = scene.token()
    dry = scene.admin.post("/revocations", {"what": {"kind": "owner", "id": team}, "reason": "t", "dry_run": True})
    assert dry.json()["affected"]["tokens"] == 1
    world.revoke("owner", team)
    assert not scene.active(token.token) and scene.active(young.token)


def test_only_a_lock_looks_at_the_owner_of_now(world):
    old, new = unique("team"), unique("team")
    scene = Scene(world, owner={"kind": "team", "id": old})
    token = scene.token()
    reown(world, scene, new)
    lock = world.lock("owner", new)
    assert not scene.active(token.token)
    world.lift(lock)
    assert scene.active(token.token)


# ------------------------------------------------------------------ the target of then

def test_a_resource_that_moves_to_another_target_takes_no_token_along(world, broker):
    first = Scene(world)
    moving = first.target.resources[0]
    token = first.token(resource=moving, audience=None)
    assert token.claims["aud"] == moving
    world.change(f"/targets/{first.target.id}", resources=[])
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])])
    second = world.target(resources=[moving], scopes={"thing.read": "low"},
                          derives={"thing.read": ["sap:invoice.read"]}, acts_as=agent.id)
    assert client.introspect(broker, token.token, agent=second.server).json() == {"active": False}
    assert first.active(token.token), "its own resource server is told"
    answer = client.exchange(broker, token.token, client.ACCESS_TOKEN, agent=second.server, audience="sap",
                             scope="invoice.read")
    refused(broker, answer, "LCM-ACTOR-MISMATCH")


# ------------------------------------------------------------------ what is over

def records(broker) -> int:
    """Records of the ledger, as its metrics tell."""
    text = client.http.get(f"{broker.operations}/metrics", timeout=30).text
    line = next(l for l in text.splitlines() if l.startswith("locum_ledger_records_total"))
    return int(float(line.split()[-1]))


def test_a_token_that_is_dead_already_adds_nothing(fresh_world):
    scene = Scene(fresh_world)
    token = scene.token()
    assert client.revoke(scene.broker, token.token, agent=scene.agent).status_code == 200
    before = records(scene.broker)
    for _ in range(3):
        assert client.revoke(scene.broker, token.token, agent=scene.agent).status_code == 200
    other = scene.token()
    fresh_world.revoke("person", scene.person)
    after = records(scene.broker)
    assert client.revoke(scene.broker, other.token, agent=scene.agent).status_code == 200
    assert records(scene.broker) == after
    assert after - before == 2, "the exchange and the administrator's revocation"


def test_revocations_and_locks_are_listed_from_the_record_page_by_page(fresh_world):
    scene = Scene(fresh_world)
    made = [fresh_world.revoke("person", f"demo:{unique('p')}")["id"] for _ in range(5)]
    token = scene.token()
    assert client.revoke(scene.broker, token.token, agent=scene.agent).status_code == 200
    locks = [fresh_world.lock("person", f"demo:{unique('p')}") for _ in range(3)]
    fresh_world.lift(locks[1])

    def listed(path):
        found, cursor = [], ""
        while cursor is not None:
            page = scene.admin.get(f"{path}?limit=2{cursor and '&cursor=' + cursor}").json()
            found, cursor = found + page["items"], page["next"]
        return found

    for _ in range(2):
        revoked = listed("/revocations")
        assert [r["id"] for r in revoked[:5]] == made
        assert revoked[5]["what"] == {"kind": "token", "id": token.claims["jti"]} and len(revoked) == 6
        assert [(l["id"], l["state"]) for l in listed("/locks")] == list(zip(locks, ["active", "lifted", "active"]))
        assert scene.admin.get(f"/revocations/{made[2]}").json() == revoked[2]
        assert scene.admin.get(f"/locks/{locks[1]}").json()["state"] == "lifted"
        assert scene.admin.post(f"/locks/{locks[1]}/lift", {"reason": "t"}).status_code == 409
        scene.broker.restart()
