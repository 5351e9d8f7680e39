"""Contract §12, credentials and roles: who may do what; 401 and 403."""

import http.client
import json
import re
from urllib.parse import urlsplit

import pytest

from support.client import admin as admin_client
from support.scene import problem
from support.world import stamp, unique

UNKNOWN = "00000000000000000000000000"
READS = ["/agents", "/agents/invoice-agent", "/clients", "/targets", "/targets/sap", "/issuers", "/policies",
         "/secrets", "/grants", "/locks", "/revocations"]
AUDITOR_READS = ["/decisions", *READS]
WRITES = [
    ("POST", "/agents", {}), ("POST", "/agents/invoice-agent/versions", {}),
    ("POST", f"/agents/invoice-agent/versions/ver_{UNKNOWN}/certify", {}),
    ("POST", "/agents/invoice-agent/retire", {"reason": "r"}), ("POST", "/agents/invoice-agent/secrets", {}),
    ("POST", "/agents/invoice-agent/workload/release", {"reason": "r"}),
    ("POST", "/clients", {}), ("PUT", "/targets/sap", {}), ("PUT", "/issuers/demo", {}), ("PUT", "/policies", {}),
    ("PUT", "/secrets/x", {}), ("DELETE", "/secrets/x", {}),
    ("POST", "/grants", {}), ("POST", "/credentials", {}), ("POST", f"/credentials/crd_{UNKNOWN}/revoke", {}),
]
OPERATOR_WRITES = [
    ("POST", "/agents/invoice-agent/suspend", {"reason": "r"}),
    ("POST", "/agents/invoice-agent/resume", {"reason": "r"}),
    ("POST", "/locks", {}), ("POST", f"/locks/lck_{UNKNOWN}/lift", {"reason": "r"}), ("POST", "/revocations", {}),
]


def credential(admin, role, **changes):
    """A new credential: its id and its client."""
    made = admin.post("/credentials", {"role": role, "name": unique(role), "expires_at": stamp(3600)} | changes)
    assert made.status_code == 201, made.text
    assert re.fullmatch(r"crd_[0-9a-hjkmnp-tv-z]{26}", made.json()["id"])
    return made.json()["id"], made.json()["token"]


def as_role(broker, admin, role):
    """The admin API with a credential of this role."""
    return admin_client(broker, credential(admin, role)[1])


@pytest.mark.parametrize("method, path, body", [("GET", p, None) for p in AUDITOR_READS] + WRITES + OPERATOR_WRITES)
@pytest.mark.parametrize("header", [None, "Bearer wrong", "Bearer ", "Basic YWRtaW46YWRtaW4=", "{token}"])
def test_without_a_good_credential_every_route_is_401(broker, admin, method, path, body, header):
    header = header and header.format(token=broker.admin_token)
    answer = admin.call(method, path, body, headers={"Authorization": header})
    problem(answer, 401)
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


@pytest.mark.parametrize("path", AUDITOR_READS)
def test_an_auditor_reads(broker, admin, path):
    assert as_role(broker, admin, "auditor").get(path).status_code == 200


@pytest.mark.parametrize("path", READS)
def test_an_operator_reads(broker, admin, path):
    assert as_role(broker, admin, "operator").get(path).status_code == 200


@pytest.mark.parametrize("method, path, body", WRITES + OPERATOR_WRITES)
def test_an_auditor_changes_nothing(broker, admin, method, path, body):
    problem(as_role(broker, admin, "auditor").call(method, path, body), 403)


@pytest.mark.parametrize("method, path, body", WRITES)
def test_an_operator_only_stops_things(broker, admin, method, path, body):
    problem(as_role(broker, admin, "operator").call(method, path, body), 403)


def test_an_operator_suspends_resumes_locks_lifts_and_revokes(broker, admin, scene):
    operator = as_role(broker, admin, "operator")
    agent, reason = scene.agent.id, {"reason": "r"}
    assert operator.post(f"/agents/{agent}/suspend", reason).status_code == 200
    assert operator.post(f"/agents/{agent}/resume", reason).status_code == 200
    locked = operator.post("/locks", {"what": {"kind": "agent", "id": agent}, "reason": "r"})
    assert locked.status_code == 201, locked.text
    assert operator.post(f"/locks/{locked.json()['id']}/lift", reason).status_code == 200
    revoked = operator.post("/revocations", {"what": {"kind": "agent", "id": agent}, "reason": "r"})
    assert revoked.status_code == 200, revoked.text


