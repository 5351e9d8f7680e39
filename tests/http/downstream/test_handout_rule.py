"""Contract §15, the rule of delivery: judged per permit, by what the vendor can do."""

import pytest

from support import client
from support.checks import refused
from support.handouts import SCOPES, Handout, unsafe
from support.tokens import DROP
from support.world import World, stamp

JWT = {"token_format": "jwt"}
"""What cannot be revoked."""
OVERHANG = {"accept_overhang": {"reason": "test"}}
NET = {"thing.read": ["demo:staff"], "thing.write": ["demo:staff"]}


def oauth(vendor, secret, **parameters):
    """One account for all scopes, or principals; nothing revokes."""
    given = {"client_id": "locum", "token_validity_s": 60} | parameters
    given = {name: value for name, value in given.items() if value is not DROP}
    named = {} if "principals" in given else {"secrets": {"client": secret}}
    by = [one | {"secret": secret} for one in given.get("principals", [])]
    return {"kind": "jwt_bearer", "profile": "oauth", "base_url": vendor.url,
            "parameters": given | ({"principals": by} if by else {})} | named


def principals(*sets: str) -> dict:
    """One account a set of scopes, named after it."""
    return {"principals": [{"client_id": scopes.replace(" ", "+"), "scopes": scopes.split()} for scopes in sets]}


def shown(scene) -> dict:
    """The target as the API shows it."""
    return scene.admin.get(f"/targets/{scene.target.id}").json()


# ------------------------------------------------------------- it may outlive the permit

def test_what_may_outlive_the_permit_and_cannot_be_revoked_is_unsafe(world, vendor):
    scene = Handout(world, vendor, parameters=JWT)
    unsafe(scene.broker, scene.exchange(), "expire")
    assert vendor.asked == []
    assert shown(scene)["handout"] == {"safe": False, "because": ["expire"]}


def test_a_declared_life_within_the_permit_is_safe_and_a_shorter_permit_is_not(world, vendor):
    scene = Handout(world, vendor, parameters=JWT | {"token_validity_s": 120})
    assert shown(scene)["handout"] == {"safe": True, "because": []}
    vendor.says.append(lambda asked: vendor.granted(asked, expires_in=120))
    assert scene.obtained(expires_in=120).expires_in == 120
    unsafe(scene.broker, scene.exchange(expires_in=119), "expire")
    assert len(vendor.asked_for) == 1


def test_with_accept_overhang_it_is_handed_out_and_told(world, vendor):
    scene = Handout(world, vendor, parameters=JWT | {"token_validity_s": 600}, **OVERHANG)
    body = scene.obtained(expires_in=60)
    assert body.expires_in == 600 and body.decision.granted["expires_in"] == 60
    assert shown(scene)["handout"] == {"safe": False, "because": ["expire"]}
    assert shown(scene)["accept_overhang"] == {"reason": "test"}


def test_what_is_revoked_alone_is_safe(world, vendor):
    scene = Handout(world, vendor)
    assert shown(scene)["handout"] == {"safe": True, "because": []}
    assert shown(scene)["credential"] == {"narrow": "request", "expire": "declared", "revoke": "alone", "unique": "yes",
                                          "carries_person": True}
    assert scene.obtained(expires_in=5).expires_in <= 5


# ------------------------------------------------------------- it may do more

def test_one_account_narrows_only_where_everything_is_granted(world, vendor):
    scene = Handout(world, vendor, oauth)
    unsafe(scene.broker, scene.exchange(scope="thing.read"), "narrow")
    vendor.says.append(lambda asked: vendor.granted(asked, expires_in=60))
    assert scene.obtained(scope="thing.read thing.write").scope == "thing.read thing.write"
    assert shown(scene)["credential"]["narrow"] == "no"


def test_the_principal_whose_scopes_equal_those_granted_asks(world, vendor):
    scene = Handout(world, vendor, oauth, principals("thing.read thing.write", "thing.read"))
    vendor.always = lambda asked: vendor.granted(asked, expires_in=60)
    scene.obtained(scope="thing.read")
    scene.obtained(scope="thing.read thing.write")
    users = [asked.headers["Authorization"] for asked in vendor.asked_for]
    assert users == [client.basic(name, scene.secret) for name in ("thing.read", "thing.read+thing.write")]
    unsafe(scene.broker, scene.exchange(scope="thing.write"), "narrow")
    assert shown(scene)["credential"]["narrow"] == "principal"


def test_with_accept_overhang_the_smallest_principal_that_covers_asks(world, vendor):
    scene = Handout(world, vendor, oauth, principals("thing.read thing.write", "thing.read"), **OVERHANG)
    vendor.always = lambda asked: vendor.granted(asked, expires_in=60)
    body = scene.obtained(scope="thing.write")
    assert vendor.asked_for[0].headers["Authorization"] == client.basic("thing.read+thing.write", scene.secret)
    assert body.decision.granted["scope"] == "thing.write"


