"""Contract §15: what a vendor handed out is told, ended and counted also where something went wrong in between."""

import resource
import threading
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from support import client, tokens
from support.handouts import SCOPES, Handout, failed, remembered, unsafe
from support.scene import until
from support.vendor import Vendor, answer, refusal

OVERHANG = {"accept_overhang": {"reason": "test"}}
SAME = "the-same-token-0123456789abcdef0123456789"


def plain(vendor, secret, **parameters):
    """A connector whose credentials can be narrowed and not be revoked."""
    given = {"client_id": "locum", "scopes": SCOPES} | parameters
    return {"kind": "jwt_bearer", "profile": "oauth", "base_url": vendor.url, "secrets": {"client": secret},
            "parameters": given}


# ------------------------------------------------------------- handed out once

def test_what_was_revoked_is_not_handed_out_again(world, vendor):
    first, second = Handout(world, vendor), Handout(world, vendor)
    vendor.always = lambda asked: vendor.granted(asked, access_token=SAME + first.sub)
    body = first.obtained()
    world.revoke("delegation", body.delegation_id)
    first.until_revocation(body.delegation_id, "done")
    failed(second.broker, second.exchange(), "LCM-DOWNSTREAM", "unknown")


def test_what_has_ended_is_not_active_and_not_handed_out_again(world, vendor):
    scene = Handout(world, vendor, plain, **OVERHANG)
    vendor.always = lambda asked: vendor.granted(asked, access_token=SAME + scene.sub, expires_in=1)
    body = scene.obtained()
    until(lambda: not client.introspect(scene.broker, body.access_token, agent=scene.agent).json()["active"] or None)
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")


# ------------------------------------------------------------- nothing was sent

def test_where_nothing_was_sent_the_use_of_a_grant_is_given_back(fresh_world):
    with Vendor(closed=True) as vendor:
        scene = Handout(fresh_world, vendor, risks=("high", "high"))
        fresh_world.grant(scene.agent.id, {scene.target.id: ["thing.read"]}, scene.person, max_uses=1)
        failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "not_sent")
        scene.broker.restart()
        vendor.open()
        scene.obtained()
        used = scene.exchange()
        assert (used.status_code, used.json()["code"]) == (400, "LCM-CONSENT-MISSING")


def test_what_falls_before_the_vendor_is_asked_leaves_no_open_permit(fresh_world, vendor):
    scene = Handout(fresh_world, vendor)
    subject = scene.subject()

    def asking(actor):
        scene.exchange(subject, actor_token=actor, actor_token_type=client.ACCESS_TOKEN)

    for _ in range(10):
        made = client.client_credentials(scene.broker, agent=scene.agent, audience=scene.broker.issuer)
        actor = made.json()["access_token"]
        threads = [threading.Thread(target=asking, args=(actor,)) for _ in range(4)]
        for thread in threads:
            thread.start()
        assert client.revoke(scene.broker, actor, agent=scene.agent).status_code == 200
        for thread in threads:
            thread.join()
    assert remembered(scene.broker)["open"] == 0


# ------------------------------------------------------------- the ledger takes nothing

def test_what_the_vendor_made_is_revoked_though_its_outcome_could_not_be_written(fresh_world, vendor):
    scene = Handout(fresh_world, vendor)
    vendor.hold()
    got = []
    asking = threading.Thread(target=lambda: got.append(scene.exchange()))
    asking.start()
    asked = until(lambda: vendor.asked or None)
    delegation = tokens.decode(asked[0].form["assertion"])["jti"]
    pid, files = scene.broker.pid, (Path(scene.broker.data_dir) / "ledger").rglob("*")
    most = max(file.stat().st_size for file in files if file.is_file())
    before = resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, resource.RLIM_INFINITY))
    vendor.release()
    asking.join()
    resource.prlimit(pid, resource.RLIMIT_FSIZE, before)
    assert got[0].status_code == 503
    scene.until_revocation(delegation, "done")
    assert vendor.revoked[0].headers["Authorization"] == f"Bearer {vendor.made[0]}"
    assert remembered(scene.broker)["open"] == 0


# ------------------------------------------------------------- survivors

