"""Contract §12 and §13, policies: one bundle, replaced whole, by the one who has read it."""

import re

import pytest

from support import client
from support.checks import refused
from support.scene import problem
from support.world import unique

FORBID = '@id("{id}") @reason("frozen for the audit") forbid(principal == Agent::"{agent}", action, resource);\n'
INVALID = {
    "syntax": "permit(principal, action, resource",
    "unknown entity type": 'permit(principal == Robot::"x", action, resource);',
    "unknown action": 'permit(principal, action == Action::"teleport", resource);',
    "unknown context member": "permit(principal, action, resource) when { context.moon == 1 };",
    "wrong type": "permit(principal, action, resource) when { context.depth == \"deep\" };",
}


@pytest.fixture
def bundle(admin):
    """The bundle in force, put back after the test."""
    answer = admin.get("/policies")
    assert answer.status_code == 200, answer.text
    yield answer
    now = admin.get("/policies")
    if now.json()["bundle"] != answer.json()["bundle"]:
        back = admin.put("/policies", {"files": answer.json()["files"]}, headers={"If-Match": now.headers["ETag"]})
        assert back.status_code == 200, back.text


def test_the_bundle_shows_its_hash_its_files_and_its_etag(bundle):
    body = bundle.json()
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", body["bundle"])
    assert bundle.headers["ETag"] == f'"{body["bundle"]}"'
    assert body["files"] and all(name.endswith(".cedar") and text for name, text in body["files"].items())
    assert isinstance(body["count"], int) and body["count"] > 0


def test_a_new_bundle_is_in_force_at_once_and_named_in_the_decision(scene, admin, bundle, broker):
    rule = unique("freeze")
    now = admin.get("/policies")
    files = now.json()["files"] | {"freeze.cedar": FORBID.format(id=rule, agent=scene.agent.id)}
    put = admin.put("/policies", {"files": files}, headers={"If-Match": now.headers["ETag"]})
    assert put.status_code == 200, put.text
    assert put.json()["count"] == now.json()["count"] + 1 and put.json()["bundle"] != now.json()["bundle"]
    body = refused(broker, scene.exchange(), "LCM-POLICY-DENIED")
    assert "frozen for the audit" in body["error_description"]
    record = admin.decision(body["request_id"]).json()
    assert record["bundle"] == put.json()["bundle"] and rule in record["policies"]
    back = admin.put("/policies", {"files": now.json()["files"]},
                     headers={"If-Match": admin.get("/policies").headers["ETag"]})
    assert back.json()["bundle"] == now.json()["bundle"], "the hash is of the content"
    assert scene.exchange().status_code == 200


def test_a_stale_if_match_changes_nothing(admin, bundle):
    stale = {"If-Match": '"sha256:' + "0" * 64 + '"'}
    problem(admin.put("/policies", {"files": {}}, headers=stale), 412)
    assert admin.get("/policies").json() == bundle.json()


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID.keys())
def test_an_invalid_bundle_is_refused_and_nothing_changed(admin, bundle, text):
    files = bundle.json()["files"] | {"bad.cedar": text}
    body = problem(admin.put("/policies", {"files": files}, headers={"If-Match": bundle.headers["ETag"]}), 422)
    assert any("bad.cedar" in e["pointer"] + e["detail"] for e in body["errors"]), body
    assert admin.get("/policies").json() == bundle.json()


@pytest.mark.parametrize("text", INVALID.values(), ids=INVALID.keys())
def test_validate_refuses_what_put_would_refuse(admin, bundle, text):
    problem(admin.post("/policies/validate", {"files": {"bad.cedar": text}}), 422)


def test_validate_says_what_the_bundle_would_be_and_changes_nothing(admin, bundle):
    files = bundle.json()["files"] | {"more.cedar": FORBID.format(id="more", agent="nobody")}
    answer = admin.post("/policies/validate", {"files": files})
    assert answer.status_code == 200, answer.text
    assert answer.json()["count"] == bundle.json()["count"] + 1
    assert admin.get("/policies").json() == bundle.json()
    same = admin.post("/policies/validate", {"files": bundle.json()["files"]}).json()
    assert same["bundle"] == bundle.json()["bundle"]


@pytest.mark.parametrize("body", [{}, {"files": []}, {"files": {"a.cedar": 7}}, []])
def test_a_body_that_is_no_bundle_is_refused(admin, bundle, body):
    problem(admin.put("/policies", body, headers={"If-Match": bundle.headers["ETag"]}), 422)
    assert admin.get("/policies").json() == bundle.json()


def test_with_no_policy_nothing_may_happen(fresh_world, fresh_broker):
    admin = fresh_world.admin
    now = admin.get("/policies")
    put = admin.put("/policies", {"files": {}}, headers={"If-Match": now.headers["ETag"]})
    assert put.status_code == 200 and put.json()["count"] == 0
    refused(fresh_broker, client.exchange(fresh_broker, scope="invoice.read"), "LCM-POLICY-DENIED")
