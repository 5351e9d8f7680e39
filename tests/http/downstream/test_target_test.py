"""Contract §15: an operator has a target tried, without a person: each step is told, and what mends one that fails."""

import pytest
from cryptography import x509

from support import client
from support.authority import Authority
from support.handouts import Handout
from support.scene import problem
from support.vendor import answer, refusal
from support.world import unique

NO_JWT = "eyJhbGciOiJSUzI1NiJ9.e30.bm9uZQ"


def tried(world, target: str):
    """What a test of the target found: whether it fits, and the steps by name."""
    found = world.admin.post(f"/targets/{target}/test")
    assert found.status_code == 200, found.text
    body = found.json()
    assert set(body) == {"fits", "steps"}
    for step in body["steps"]:
        assert set(step) == {"name", "about", "result", "detail", "setting", "next"}, step
        assert step["result"] in ("passed", "failed", "not_seen"), step
        assert (step["result"] == "failed") is (step["setting"] is not None) is (step["next"] is not None), step
    assert body["fits"] is all(step["result"] != "failed" for step in body["steps"])
    assert "canary-of-a-vendors-text" not in found.text
    return body["fits"], body["steps"], found.text


def failed(steps) -> dict:
    """The one step that failed."""
    found = [step for step in steps if step["result"] == "failed"]
    assert len(found) == 1, steps
    return found[0]


def names(steps) -> list[str]:
    return [step["name"] for step in steps]


@pytest.fixture
def at(world, vendor):
    """A target of the vendor, which refuses what nobody signed."""
    vendor.always = refusal(401, "invalid_token")
    return Handout(world, vendor)


# ------------------------------------------------------------- what fits

def test_what_fits_is_told_step_by_step_and_brings_no_credential(world, vendor, at):
    fits, steps, text = tried(world, at.target.id)
    assert fits, text
    assert names(steps) == ["profile", "signing_key", "secret", "address", "connection", "answer", "account", "credential"]
    assert steps[2]["about"] == at.secret_name and at.secret not in text
    assert steps[-1]["result"] == "not_seen"
    [asked] = vendor.asked
    assert asked.form["assertion"] == NO_JWT and asked.form["client_secret"] == at.secret
    assert vendor.made == [] and "scope" not in asked.form
    listed = world.admin.get("/decisions", params={"target": at.target.id}).json()
    assert listed["items"] == []


def test_the_vendor_is_asked_anew_each_time(world, vendor, at):
    for _ in range(2):
        tried(world, at.target.id)
    assert len(vendor.asked) == 2


@pytest.mark.parametrize("target", ["sap", "sap-btp", "workday-hr", "panorama"])
def test_the_targets_of_the_dev_world_fit(world, target):
    fits, steps, text = tried(world, target)
    assert fits, text
    accounts = [(step["about"], step["result"]) for step in steps if step["name"] == "account"]
    assert accounts == {"sap": [], "sap-btp": [("sb-locum!t1", "passed")], "workday-hr": [("locum-read", "not_seen")],
                        "panorama": [("svc-read", "passed"), ("svc-write", "passed")]}[target]


@pytest.mark.parametrize(("target", "secret", "about"), [("sap-btp", "sap-btp-client", "sb-locum!t1"),
                                                         ("panorama", "panorama-svc-write", "svc-write")])
def test_a_wrong_secret_is_found_before_an_agent_finds_it(fresh_world, target, secret, about):
    taken = fresh_world.admin.put(f"/secrets/{secret}", {"value": "another-value", "reason": "test"})
    assert taken.status_code == 200, taken.text
    fits, steps, text = tried(fresh_world, target)
    step = failed(steps)
    assert (step["name"], step["about"]) == ("account", about) and secret in step["next"]
    assert not fits and "another-value" not in text


# ------------------------------------------------------------- what does not