def test_what_cannot_be_revoked_is_told_by_each_revocation(world, vendor):
    scene = Handout(world, vendor, plain, **OVERHANG)
    body = scene.obtained()
    told = [world.revoke(kind, name).survivors for kind, name in
            (("delegation", body.delegation_id), ("agent", scene.agent.id), ("target", scene.target.id))]
    assert [[one["target"] for one in survivors] for survivors in told] == [[scene.target.id]] * 3


def test_a_target_that_moved_has_its_credentials_revoked_once_it_is_declared_as_it_was(world, vendor):
    scene, later = Handout(world, vendor), Handout(world, vendor)
    body, after = scene.obtained(), later.obtained()
    connector = scene.target.body["connector"]
    with Vendor() as other:
        world.change(f"/targets/{scene.target.id}", connector=connector | {"base_url": other.url})
        world.revoke("delegation", body.delegation_id)
        world.revoke("delegation", after.delegation_id)
        later.until_revocation(after.delegation_id, "done")
        assert scene.credential(body.delegation_id)["revocation"] == "pending"
        assert other.asked == []
    world.change(f"/targets/{scene.target.id}", connector=connector)
    scene.until_revocation(body.delegation_id, "done")


@pytest.mark.parametrize("status", [401, 404])
def test_only_the_vendor_itself_says_that_it_does_not_know_a_credential(world, vendor, status):
    scene = Handout(world, vendor)
    vendor.always_revokes = answer(status, "<html>no such page</html>", Content_Type="text/html")
    body = scene.obtained()
    world.revoke("delegation", body.delegation_id)
    until(lambda: vendor.revoked or None)
    assert scene.credential(body.delegation_id)["revocation"] == "pending"
    vendor.always_revokes = answer(200, "")
    scene.until_revocation(body.delegation_id, "done")


def test_a_pause_that_an_exchange_was_asked_for_holds_no_revocation_up(world, vendor):
    scene = Handout(world, vendor)
    body = scene.obtained()
    vendor.says.append(answer(429, {}, Retry_After="300"))
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")
    world.revoke("delegation", body.delegation_id)
    scene.until_revocation(body.delegation_id, "done")


def test_revocations_that_fail_cost_nobody_a_credential(world, vendor):
    scene = Handout(world, vendor)
    vendor.always_revokes = answer(500, "")
    bodies = [scene.obtained() for _ in range(6)]
    for body in bodies:
        world.revoke("delegation", body.delegation_id)
    until(lambda: len(vendor.revoked) >= 5 or None)
    scene.obtained()


# ------------------------------------------------------------- what leaves

@pytest.mark.parametrize("scopes", [
    {"thing.read": "ZTHING_SRV", "thing.write": "ZTHING_SRV"},
    {"thing.read": "A.Read A.Write", "thing.write": "A.Write"},
])
def test_a_scope_whose_names_are_those_of_another_cannot_be_narrowed(world, vendor, scopes):
    scene = Handout(world, vendor, parameters={"scopes": scopes})
    unsafe(scene.broker, scene.exchange(), "narrow")
    assert vendor.asked == []
    scene.obtained(scope="thing.read thing.write")


def test_a_private_key_is_never_sent_as_a_text(world, vendor):
    scene = Handout(world, vendor)
    key = rsa.generate_private_key(65537, 2048)
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    scene.put_secret(pem.decode())
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "not_sent")
    assert vendor.asked == []


def test_a_request_id_that_tells_a_secret_is_not_kept(world, vendor):
    scene = Handout(world, vendor)
    vendor.says.append(lambda asked: vendor.granted(asked, headers={"x-request-id": f"id-{asked.form['client_secret']}"}))
    told = scene.obtained()
    assert scene.credential(told.delegation_id)["vendor_request_id"] is None


@pytest.mark.parametrize(("says", "code", "state", "detail"), [
    (refusal(400, "invalid_scope"), "LCM-DOWNSTREAM-REFUSED", "refused", "status 400, invalid_scope"),
    (answer(404, {}), "LCM-DOWNSTREAM", "unknown", "404"),
], ids=["refused", "nonsense"])
def test_the_decision_says_why_there_is_no_credential(world, vendor, says, code, state, detail):
    scene = Handout(world, vendor)
    vendor.says.append(says)
    told = failed(scene.broker, scene.exchange(), code, state)
    assert detail in told.decision["detail"] and told.decision["error_description"] in told["error_description"]
