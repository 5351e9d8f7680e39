"""Contract §15: what was handed out is revoked at its vendor, until the vendor confirms it or it has expired."""

import pytest

from support import client
from support.handouts import Handout
from support.scene import until
from support.vendor import answer, reset
from support.world import World


@pytest.fixture
def scene(world, vendor):
    """One whose credentials can be revoked alone."""
    return Handout(world, vendor)


def revoked_at(vendor, body) -> bool | None:
    """Whether the vendor was told to end exactly that credential, which proves itself."""
    for asked in vendor.revoked:
        if asked.headers.get("Authorization") == f"Bearer {body.access_token}":
            assert (asked.method, asked.path) == ("DELETE", f"/oauth/token/revoke/{body.access_token}")
            return True
    return None


STOPS = {
    "revoked delegation": lambda s, b: s.world.revoke("delegation", b.delegation_id),
    "revoked token": lambda s, b: s.world.revoke("token", b.decision.jti),
    "revoked agent": lambda s, b: s.world.revoke("agent", s.agent.id),
    "revoked version": lambda s, b: s.world.revoke("agent_version", s.agent.version),
    "revoked person": lambda s, b: s.world.revoke("person", s.person),
    "revoked target": lambda s, b: s.world.revoke("target", s.target.id),
    "revoked client": lambda s, b: s.world.revoke("client", s.agent.id),
    "locked target": lambda s, b: s.world.lock("target", s.target.id),
    "locked agent": lambda s, b: s.world.lock("agent", s.agent.id),
    "locked version": lambda s, b: s.world.lock("agent_version", s.agent.version),
    "locked person": lambda s, b: s.world.lock("person", s.person),
    "suspended agent": lambda s, b: s.world.agent_state(s.agent.id, "suspend"),
    "retired agent": lambda s, b: s.world.agent_state(s.agent.id, "retire"),
}


@pytest.mark.parametrize("stop", STOPS)
def test_what_stops_here_is_revoked_there(scene, vendor, stop):
    stays = Handout(scene.world, vendor).obtained()
    body = scene.obtained()
    assert scene.credential(body.delegation_id)["revocation"] is None
    STOPS[stop](scene, body)
    until(lambda: revoked_at(vendor, body))
    scene.until_revocation(body.delegation_id, "done")
    assert revoked_at(vendor, stays) is None and scene.credential(stays.delegation_id)["revocation"] is None
    assert scene.credential(body.delegation_id)["state"] == "obtained"


def test_a_grant_that_is_revoked_ends_what_came_of_it(scene, vendor):
    grant = scene.world.grant(scene.agent.id, {scene.target.id: ["thing.read"]}, scene.person)
    body = scene.obtained(grant, client.GRANT)
    scene.world.revoke("grant", grant)
    scene.until_revocation(body.delegation_id, "done")
    assert revoked_at(vendor, body)


def test_a_lock_that_is_lifted_gives_nothing_back(scene, vendor):
    body = scene.obtained()
    lock = scene.world.lock("target", scene.target.id)
    scene.until_revocation(body.delegation_id, "done")
    scene.world.lift(lock)
    assert scene.credential(body.delegation_id)["revocation"] == "done"
    assert scene.obtained().access_token != body.access_token and len(vendor.revoked) == 1


def test_what_lives_longer_is_revoked_at_the_permits_end(scene, vendor):
    body = scene.obtained(expires_in=1)
    assert body.expires_in == 1
    scene.until_revocation(body.delegation_id, "done")
    assert revoked_at(vendor, body) and len(vendor.revoked) == 1


def test_what_ends_with_the_permit_needs_no_revocation(scene, vendor):
    vendor.says.append(lambda asked: vendor.granted(asked, expires_in=1))
    short = scene.obtained(expires_in=3)
    longer = scene.obtained(expires_in=4)
    scene.until_revocation(longer.delegation_id, "done")
    assert revoked_at(vendor, short) is None and scene.credential(short.delegation_id)["revocation"] is None


def test_a_revocation_tells_who_is_affected_and_nothing_survives(scene):
    body = scene.obtained()
    dry = scene.world.revoke("agent", scene.agent.id, dry_run=True)
    assert dry.affected["tokens"] == 1 and scene.credential(body.delegation_id)["revocation"] is None
    real = scene.world.revoke("agent", scene.agent.id)
    assert real.affected["tokens"] == 1 and real.survivors == []


@pytest.mark.parametrize("status", [401, 404])
def test_a_credential_that_the_vendor_does_not_know_any_more_is_gone(scene, vendor, status):
    vendor.revokes.append(answer(status, {"error": "invalid_token"}))
    body = scene.obtained()
    scene.world.revoke("delegation", body.delegation_id)
    scene.until_revocation(body.delegation_id, "done")