def test_an_auditor_finds_a_decision(broker, admin, scene):
    made = scene.token()
    assert as_role(broker, admin, "auditor").decision(made.body["delegation_id"]).status_code == 200


def test_a_credential_s_token_is_shown_once(broker, admin):
    name, token = credential(admin, "auditor")
    shown = admin.get(f"/credentials/{name}")
    assert shown.status_code == 200, shown.text
    assert shown.json()["role"] == "auditor" and token not in shown.text
    assert token not in admin.get("/credentials?limit=100").text
    assert as_role(broker, admin, "admin").get("/agents").status_code == 200


def test_a_revoked_credential_is_dead_at_once_and_twice_is_a_conflict(broker, admin):
    name, token = credential(admin, "operator")
    mine = admin_client(broker, token)
    assert mine.get("/agents").status_code == 200
    assert admin.post(f"/credentials/{name}/revoke", {"reason": "r"}).status_code == 200
    problem(mine.get("/agents"), 401)
    problem(admin.post(f"/credentials/{name}/revoke", {"reason": "r"}), 409)


def slowly(broker, token, method, path, body, meanwhile):
    """A request whose body comes in two halves, with something done between them; the answer's status and body."""
    at, whole = urlsplit(broker.admin_api), json.dumps(body).encode()
    connection = http.client.HTTPConnection(at.hostname, at.port, timeout=30)
    try:
        connection.putrequest(method, f"{at.path}{path}")
        for name, value in (("Authorization", f"Bearer {token}"), ("Content-Type", "application/json"),
                            ("Content-Length", str(len(whole)))):
            connection.putheader(name, value)
        connection.endheaders(whole[:5])
        # Asked on the same broker later than the request above, which holds a place by then.
        meanwhile()
        connection.send(whole[5:])
        answer = connection.getresponse()
        return answer.status, json.loads(answer.read())
    finally:
        connection.close()


@pytest.mark.parametrize("method, path, body", [
    ("POST", "/credentials", {"role": "admin", "name": "heir"}),
    ("PUT", "/policies", {"files": {}}),
    ("POST", "/policies/validate", {"files": {}}),
    ("POST", "/revocations", {"what": {"kind": "person", "id": "demo:nobody"}, "reason": "r"}),
    ("POST", "/locks", {"what": {"kind": "person", "id": "demo:nobody"}, "reason": "r"}),
    ("POST", "/reload", {"reason": "r"}),
])
def test_a_credential_that_is_revoked_under_a_request_finishes_nothing(broker, admin, method, path, body):
    name, token = credential(admin, "admin")
    revoke = lambda: admin.post(f"/credentials/{name}/revoke", {"reason": "r"})  # noqa: E731
    status, answer = slowly(broker, token, method, path, body, revoke)
    assert (status, answer["code"]) == (401, "LCM-UNAUTHENTICATED"), answer
    names = {item["name"] for item in admin.get("/credentials?limit=500").json()["items"]}
    assert "heir" not in names


@pytest.mark.parametrize("changes", [{"role": "emperor"}, {"role": None}, {"name": 7}, {"expires_at": "tomorrow"}])
def test_a_credential_that_makes_no_sense_is_refused(admin, changes):
    problem(admin.post("/credentials", {"role": "auditor", "name": "n", "expires_at": stamp(60)} | changes), 422)


def test_an_unknown_credential_is_not_found(admin):
    problem(admin.post(f"/credentials/crd_{UNKNOWN}/revoke", {"reason": "r"}), 404)


def test_neither_a_client_secret_nor_an_access_token_opens_the_admin_api(broker, scene):
    for wrong in (scene.agent.client_secret, scene.token().token):
        problem(admin_client(broker, wrong).get("/agents"), 401)