def test_both_reasons_are_named(world, vendor):
    scene = Handout(world, vendor, oauth, {"token_validity_s": DROP})
    unsafe(scene.broker, scene.exchange(scope="thing.read"), "narrow", "expire")
    unsafe(scene.broker, scene.exchange(scope="thing.read thing.write"), "expire")


def test_details_are_narrowed_by_no_vendor(world, vendor):
    details = {"pair": {"company": {"type": "string", "narrow": "equal"}}}
    scene = Handout(world, vendor, details=details)
    asked = '[{"type":"pair","company":"DE01"}]'
    unsafe(scene.broker, scene.exchange(authorization_details=asked), "narrow")
    assert vendor.asked == []


# ------------------------------------------------------------- when it is judged

def test_an_unsafe_handout_is_refused_before_a_person_is_asked(world, vendor):
    scene = Handout(world, vendor, parameters=JWT, risks=("low", "high"))
    body = unsafe(scene.broker, scene.exchange(scope="thing.write"), "expire")
    assert "consent_uri" not in body
    safe = Handout(world, vendor, risks=("low", "high"))
    refused(safe.broker, safe.exchange(scope="thing.write"), "LCM-CONSENT-MISSING")


def test_an_unsafe_handout_takes_no_use_of_a_grant(world, vendor):
    scene = Handout(world, vendor, parameters=JWT | {"token_validity_s": 120}, risks=("low", "high"))
    grant = world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, scene.person, max_uses=1)
    asked = {"subject_token": grant, "subject_token_type": client.GRANT, "scope": "thing.write"}
    unsafe(scene.broker, scene.exchange(expires_in=60, **asked), "expire")
    vendor.says.append(lambda asked: vendor.granted(asked, expires_in=120))
    assert scene.obtained(**asked).scope == "thing.write"


def test_a_permit_that_a_grant_shortens_is_judged_as_it_is(world, vendor):
    scene = Handout(world, vendor, parameters=JWT | {"token_validity_s": 120})
    grant = world.grant(scene.agent.id, {scene.target.id: ["thing.read"]}, scene.person, expires_at=stamp(60))
    unsafe(scene.broker, scene.exchange(grant, client.GRANT), "expire")


def test_the_description_says_what_can_be_done(world, vendor):
    scene = Handout(world, vendor, parameters=JWT)
    text = unsafe(scene.broker, scene.exchange(), "expire")["error_description"]
    assert "accept_overhang" in text and text.endswith("[LCM-HANDOUT-UNSAFE]")


# ------------------------------------------------------------- what lives on

def test_what_cannot_be_revoked_survives_and_is_told(world, vendor):
    scene = Handout(world, vendor, parameters=JWT, **OVERHANG)
    body = scene.obtained()
    revoked = world.revoke("delegation", body.delegation_id)
    assert [one["target"] for one in revoked.survivors] == [scene.target.id], revoked
    assert revoked.survivors[0]["until"] == scene.credential(body.delegation_id)["expires_at"]
    assert scene.credential(body.delegation_id)["revocation"] is None and vendor.revoked == []


def test_a_lock_tells_its_survivors_too(world, vendor):
    scene = Handout(world, vendor, parameters=JWT, **OVERHANG)
    scene.obtained()
    body = {"what": {"kind": "agent", "id": scene.agent.id}, "reason": "test"}
    made = scene.admin.post("/locks", body)
    assert made.status_code == 201 and [one["target"] for one in made.json()["survivors"]] == [scene.target.id]


def test_what_is_revoked_at_its_vendor_survives_nowhere(world, vendor):
    scene = Handout(world, vendor)
    revoked = world.revoke("delegation", scene.obtained().delegation_id)
    assert revoked.survivors == [] and revoked.affected["tokens"] == 1


def test_a_credential_that_was_not_handed_out_survives_nowhere(world, vendor):
    from support.vendor import refusal
    scene = Handout(world, vendor, parameters=JWT, **OVERHANG)
    vendor.says.append(refusal(400))
    assert scene.exchange().status_code == 400
    assert world.revoke("agent", scene.agent.id).survivors == []


@pytest.mark.parametrize("changes", [{"accept_overhang": {}}, {"accept_overhang": {"reason": 7}}, {"accept_overhang": True}])
def test_overhang_is_accepted_with_a_reason(world, vendor, changes):
    scene = Handout(world, vendor)
    body = scene.target.body | changes
    assert scene.admin.put(f"/targets/{scene.target.id}", body).status_code == 422


def test_entitlements_take_the_rule_nothing(dev, vendor):
    scene = Handout(World(dev), vendor, oauth, {"scopes": SCOPES}, entitlements=NET)
    vendor.says.append(lambda asked: vendor.granted(asked, expires_in=60))
    assert scene.obtained(expires_in=60).expires_in == 60
