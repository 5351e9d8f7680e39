"""One agent at one target whose vendor answers what the test says, and what is told of the credentials it gets."""

import re
import uuid

from support import client, tokens
from support.checks import refusal_shape
from support.process import Member
from support.scene import until
from support.world import entry, unique

SCOPES = {"thing.read": "app!t1.Read", "thing.write": "app!t1.Write"}
"""Ours, and the vendor's names for them."""
LIFE_S = 600
STATUS = {"LCM-DOWNSTREAM": (503, "temporarily_unavailable"), "LCM-DOWNSTREAM-REFUSED": (400, "invalid_target"),
          "LCM-HANDOUT-UNSAFE": (400, "invalid_target")}


def xsuaa(vendor, secret: str, kind: str = "jwt_bearer", **parameters) -> dict:
    """A connector whose credentials are narrowed by request and can be revoked alone."""
    given = {"client_id": "sb-locum!t1", "scopes": SCOPES, "token_format": "opaque", "token_validity_s": LIFE_S}
    return {"kind": kind, "profile": "xsuaa", "base_url": getattr(vendor, "url", vendor),
            "parameters": changed(given, parameters), "secrets": {"client": secret}}


def changed(given: dict, changes: dict) -> dict:
    """`given` with changes; `DROP` leaves a member out."""
    return {name: value for name, value in (given | changes).items() if value is not tokens.DROP}


class Handout:
    """One active agent permitted at one target of a vendor, for one person of the demo provider.

    `connector` says by what the vendor is asked, of the vendor and the name of a secret; `secret` is that secret.
    """

    def __init__(self, world, vendor, connector=xsuaa, parameters=None, alone=(), risks=("low", "low"), **target):
        self.world, self.broker, self.admin, self.vendor = world, world.broker, world.admin, vendor
        self.secret_name, self.secret = unique("secret"), f"upstream-secret-{uuid.uuid4().hex}"
        self.put_secret(self.secret)
        made = connector(vendor, self.secret_name, **(parameters or {}))
        scopes = dict(zip(SCOPES, risks))
        self.target = world.target(scopes, server=Member(client_id=None), connector=made, **target)
        limits = entry(self.target.id, SCOPES, ["thing.read"], alone)
        self.agent = world.agent(ceiling=[limits])
        world.permit(self.agent.id, self.target.id)
        self.sub = unique("person")
        self.person = f"demo:{self.sub}"

    def put_secret(self, value: str):
        """Takes the upstream secret, or rotates it."""
        taken = self.admin.put(f"/secrets/{self.secret_name}", {"value": value, "reason": "test"})
        assert taken.status_code in (200, 201), taken.text

    def subject(self, **changes) -> str:
        """An ID token of the person, different each time."""
        claims = {"sub": self.sub, "groups": ["staff"], "jti": uuid.uuid4().hex} | changes
        return tokens.id_token(self.broker, **claims)

    def exchange(self, subject_token=None, subject_token_type=client.ID_TOKEN, agent=None, auth="basic", **params):
        """The answer of the token endpoint; `thing.read` at the target unless `params` say otherwise."""
        params = {"audience": self.target.audience, "scope": "thing.read"} | params
        return client.exchange(self.broker, subject_token or self.subject(), subject_token_type,
                               agent=agent or self.agent, auth=auth, **params)

    def obtained(self, *args, **params) -> Member:
        """A credential that was handed out: the answer's body, with its `decision`."""
        return handed_out(self.broker, self.exchange(*args, **params))

    def credential(self, record_id: str) -> dict:
        """What the decision says of its credential."""
        return credential(self.broker, record_id)

    def until_revocation(self, record_id: str, state: str) -> dict:
        """Comes back once revoking at the vendor is said to have come that far."""
        def reached():
            shown = self.credential(record_id)
            return shown if shown["revocation"] == state else None
        return until(reached)


def handed_out(broker, answer) -> Member:
    """A credential was handed out: the answer's body, with its `decision`."""
    assert answer.status_code == 200, f"{answer.status_code}: {answer.text}"
    assert answer.headers["Cache-Control"] == "no-store"
    body = Member(answer.json())
    found = client.admin(broker).decision(body.delegation_id)
    assert found.status_code == 200, found.text
    return Member(body, decision=Member(found.json()))


def credential(broker, record_id: str) -> dict:
    """`credential` of a decision, in the shape of contract §15."""
    found = client.admin(broker).decision(record_id)
    assert found.status_code == 200, found.text
    shown = found.json()["credential"]
    assert set(shown) == {"state", "expires_at", "fingerprint", "vendor_request_id", "revocation"}, shown
    assert shown["state"] in ("obtained", "refused", "not_sent", "unknown"), shown
    assert shown["revocation"] in (None, "pending", "done", "failed"), shown
    return shown


def failed(broker, answer, code: str, state: str) -> Member:
    """Nothing was handed out under a permit that stays a permit; the answer's body, with its `credential`."""
    body = refusal_shape(broker, answer)
    assert body["code"] == code, body
    assert (answer.status_code, body["error"]) == STATUS[code], body
    assert body["retryable"] is (code == "LCM-DOWNSTREAM"), body
    if code == "LCM-DOWNSTREAM":
        assert re.fullmatch("[1-9][0-9]{0,2}", answer.headers["Retry-After"]), answer.headers
    assert "canary-of-a-vendors-text" not in answer.text
    found = client.admin(broker).decision(body["request_id"])
    assert found.status_code == 200, found.text
    assert found.json()["outcome"] == "permit", found.json()
    shown = credential(broker, body["request_id"])
    assert shown["state"] == state, shown
    return Member(body, credential=shown, decision=found.json())


def unsafe(broker, answer, *because: str) -> dict:
    """Refused by the rule of delivery before anything was asked, for exactly these reasons."""
    body = refusal_shape(broker, answer)
    assert body["code"] == "LCM-HANDOUT-UNSAFE", body
    assert (answer.status_code, body["error"]) == STATUS["LCM-HANDOUT-UNSAFE"]
    named = [why for why in ("narrow", "expire") if f"({why})" in body["error_description"]]
    assert named == [why for why in ("narrow", "expire") if why in because], body
    record = client.admin(broker).decision(body["request_id"]).json()
    assert (record["outcome"], record["code"]) == ("refusal", "LCM-HANDOUT-UNSAFE"), record
    assert record["checks"][-1]["name"] == "handout" and record["checks"][-1]["result"] != "passed", record
    return body | {"record": record}


def remembered(broker) -> dict:
    """The metrics of what is remembered."""
    text = client.http.get(f"{broker.operations}/metrics", timeout=30).text
    return {name: int(value) for name, value in re.findall(r"^locum_credentials_(\w+) (\d+)", text, re.M)}
