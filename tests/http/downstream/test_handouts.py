"""Contract §15: an exchange ends in a credential that the real system accepts, for one permit and one agent."""

import re

import pytest

from support import client, tokens
from support.checks import issued, key_of
from support.client import http
from support.handouts import LIFE_S, SCOPES, Handout, credential, handed_out
from support.world import World, entry

CREDENTIAL = "urn:locum:token-type:credential"
DEMO = {"sap-btp": ("invoice-agent", "/invoices/4711"), "workday-hr": ("hr-agent", "/workers/42"),
        "panorama": ("soc-agent", "/rules")}


def get(broker, target: str, body, path=None):
    """A resource of a demo vendor, with a credential as the answer says."""
    shown = body.get("present")
    headers = {shown["header"]: shown["prefix"] + body["access_token"]} if shown else \
        {"Authorization": f"{body['token_type']} {body['access_token']}"}
    return http.get(broker.targets[target]["url"] + (path or DEMO[target][1]), headers=headers, timeout=30)


@pytest.mark.parametrize("target", DEMO)
def test_every_demo_vendor_accepts_what_was_handed_out(dev, target):
    agent, _ = DEMO[target]
    body = handed_out(dev, client.exchange(dev, client.sign_in(dev)["id_token"], agent=agent,
                                           audience=dev.targets[target]["audience"]))
    answer = get(dev, target, body)
    assert answer.status_code == 200 and answer.json()["seen"], answer.text
    assert get(dev, target, body | {"access_token": "another"}).status_code in (401, 403)
    shown = credential(dev, body.delegation_id)
    assert (shown["state"], shown["revocation"]) == ("obtained", None)
    assert shown["fingerprint"] and body["access_token"] not in str(body.decision)


@pytest.mark.parametrize(("target", "kind", "issued", "seconds"), [
    ("sap-btp", "Bearer", client.ACCESS_TOKEN, 300), ("workday-hr", "Bearer", client.ACCESS_TOKEN, 3600),
    ("panorama", "N_A", CREDENTIAL, 60)])
def test_the_answer_says_how_the_credential_is_used_and_when_it_ends(dev, target, kind, issued, seconds):
    agent, _ = DEMO[target]
    body = handed_out(dev, client.exchange(dev, agent=agent, audience=dev.targets[target]["audience"]))
    assert (body.token_type, body.issued_token_type, body.expires_in) == (kind, issued, seconds)
    assert body.scope == body.decision.granted["scope"] == {"sap-btp": "invoice.read", "workday-hr": "worker.read",
                                                            "panorama": "rule.read"}[target]
    present = {"header": "X-PAN-KEY", "prefix": ""} if kind == "N_A" else None
    assert body.get("present") == present and "refresh_token" not in body


@pytest.mark.parametrize(("target", "scope"), [("sap-btp", "invoice.post"), ("workday-hr", "worker.write"),
                                               ("panorama", "rule.write")])
def test_a_scope_that_changes_needs_what_it_needs_elsewhere(dev, target, scope):
    answer = client.exchange(dev, agent=DEMO[target][0], audience=dev.targets[target]["audience"], scope=scope)
    assert answer.json()["code"] == "LCM-CONSENT-MISSING", answer.text


def test_the_request_carries_the_chain_and_the_vendors_names(dev, world, vendor):
    scene = Handout(world, vendor)
    body = scene.obtained(scope="thing.read thing.write")
    [asked] = vendor.asked_for
    assert (asked.method, asked.path) == ("POST", "/oauth/token")
    assert asked.form["client_id"] == "sb-locum!t1" and asked.form["client_secret"] == scene.secret
    assert sorted(asked.form["scope"].split()) == sorted(SCOPES.values())
    claims = tokens.decode(asked.form["assertion"])
    assert claims["jti"] == body.delegation_id and claims["iss"] == dev.issuer
    assert (claims["sub"], claims["aud"], claims["exp"] - claims["iat"]) == (scene.sub, "sb-locum!t1", 300)
    assert claims["act"]["sub"] == scene.agent.id
    # The vendor can check it with what is published.
    tokens.verify(asked.form["assertion"], key_of(dev, asked.form["assertion"]), "RS256")
    assert body.scope == "thing.read thing.write" and body.access_token == vendor.made[0]


def test_only_what_was_granted_is_asked_for(world, vendor):
    scene = Handout(world, vendor)
    assert scene.obtained(scope="thing.read").scope == "thing.read"
    assert vendor.asked_for[0].form["scope"] == SCOPES["thing.read"]


def test_every_exchange_asks_anew(world, vendor):
    scene = Handout(world, vendor)
    subject = scene.subject()
    got = [scene.obtained(subject) for _ in range(3)]
    assert len({body.access_token for body in got}) == 3 == len(vendor.asked_for)
    assert len({scene.credential(body.delegation_id)["fingerprint"] for body in got}) == 3


def test_a_rotated_secret_is_in_force_at_once(world, vendor):
    scene = Handout(world, vendor)
    scene.obtained()
    scene.put_secret("another-secret-of-a-test")
    scene.obtained()
    assert [asked.form["client_secret"] for asked in vendor.asked] == [scene.secret, "another-secret-of-a-test"]


def test_issue_has_no_credential_in_its_decision(dev):
    answer = client.exchange(dev, audience="urn:demo:sap").json()
    found = client.admin(dev).decision(answer["delegation_id"]).json()
    assert "credential" in found and found["credential"] is None


