"""Request ids and traces: one id in the answer, the record and the log (contract §4)."""

import json
import re

import pytest

from support import client, tokens
from support.broker import Broker

REQUEST_ID = re.compile(r"^req_[0-9a-hjkmnp-tv-z]{26}$")
TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = {"traceparent": f"00-{TRACE}-b7ad6b7169203331-01"}


@pytest.mark.parametrize("path", ["/token", "/introspect", "/revoke", "/jwks", "/errors/", "/nowhere",
                                  "/.well-known/oauth-authorization-server", "/admin/v1/agents"])
def test_every_answer_has_a_request_id(broker, path):
    for method in ["GET", "POST"]:
        answer = client.http.request(method, broker.issuer + path, timeout=10)
        assert REQUEST_ID.match(answer.headers["x-request-id"]), (method, path)
        assert len(answer.headers.get("x-request-id").split(",")) == 1


def test_the_id_is_that_of_the_body_and_of_the_decision(broker, world):
    # An agent of its own: of one that is refused often, some stand in a summary.
    refused = client.exchange(broker, agent=world.agent(), scope="no.such", headers=PARENT)
    request_id = refused.headers["x-request-id"]
    assert refused.json()["request_id"] == request_id
    decision = client.admin(broker).get(f"/decisions/{request_id}").json()
    assert decision["request_id"] == request_id and decision["trace_id"] == TRACE
    unknown = client.exchange(broker, auth=None)
    assert unknown.json()["request_id"] == unknown.headers["x-request-id"]


def test_a_client_does_not_choose_the_id(broker):
    answer = client.exchange(broker, headers={"X-Request-Id": "req_canary"})
    assert REQUEST_ID.match(answer.headers["x-request-id"])


def test_a_permit_s_decision_has_the_caller_s_trace_and_a_malformed_one_is_none(broker):
    made = client.exchange(broker, headers=PARENT)
    admin = client.admin(broker)
    assert admin.get(f"/decisions/{made.json()['delegation_id']}").json()["trace_id"] == TRACE
    for bad in [f"00-{TRACE.upper()}-b7ad6b7169203331-01", f"00-{'0' * 32}-b7ad6b7169203331-01", "canary", ""]:
        made = client.exchange(broker, headers={"traceparent": bad})
        assert made.status_code == 200
        assert "trace_id" not in admin.get(f"/decisions/{made.json()['delegation_id']}").json(), bad


def test_json_lines_have_the_event_the_request_and_the_trace_and_no_token(monkeypatch):
    monkeypatch.setenv("LOCUM_LOG_FORMAT", "json")
    monkeypatch.setenv("LOCUM_LOG", "locum=trace")
    with Broker() as own:
        person = tokens.id_token(own)
        made = client.exchange(own, person, headers=PARENT).json()["access_token"]
        refused = client.exchange(own, person + "x", headers=PARENT)
        client.introspect(own, made)
        output = own.output()
        secrets = [person, made, own.admin_token, *(agent["client_secret"] for agent in own.agents.values())]
    lines = [json.loads(line) for line in output.splitlines() if line.startswith("{")]
    assert lines and all(re.fullmatch(r"[a-z0-9_]+", line["event"]) for line in lines)
    of_request = [line for line in lines if line.get("request_id") == refused.headers["x-request-id"]]
    assert of_request and all(line["trace_id"] == TRACE for line in of_request)
    assert [line["code"] for line in of_request if line["event"] == "refused"] == ["LCM-SUBJECT-INVALID"]
    assert {"time", "level", "event", "target"} <= set(lines[0])
    for secret in secrets:
        assert secret not in output and secret[-40:] not in output
