"""Contract §15, who checks the person: where the vendor does not know them, Locum does."""

import pytest

from support import client, tokens
from support.checks import issued, refused
from support.handouts import SCOPES, Handout, handed_out
from support.scene import problem
from support.tokens import DROP
from support.world import unique

ENTITLED = {"thing.read": ["demo:staff", "demo:readers"], "thing.write": ["demo:writers"]}


def session(vendor, secret, **parameters):
    """Accounts at a firewall: nothing there knows the person."""
    by = [{"user": "svc-read", "scopes": ["thing.read"], "secret": secret},
          {"user": "svc-write", "scopes": ["thing.read", "thing.write"], "secret": secret}]
    return {"kind": "vendor_session", "profile": "panos", "base_url": vendor.url,
            "parameters": {"principals": by, "token_validity_s": 60} | parameters}


@pytest.fixture
def scene(world, vendor):
    """A firewall whose readers are staff; writing is for `writers`."""
    vendor.always = lambda asked: (200, {"Content-Type": "application/xml"}, key())
    return Handout(world, vendor, session, entitlements=ENTITLED, alone=["thing.read"])


def key() -> bytes:
    """A key of PAN-OS, different each time."""
    return f"<response status='success'><result><key>LUFRPT-{unique()}</key></result></response>".encode()


def denied(scene, answer) -> dict:
    """Refused by the entitlements, before anything was asked."""
    body = refused(scene.broker, answer, "LCM-POLICY-DENIED")
    checks = scene.admin.decision(body["request_id"]).json()["checks"]
    assert checks[-1]["name"] == "entitlements" and checks[-1]["result"] != "passed", checks
    assert "details" not in [check["name"] for check in checks]
    assert scene.vendor.asked == []
    return body


def test_eve_gets_nothing_from_the_demo_firewall(dev):
    answer = client.exchange(dev, tokens.id_token(dev, "eve"), agent="soc-agent", audience="urn:demo:panorama")
    body = refused(dev, answer, "LCM-POLICY-DENIED")
    assert client.admin(dev).decision(body["request_id"]).json()["checks"][-1]["name"] == "entitlements"


def test_who_is_in_a_group_of_every_scope_gets_it(scene):
    assert scene.obtained().scope == "thing.read"
    assert scene.obtained(scene.subject(groups=["readers"])).scope == "thing.read"
    both = scene.obtained(scene.subject(groups=["staff", "writers"]), scope="thing.read thing.write")
    assert both.scope == "thing.read thing.write"
    assert [asked.form["user"] for asked in scene.vendor.asked] == ["svc-read", "svc-read", "svc-write"]
    assert scene.vendor.asked[0].form["password"] == scene.secret


def test_the_check_stands_between_scope_and_details(scene):
    names = [check["name"] for check in scene.obtained().decision.checks]
    assert names.index("scope") < names.index("entitlements") < names.index("details")


def test_a_person_outside_is_told_what_would_pass(scene):
    body = denied(scene, scene.exchange(scope="thing.read thing.write"))
    assert body["would_pass"] == {"scope": "thing.read"} and "thing.write" in body["error_description"]


@pytest.mark.parametrize("groups", [[], ["others"], ["demo:staff"], "STAFF", DROP])
def test_a_person_in_none_of_the_groups_is_refused(scene, groups):
    denied(scene, scene.exchange(scene.subject(groups=groups)))


def test_groups_of_another_issuer_are_no_groups_of_this_one(scene, world):
    other = world.issuer()
    agent = world.agent(ceiling=[{"target": scene.target.id, "scopes": list(SCOPES), "default": ["thing.read"]}],
                        subject_issuers=[other.id])
    world.permit(agent.id, scene.target.id)
    at = tokens.now()
    claims = {"iss": other.issuer, "sub": unique("p"), "aud": "test-app", "iat": at, "exp": at + 300, "groups": ["staff"]}
    denied(scene, scene.exchange(tokens.sign(claims, other.key, header={"typ": "JWT"}), agent=agent))


def test_groups_that_are_not_known_refuse(scene):
    more = {"_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "https://graph.example"}}}
    denied(scene, scene.exchange(scene.subject(groups=DROP, **more)))


@pytest.mark.parametrize("groups", [None, ["demo:staff"], ["demo:staff", "demo:writers"]])
def test_groups_that_an_administrator_asserted_refuse(scene, groups):
    given = {} if groups is None else {"groups": groups}
    grant = scene.world.grant(scene.agent.id, {scene.target.id: ["thing.read"]}, scene.person, **given)
    denied(scene, scene.exchange(grant, client.GRANT))


def test_an_agent_acting_for_itself_needs_none(scene):
    answer = client.client_credentials(scene.broker, scene.agent, audience=scene.target.audience, scope="thing.read")
    assert handed_out(scene.broker, answer).decision.basis == "self"


def test_the_groups_of_the_root_count_further_down(scene, world):
    other = world.agent(ceiling=[{"target": scene.target.id, "scopes": list(SCOPES), "default": ["thing.read"]}])
    world.permit(other.id, scene.target.id)
    passed = issued(scene.exchange(delegate_to=other.id))
    assert scene.vendor.asked == [] and passed.claims["aud"] == f"urn:locum:agent:{other.id}"
    answer = scene.exchange(passed.token, client.ACCESS_TOKEN, agent=other)
    body = handed_out(scene.broker, answer)
    assert body.scope == "thing.read" and [one["sub"] for one in body.decision.chain] == [other.id, scene.agent.id]


def test_nobody_is_entitled_by_an_empty_list(scene):
    scene.world.change(f"/targets/{scene.target.id}", entitlements=ENTITLED | {"thing.read": []})
    denied(scene, scene.exchange())


# ------------------------------------------------------------- declared by the target

@pytest.mark.parametrize(("entitlements", "pointer"), [
    (DROP, "/entitlements"), (None, "/entitlements"), ({}, "/entitlements"), ({"thing.read": []}, "/entitlements"),
    ({"thing.read": [], "thing.write": [], "thing.more": []}, "/entitlements"),
    ({"thing.read": [""], "thing.write": []}, "/entitlements/thing.read"),
    ({"thing.read": "demo:staff", "thing.write": []}, "/entitlements"), ([], "/entitlements"),
])
def test_every_scope_says_who_is_entitled(scene, entitlements, pointer):
    body = {name: value for name, value in (scene.target.body | {"entitlements": entitlements}).items() if value is not DROP}
    problem(scene.admin.put(f"/targets/{scene.target.id}", body), 422, pointer)


def test_a_vendor_that_knows_the_person_needs_none(world, vendor):
    scene = Handout(world, vendor)
    assert scene.obtained(scene.subject(groups=[])).scope == "thing.read"


def test_where_they_are_declared_they_count_there_too(world, vendor):
    scene = Handout(world, vendor, entitlements=ENTITLED)
    denied(scene, scene.exchange(scene.subject(groups=[])))
