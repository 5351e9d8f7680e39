"""An agent, a target and a person of a test's own: what can be locked or revoked without a neighbour noticing."""

import re
import time
import uuid
from datetime import datetime, timedelta, timezone

from support import client, tokens
from support.checks import issued
from support.world import entry, unique

SCOPES = ("thing.read", "thing.write")
ALPHABET = "0123456789abcdefghjkmnpqrstvwxyz"


class Scene:
    """One active agent permitted at one target, for one person of the demo provider."""

    def __init__(self, world, **agent_changes):
        self.world, self.broker, self.admin = world, world.broker, world.admin
        self.target = world.target()
        self.agent = world.agent(ceiling=[entry(self.target.id, SCOPES, ["thing.read"])], **agent_changes)
        world.permit(self.agent.id, self.target.id)
        self.sub = unique("person")
        self.person = f"demo:{self.sub}"

    def subject(self, **changes) -> str:
        """An ID token of the person, different each time."""
        claims = {"sub": self.sub, "groups": ["staff"], "jti": uuid.uuid4().hex} | changes
        return tokens.id_token(self.broker, **claims)

    def exchange(self, subject_token=None, subject_token_type=client.ID_TOKEN, agent=None, **params):
        """The answer of the token endpoint; `thing.read` at the target unless `params` say otherwise."""
        params = {"audience": self.target.audience, "scope": "thing.read"} | params
        return client.exchange(self.broker, subject_token or self.subject(), subject_token_type,
                               agent=agent or self.agent, **params)

    def token(self, *args, **params):
        """An issued token: `token`, `claims`, `body`."""
        return issued(self.exchange(*args, **params))

    def introspect(self, token: str):
        """What the target's own resource server is told."""
        return client.introspect(self.broker, token, agent=self.target.server)

    def active(self, token: str) -> bool:
        """Whether the target would still accept it; an inactive answer says nothing else."""
        answer = self.introspect(token)
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert body["active"] is True or body == {"active": False}, body
        return body["active"]

    def second_agent(self, **changes):
        """Another active agent with the same ceiling and policy."""
        other = self.world.agent(ceiling=[entry(self.target.id, SCOPES, ["thing.read"])], **changes)
        self.world.permit(other.id, self.target.id)
        return other

    def hand_on(self, giver, taker, subject=None, subject_type=client.ID_TOKEN):
        """`giver`'s token that only `taker` may use, from a sign-in or from what was handed to `giver`."""
        return self.token(subject, subject_type, agent=giver, delegate_to=taker["client_id"])

    def use(self, handed, taker, **params):
        """`taker`'s own token for the target from what was handed to it."""
        return self.token(handed.token, client.ACCESS_TOKEN, agent=taker, **params)


def jti_ms(jti: str) -> int:
    """The millisecond inside a generated id: a UUIDv7 in 26 Crockford characters (contract §2)."""
    number = 0
    for letter in jti.rpartition("_")[2]:
        number = number * 32 + ALPHABET.index(letter)
    return number >> 80


def rfc3339_ms(ms: int) -> str:
    """UTC with milliseconds."""
    moment = datetime(1970, 1, 1, tzinfo=timezone.utc) + timedelta(milliseconds=ms)
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{ms % 1000:03d}Z"


def until(condition, seconds: float = 15.0):
    """Ask again until it is neither false nor nothing; its value. The deadline is a fuse, not a measure."""
    deadline = time.monotonic() + seconds
    while (value := condition()) is None or value is False:
        assert time.monotonic() < deadline, "still not so after the deadline"
        time.sleep(0.05)
    return value


def problem(answer, status: int, pointer: str | None = None) -> dict:
    """An RFC 9457 problem of the admin API with contract §12's members; its body."""
    assert answer.status_code == status, f"expected {status}, found {answer.status_code}: {answer.text}"
    assert answer.headers["Content-Type"].split(";")[0].strip() == "application/problem+json"
    body = answer.json()
    assert re.fullmatch(r"LCM-[A-Z]+(-[A-Z]+)*", body["code"]), body
    assert re.fullmatch(r"req_[0-9a-hjkmnp-tv-z]{26}", body["request_id"]), body
    assert body.get("status", status) == status, body
    for error in body.get("errors", []):
        assert error["detail"] and error["pointer"].lstrip("#").startswith("/"), error
    if pointer:
        found = [e["pointer"].lstrip("#") for e in body["errors"]]
        assert any(p.startswith(pointer) for p in found), f"expected {pointer}, found {found}"
    return body
