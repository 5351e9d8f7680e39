"""What a test says about an answer: a token was issued, or it was refused, recorded and explained."""

import re

from support import tokens
from support.client import admin, http, introspect
from support.process import Member

ID = r"[0-9a-hjkmnp-tv-z]{26}"
HTTP = {"LCM-CLIENT-AUTH": (401, "invalid_client"), "LCM-GRANT-TYPE": (400, "unsupported_grant_type"),
        "LCM-CLIENT-NOT-ALLOWED": (400, "unauthorized_client"), "LCM-DETAILS": (400, "invalid_authorization_details"),
        "LCM-CONSENT-MISSING": (400, "consent_required"), "LCM-STEP-UP": (400, "insufficient_user_authentication"),
        "LCM-RATE": (429, "temporarily_unavailable"), "LCM-BUDGET": (429, "temporarily_unavailable"),
        "LCM-UNAVAILABLE": (503, "temporarily_unavailable"), "LCM-DOWNSTREAM": (503, "temporarily_unavailable")}
HTTP |= {f"LCM-TARGET-{x}": (400, "invalid_target") for x in ("UNKNOWN", "SEVERAL", "REFUSED", "LOCKED")}
HTTP |= {f"LCM-SCOPE-{x}": (400, "invalid_scope") for x in ("REFUSED", "REQUIRED")}
EARLY = ("LCM-REQUEST", "LCM-PARAM-DUPLICATE", "LCM-GRANT-TYPE")
"""What may end before the client is authenticated: then it is counted, not recorded."""


def status_and_error(code: str) -> tuple[int, str]:
    """The row of contract §10; everything else there is 400 `invalid_request`."""
    return HTTP.get(code, (400, "invalid_request"))


def issued(answer) -> Member:
    """The token was issued: `body`, `claims`, `header`, `token`."""
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
    body = answer.json()
    token = body["access_token"]
    return Member(body=body, token=token, claims=tokens.decode(token), header=tokens.header(token))


def refusal_shape(broker, answer) -> dict:
    """Every member that contract §10 promises, in its form; nothing issued. The body."""
    body = answer.json()
    assert "access_token" not in body and "id_token" not in body and "refresh_token" not in body
    for member in ("error", "error_description", "error_uri", "code", "request_id", "retryable"):
        assert member in body, f"`{member}` is missing from {body}"
    text = body["error_description"]
    assert re.fullmatch(r"[\x20\x21\x23-\x5b\x5d-\x7e]+", text), text
    assert text.endswith(f" [{body['code']}]"), text
    assert body["error_uri"] == f"{broker.issuer}/errors/{body['code']}"
    assert re.fullmatch("req_" + ID, body["request_id"]), body["request_id"]
    assert isinstance(body["retryable"], bool)
    assert answer.headers["Content-Type"].split(";")[0].strip() == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    if answer.status_code == 401:
        challenge = answer.headers["WWW-Authenticate"]
        assert body["error"] in challenge and text in challenge, challenge
    if answer.status_code in (429, 503):
        assert "Retry-After" in answer.headers
    return body


def refused(broker, answer, *codes, status=None, recorded=None) -> dict:
    """Refused with one of `codes` (usually one), with its HTTP status and error, and on the record."""
    assert answer.status_code != 200, f"issued, expected {codes}: {sorted(answer.json())}"
    body = refusal_shape(broker, answer)
    assert body["code"] in codes, f"expected {codes}, found {body}"
    expected_status, error = status_and_error(body["code"])
    assert (answer.status_code, body["error"]) == (status or expected_status, error), body
    if recorded is None:
        known = body["code"] not in EARLY or "Authorization" in answer.request.headers
        recorded = known and answer.status_code not in (401, 413)
    if recorded:
        on_record(broker, body)
    return body


def on_record(broker, body) -> dict | None:
    """The refusal has a record under its request id, with its code and without a token.

    `None` where it stands in a summary: a demo agent that many tests share may be refused more than 60 times in a
    minute (contract §10), and the answer says so.
    """
    answer = admin(broker).decision(body["request_id"])
    if answer.status_code == 404 and "summary" in answer.json()["detail"]:
        return None
    assert answer.status_code == 200, f"no record of {body['request_id']}: {answer.text}"
    record = answer.json()
    assert record["request_id"] == body["request_id"]
    assert record["code"] == body["code"], record
    assert record["outcome"] == ("fault" if body["code"] in ("LCM-UNAVAILABLE", "LCM-DOWNSTREAM") else "refusal")
    assert record.get("jti") is None
    return record


def permitted(broker, answer) -> Member:
    """Issued, and its record exists under the delegation id; adds `record`."""
    made = issued(answer)
    found = admin(broker).decision(made.body["delegation_id"])
    assert found.status_code == 200, found.text
    made["record"] = Member(found.json())
    return made


def key_of(broker, token: str) -> dict:
    """The published key whose `kid` the token names."""
    keys = http.get(f"{broker.issuer}/jwks").json()["keys"]
    return next(k for k in keys if k["kid"] == tokens.header(token)["kid"])


def dead(broker, token: str, server="sap") -> None:
    """The resource server is told `{"active": false}` and nothing else."""
    who = broker.resource_server(server) if isinstance(server, str) else server
    assert introspect(broker, token, who).json() == {"active": False}


def actors(claims: dict) -> list[str]:
    """The `sub`s of the `act` chain, newest first."""
    chain, act = [], claims.get("act")
    while act:
        chain.append(act["sub"])
        act = act.get("act")
    return chain