@pytest.mark.parametrize("trouble", [answer(500, {}), answer(429, {}), answer(403, {}), reset], ids=["500", "429", "403", "reset"])
def test_it_is_tried_again_until_the_vendor_confirms_it(scene, vendor, trouble):
    vendor.revokes += [trouble, trouble]
    body = scene.obtained()
    scene.world.revoke("delegation", body.delegation_id)
    assert scene.credential(body.delegation_id)["revocation"] in ("pending", "done")
    scene.until_revocation(body.delegation_id, "done")
    assert len(vendor.revoked) == 3


def test_it_is_pending_until_then(scene, vendor):
    vendor.always_revokes = answer(500, {})
    body = scene.obtained()
    scene.world.revoke("delegation", body.delegation_id)
    until(lambda: revoked_at(vendor, body))
    assert scene.credential(body.delegation_id)["revocation"] == "pending"
    vendor.always_revokes = None
    scene.until_revocation(body.delegation_id, "done")


def test_it_failed_where_it_expired_unconfirmed(scene, vendor):
    vendor.always_revokes = answer(500, {})
    vendor.says.append(lambda asked: vendor.granted(asked, expires_in=3))
    body = scene.obtained(expires_in=1)
    scene.until_revocation(body.delegation_id, "failed")
    assert revoked_at(vendor, body)
    tried = len(vendor.revoked)
    # Another revocation that is confirmed shows that the first one is not tried any more.
    vendor.always_revokes = None
    other = scene.obtained(expires_in=1)
    scene.until_revocation(other.delegation_id, "done")
    assert scene.credential(body.delegation_id)["revocation"] == "failed" and len(vendor.revoked) == tried + 1


def test_it_is_tried_again_over_a_restart(fresh_world, vendor):
    scene = Handout(fresh_world, vendor)
    vendor.always_revokes = answer(500, {})
    body, other = scene.obtained(), scene.obtained()
    fresh_world.revoke("delegation", body.delegation_id)
    until(lambda: revoked_at(vendor, body))
    fresh_world.broker.restart(kill=True)
    assert scene.credential(body.delegation_id)["revocation"] == "pending"
    vendor.always_revokes = None
    scene.until_revocation(body.delegation_id, "done")
    assert revoked_at(vendor, other) is None and scene.credential(other.delegation_id)["revocation"] is None
    fresh_world.broker.restart()
    assert scene.credential(body.delegation_id)["revocation"] == "done"


def test_what_expired_while_the_broker_was_down_failed(fresh_world, vendor):
    scene = Handout(fresh_world, vendor)
    vendor.always_revokes = answer(500, {})
    vendor.says.append(lambda asked: vendor.granted(asked, expires_in=3))
    body, ended = scene.obtained(expires_in=1), scene.obtained()
    until(lambda: revoked_at(vendor, body))
    fresh_world.broker.kill9()
    from support import tokens
    at = tokens.now()
    until(lambda: tokens.now() > at + 3)
    fresh_world.broker.start()
    scene.until_revocation(body.delegation_id, "failed")
    assert scene.credential(ended.delegation_id)["revocation"] is None


def test_a_demo_credential_is_dead_at_its_vendor(dev):
    body = client.exchange(dev, agent="invoice-agent", audience="urn:demo:sap-btp").json()
    place = dev.targets["sap-btp"]["url"] + "/invoices/4711"
    head = {"Authorization": f"Bearer {body['access_token']}"}
    assert client.http.get(place, headers=head, timeout=30).status_code == 200
    World(dev).revoke("delegation", body["delegation_id"])
    until(lambda: client.http.get(place, headers=head, timeout=30).status_code == 401)


def test_what_was_not_obtained_is_not_revoked(scene, vendor):
    vendor.says += [answer(400, {"error": "invalid_grant"}), answer(500, {})]
    for _ in range(2):
        scene.exchange()
    got = scene.obtained()
    scene.world.revoke("agent", scene.agent.id)
    scene.until_revocation(got.delegation_id, "done")
    assert len(vendor.revoked) == 1


def test_rfc_7009_with_the_clients_own_proof(world, vendor):
    def oauth(vendor_, secret, **_):
        scopes = {"thing.read": "r", "thing.write": "w"}
        return {"kind": "jwt_bearer", "profile": "oauth", "base_url": vendor_.url, "secrets": {"client": secret},
                "parameters": {"client_id": "locum", "scopes": scopes, "revocation_path": "/oauth2/revoke"}}
    scene = Handout(world, vendor, oauth)
    body = scene.obtained()
    assert body.expires_in == 300
    world.revoke("delegation", body.delegation_id)
    scene.until_revocation(body.delegation_id, "done")
    [asked] = vendor.revoked
    assert (asked.method, asked.path, asked.form["token"]) == ("POST", "/oauth2/revoke", body.access_token)
    assert asked.headers["Authorization"] == client.basic("locum", scene.secret)
