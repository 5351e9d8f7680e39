"""Contract §15, "The credential" and "Trouble": whatever a vendor answers, nobody gets more than the permit says."""

import json

import pytest

from support.handouts import LIFE_S, SCOPES, Handout, failed, xsuaa
from support.tokens import DROP
from support.vendor import answer, refusal, reset

JWT = {"token_format": "jwt"}
OVERHANG = {"accept_overhang": {"reason": "test"}}
HTML = "<!doctype html><title>Bad gateway</title><h1>canary-of-a-vendors-text</h1>"


@pytest.fixture
def scene(world, vendor):
    """One whose credentials can be revoked alone."""
    return Handout(world, vendor)


def granting(vendor, **changes):
    """The next answer grants, with changes."""
    vendor.says.append(lambda asked: vendor.granted(asked, **changes))


# ------------------------------------------------------------- refusals and trouble

@pytest.mark.parametrize("status", [400, 401, 403])
@pytest.mark.parametrize("error", ["invalid_grant", "invalid_client", "invalid_scope", "canary-of-a-vendors-text"])
def test_a_refusal_in_the_vendors_form_is_told_as_its_refusal(scene, vendor, status, error):
    vendor.says.append(refusal(status, error))
    body = failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM-REFUSED", "refused")
    assert "target's own system" in body["error_description"]
    assert body.credential["fingerprint"] is None and body.credential["revocation"] is None


@pytest.mark.parametrize("said", [
    answer(404, {"error": "invalid_client"}), answer(404, HTML, Content_Type="text/html"), answer(405, {}),
    answer(500, {"error": "server_error"}), answer(502, HTML, Content_Type="text/html"), answer(201, {"access_token": "x"}),
    answer(204, b""), answer(200, b""), answer(200, HTML), answer(200, "[]"), answer(200, "null"), answer(200, "{"),
    answer(200, b"\xff\xfe{}"), answer(200, {}), answer(200, {"access_token": ""}), answer(200, {"access_token": 7}),
    answer(200, {"access_token": None}), answer(200, {"access_token": ["x"]}), answer(200, {"access_token": "two words"}),
    answer(200, {"access_token": "caf\u00e9"}), answer(200, {"access_token": "a" * 16385}),
    answer(200, {"error": "invalid_grant"}), answer(400, HTML, Content_Type="text/html"), answer(401, b""),
    answer(403, "{}"), answer(400, {"error": 7}), answer(200, '{"access_token":' + "[" * 100_000),
    answer(200, {"access_token": "x", "more": "a" * 300_000}), answer(200, b" " * (10 << 20)),
    answer(302, b"", Location="http://127.0.0.1:1/"), answer(200, {"access_token": "x"}, Content_Encoding="gzip"),
    answer(200, {"access_token": "x", "token_type": "mac"}), answer(200, {"access_token": "x", "token_type": 7}),
    reset,
], ids=lambda said: "reset" if said is reset else f"{said[0]}-{said[2][:24]!r}")
def test_nonsense_is_trouble_and_nobody_knows_what_became_of_it(scene, vendor, said):
    vendor.says.append(said)
    body = failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")
    assert len(vendor.asked_for) == 1, "what may have been sent is not sent again"
    assert body.credential["fingerprint"] is None
    assert scene.obtained().scope == "thing.read", "one such answer costs no other exchange"


def test_a_redirect_is_not_followed(world, vendor):
    scene = Handout(world, vendor)
    vendor.says.append(answer(307, b"", Location=f"{vendor.url}/elsewhere"))
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")
    assert [asked.path for asked in vendor.asked] == ["/oauth/token"]


@pytest.mark.parametrize("name", ["access_token", "expires_in", "scope"])
def test_a_member_twice_is_nonsense(scene, vendor, name):
    members = {"access_token": "first", "expires_in": 300, "scope": SCOPES["thing.read"]}
    text = json.dumps(members)[:-1] + f', "{name}": {json.dumps(members[name])}}}'
    vendor.says.append(answer(200, text))
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")


# ------------------------------------------------------------- how long it lives

@pytest.mark.parametrize("said", [-1, 0, 1.5, 300.0, "", "soon", "-5", "+5", "5 ", "0", "1e3", True, None, [300], {}])
def test_a_life_that_cannot_be_read_is_nonsense_and_what_came_is_revoked(scene, vendor, said):
    granting(vendor, expires_in=said)
    body = failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")
    scene.until_revocation(body["request_id"], "done")
    assert vendor.revoked[0].headers["Authorization"] == f"Bearer {vendor.made[0]}"


@pytest.mark.parametrize(("said", "told"), [(1, 1), ("299", 299), (300, 300), (LIFE_S, 300), ("0120", 120)])
def test_the_answer_tells_the_shorter_of_vendor_and_permit_where_it_is_revoked(scene, vendor, said, told):
    granting(vendor, expires_in=said)
    assert scene.obtained().expires_in == told


def test_without_a_word_of_the_vendor_the_declared_life_counts(world, vendor):
    short = Handout(world, vendor, parameters=JWT | {"token_validity_s": 120})
    granting(vendor, drop=["expires_in"])
    assert short.obtained().expires_in == 120