@pytest.mark.parametrize(("status", "code"), [(401, "invalid_client"), (401, "unauthorized"), (400, "unauthorized_client")])
def test_a_client_that_the_vendor_refuses_is_told(world, vendor, at, status, code):
    vendor.always = refusal(status, code)
    fits, steps, _ = tried(world, at.target.id)
    step = failed(steps)
    assert not fits and step["name"] == "account" and code in step["detail"]
    assert at.secret_name in step["next"]


@pytest.mark.parametrize("said", [
    answer(404, {}), answer(503, {"error": "canary-of-a-vendors-text"}), answer(302, "", Location="https://evil.example"),
    answer(401, "<html>canary-of-a-vendors-text</html>"), answer(400, {"canary-of-a-vendors-text": 1}),
    answer(400, "x" * 300_000)])
def test_another_server_at_the_address_is_told(world, vendor, at, said):
    vendor.always = said
    fits, steps, _ = tried(world, at.target.id)
    step = failed(steps)
    assert not fits and (step["name"], step["setting"]) == ("answer", "/connector/base_url")
    assert "connection" in names(steps)


def test_what_is_granted_for_nothing_is_told_and_not_shown(world, vendor, at):
    vendor.always = None
    _, steps, text = tried(world, at.target.id)
    assert failed(steps)["name"] == "answer"
    assert vendor.made and vendor.made[0] not in text


def test_a_vendor_that_is_down_is_told(world):
    at_nobody = Handout(world, "http://127.0.0.1:1")
    step = failed(tried(world, at_nobody.target.id)[1])
    assert (step["name"], step["setting"]) == ("connection", "/connector/base_url")


@pytest.mark.parametrize(("base_url", "name", "setting"), [
    ("https://10.0.0.1", "address", "downstream.allow"), ("https://[::1]:4", "address", "downstream.allow"),
    ("https://no-such-host.invalid", "address", "/connector/base_url")])
def test_an_address_that_is_not_reached_is_told(world, base_url, name, setting):
    at = Handout(world, base_url)
    fits, steps, _ = tried(world, at.target.id)
    step = failed(steps)
    assert not fits and (step["name"], step["setting"]) == (name, setting)
    assert "answer" not in names(steps)


def test_a_server_without_tls_is_told(world, vendor):
    at = Handout(world, vendor.url.replace("http:", "https:"))
    step = failed(tried(world, at.target.id)[1])
    assert (step["name"], step["setting"]) == ("connection", "/connector/base_url")


# ------------------------------------------------------------- secrets

def saml(vendor, secret: str) -> dict:
    """A connector that signs with the secret."""
    return {"kind": "saml_bearer", "profile": "successfactors", "base_url": vendor.url,
            "parameters": {"client_id": "key", "company_id": "acme"}, "secrets": {"signing": secret}}


def test_a_secret_of_another_form_is_told_and_the_way_is_tried_all_the_same(world, vendor):
    vendor.always = refusal(400, "invalid_grant")
    at = Handout(world, vendor, connector=saml)
    fits, steps, text = tried(world, at.target.id)
    step = failed(steps)
    assert not fits and (step["name"], step["about"]) == ("secret", at.secret_name)
    assert step["setting"] == "/connector/secrets/signing" and at.secret_name in step["next"]
    assert at.secret not in text and "answer" in names(steps)


def test_pem_is_no_password(world, vendor, at):
    issued = Authority().certify(x509.DNSName("locum"))
    at.put_secret(issued.cert + issued.key)
    step = failed(tried(world, at.target.id)[1])
    assert (step["name"], step["setting"]) == ("secret", "/connector/secrets/client")


# ------------------------------------------------------------- who may

def test_operators_may_and_auditors_may_not(world, at):
    for role, status in (("operator", 200), ("auditor", 403)):
        made = world.admin.post("/credentials", {"role": role, "name": unique("tester")}).json()
        mine = client.admin(world.broker, made["token"])
        assert mine.post(f"/targets/{at.target.id}/test").status_code == status
    problem(world.admin.post("/targets/no-such/test"), 404)