def test_an_agent_acting_for_itself_is_its_own_subject(world, vendor):
    scene = Handout(world, vendor, alone=["thing.read"])
    answer = client.client_credentials(scene.broker, scene.agent, audience=scene.target.audience, scope="thing.read")
    body = handed_out(scene.broker, answer)
    claims = tokens.decode(vendor.asked_for[0].form["assertion"])
    assert claims["sub"] == scene.agent.id and "act" not in claims and body.decision.basis == "self"


def test_what_is_handed_to_another_agent_is_no_credential_of_the_vendor(world, vendor):
    scene = Handout(world, vendor)
    other = world.agent(ceiling=[entry(scene.target.id, SCOPES, ["thing.read"])])
    world.permit(other.id, scene.target.id)
    passed = issued(scene.exchange(delegate_to=other.id))
    assert vendor.asked == [] and passed.claims["aud"] == f"urn:locum:agent:{other.id}"
    body = handed_out(scene.broker, scene.exchange(passed.token, client.ACCESS_TOKEN, agent=other))
    act = tokens.decode(vendor.asked_for[0].form["assertion"])["act"]
    assert (act["sub"], act["act"]["sub"], body.access_token) == (other.id, scene.agent.id, vendor.made[0])


def test_a_person_may_have_another_name_at_the_vendor(world, vendor):
    scene = Handout(world, vendor, parameters={"subject": "{sub}@{issuer}.example"})
    scene.obtained()
    assert tokens.decode(vendor.asked[0].form["assertion"])["sub"] == f"{scene.sub}@demo.example"
    named = Handout(world, vendor)
    connector = named.target.body["connector"]
    connector["parameters"] |= {"subjects": {named.person: "ADA"}}
    world.change(f"/targets/{named.target.id}", connector=connector)
    named.obtained()
    assert tokens.decode(vendor.asked[1].form["assertion"])["sub"] == "ADA"


@pytest.mark.parametrize("name", ["X-Vcap-Request-Id", "x-request-id", "X-Correlation-ID"])
def test_the_vendors_id_of_the_request_is_kept(world, vendor, name):
    vendor.says.append(lambda asked: vendor.granted(asked, headers={name.replace("-", "_"): "vendor id 4711"}))
    scene = Handout(world, vendor)
    assert scene.credential(scene.obtained().delegation_id)["vendor_request_id"] == "vendor id 4711"


@pytest.mark.parametrize("sent", ["a" * 129, "", "caf\u00e9"])
def test_an_id_that_is_long_or_unprintable_is_not_kept(world, vendor, sent):
    vendor.says.append(lambda asked: vendor.granted(asked, headers={"x_request_id": sent}))
    scene = Handout(world, vendor)
    assert scene.credential(scene.obtained().delegation_id)["vendor_request_id"] is None


def test_an_id_that_repeats_the_credential_is_not_kept(world, vendor):
    vendor.says.append(lambda asked: vendor.granted(asked, access_token="opaque-4711", headers={"x_request_id": "opaque-4711"}))
    scene = Handout(world, vendor)
    assert scene.credential(scene.obtained().delegation_id)["vendor_request_id"] is None


def test_when_it_ends_is_on_record(world, vendor):
    scene = Handout(world, vendor)
    shown = scene.credential(scene.obtained().delegation_id)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", shown["expires_at"]), shown


def test_the_permit_is_on_record_before_the_vendor_is_asked(world, vendor):
    scene, seen = Handout(world, vendor), []

    def look(asked):
        delegation = tokens.decode(asked.form["assertion"])["jti"]
        seen.append(scene.admin.decision(delegation).json())
        return vendor.granted(asked)
    vendor.says.append(look)
    body = scene.obtained()
    [found] = seen
    assert (found["id"], found["outcome"]) == (body.delegation_id, "permit")
    assert found["credential"]["state"] == "unknown", "nobody knows yet"
    assert scene.credential(body.delegation_id)["state"] == "obtained"


def test_what_falls_while_the_vendor_is_asked_is_not_handed_out_and_is_revoked_there(world, vendor):
    scene, delegations = Handout(world, vendor), []

    def revoke(asked):
        delegations.append(tokens.decode(asked.form["assertion"])["jti"])
        world.revoke("agent", scene.agent.id)
        return vendor.granted(asked)
    vendor.says.append(revoke)
    answer = scene.exchange()
    assert answer.status_code == 400 and "access_token" not in answer.json(), answer.text
    assert answer.json()["code"] == "LCM-SUBJECT-REVOKED"
    scene.until_revocation(delegations[0], "done")
    assert vendor.revoked[0].headers["Authorization"] == f"Bearer {vendor.made[0]}"


def test_records_outlive_a_restart(fresh_world, vendor):
    scene = Handout(fresh_world, vendor)
    body = scene.obtained()
    before = scene.credential(body.delegation_id)
    fresh_world.broker.restart()
    assert scene.credential(body.delegation_id) == before
    # What was handed out already is known after it too.
    vendor.says.append(lambda asked: vendor.granted(asked, access_token=body.access_token))
    again = scene.exchange()
    assert (again.status_code, again.json()["code"]) == (503, "LCM-DOWNSTREAM")
    assert World(fresh_world.broker).admin.get(f"/targets/{scene.target.id}").json()["credential"]["revoke"] == "alone"
    assert scene.obtained().expires_in == 300 <= LIFE_S