@pytest.mark.parametrize("said", [LIFE_S + 1, str(LIFE_S + 1), 2 ** 53, 2 ** 63, 2 ** 64 - 1])
def test_a_life_longer_than_declared_is_unsafe_and_revoked(scene, vendor, said):
    granting(vendor, expires_in=said)
    answer_ = scene.exchange()
    body = answer_.json()
    assert (answer_.status_code, body["code"]) == (400, "LCM-HANDOUT-UNSAFE"), body
    assert "(expire)" in body["error_description"] and "access_token" not in body
    found = scene.admin.get("/decisions", params={"agent": scene.agent.id, "outcome": "permit"}).json()["items"]
    scene.until_revocation(found[0]["id"], "done")


@pytest.mark.parametrize("said", [301, LIFE_S + 1])
def test_what_cannot_be_revoked_and_lives_longer_is_not_handed_out(world, vendor, said):
    scene = Handout(world, vendor, parameters=JWT | {"token_validity_s": 300})
    granting(vendor, expires_in=said)
    body = scene.exchange().json()
    assert body["code"] == "LCM-HANDOUT-UNSAFE" and "(expire)" in body["error_description"], body


@pytest.mark.parametrize(("said", "told"), [(301, 301), (3600, 3600), ("86400", 86400)])
def test_with_accept_overhang_the_answer_tells_the_truth(world, vendor, said, told):
    scene = Handout(world, vendor, parameters=JWT | {"token_validity_s": 300}, **OVERHANG)
    granting(vendor, expires_in=said)
    assert scene.obtained().expires_in == told


def test_an_answer_with_a_number_that_cannot_be_read_is_nonsense(scene, vendor):
    granting(vendor, expires_in=10 ** 400)
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")


@pytest.mark.parametrize("said", [2 ** 53, 2 ** 63, 2 ** 64 - 1])
def test_a_huge_life_costs_no_record_its_form(world, vendor, said):
    scene = Handout(world, vendor, parameters=JWT | {"token_validity_s": 300}, **OVERHANG)
    granting(vendor, expires_in=said)
    body = scene.exchange().json()
    assert body.get("expires_in", 0) < 2 ** 53, body
    found = scene.admin.get("/decisions", params={"agent": scene.agent.id, "outcome": "permit"})
    assert found.status_code == 200, found.text
    assert scene.credential(found.json()["items"][0]["id"])["state"] in ("obtained", "unknown")
    revoked = scene.admin.post("/revocations", {"what": {"kind": "agent", "id": scene.agent.id}, "reason": "test"})
    assert revoked.status_code == 200, revoked.text


# ------------------------------------------------------------- what it may do

@pytest.mark.parametrize("said", ["app!t1.Read app!t1.Write", "app!t1.Read openid", "uaa.admin", "", " ", 7, ["app!t1.Read"], None])
def test_a_scope_that_was_not_asked_for_is_nonsense_and_revoked(scene, vendor, said):
    granting(vendor, scope=said)
    body = failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")
    scene.until_revocation(body["request_id"], "done")


def test_a_scope_that_the_vendor_left_out_is_not_said_to_be_granted(scene, vendor):
    granting(vendor, scope=SCOPES["thing.write"])
    assert scene.obtained(scope="thing.read thing.write").scope == "thing.write"


def test_an_answer_without_scope_grants_what_was_asked_for(scene, vendor):
    granting(vendor, drop=["scope"])
    assert scene.obtained(scope="thing.read thing.write").scope == "thing.read thing.write"


@pytest.mark.parametrize("kind", ["bearer", "Bearer", "BEARER", DROP])
def test_token_type_is_bearer_in_any_case(scene, vendor, kind):
    granting(vendor, **({"drop": ["token_type"]} if kind is DROP else {"token_type": kind}))
    assert scene.obtained().token_type == "Bearer"


# ------------------------------------------------------------- never the same twice

def test_the_same_credential_is_never_handed_out_twice(world, vendor):
    scene, other = Handout(world, vendor), Handout(world, vendor)
    first = scene.obtained()
    for one in (scene, other):
        granting(vendor, access_token=first.access_token)
        failed(one.broker, one.exchange(), "LCM-DOWNSTREAM", "unknown")
    assert vendor.revoked == [], "it is the first one's, and good"
    assert scene.credential(first.delegation_id)["revocation"] is None


def test_a_refresh_token_never_leaves(scene, vendor):
    granting(vendor, refresh_token="canary-of-a-refresh-token")
    assert "canary-of-a-refresh-token" not in str(scene.obtained())


def test_the_vendor_is_asked_with_the_kinds_own_members(world, vendor):
    scene = Handout(world, vendor, lambda v, s, **p: xsuaa(v, s, "client_credentials", **p),
                    entitlements={"thing.read": ["demo:staff"], "thing.write": []})
    scene.obtained()
    form = vendor.asked_for[0].form
    assert form["grant_type"] == "client_credentials" and "assertion" not in form
