"""Cases of an exchange as data, `tests/vectors/*.json`: what is sent, and what is answered, ids and times masked.

A case sends `form`, pairs in their order. A value is a text, or an object that names a token of the demo world
(contract §3): `{"token": "id_token", "of": "ada", "claims": {…}, "header": {…}}`. The kinds of tokens are those of
MAKERS. A claim or header member that is `null` is left out, `{"ago": 5}` is five seconds before now, and
`{"json": …}` is that value itself. `{issuer}` and `{demo}` in a text are where the broker and the demo world are. A
case whose answer has no record says `"recorded": false`.
"""

import json
from pathlib import Path

from support import client, tokens

FOLDER = Path(__file__).parents[1] / "vectors"
#: Members whose value is another one each time.
MASKED = {"auth_time", "delegation_id", "exp", "iat", "id", "jti", "request_id", "ver"}
MAKERS = {"id_token": tokens.id_token, "access_token": tokens.idp_access_token, "workload": tokens.workload_token,
          "client_assertion": tokens.client_assertion}


def cases(name: str) -> list[dict]:
    """The cases of a file."""
    return json.loads((FOLDER / f"{name}.json").read_text())["cases"]


def _placed(broker, text: str) -> str:
    return text.replace("{issuer}", broker.issuer).replace("{demo}", broker.idp.issuer.removesuffix("/idp"))


def _claim(broker, value):
    if value is None:
        return tokens.DROP
    if isinstance(value, dict) and set(value) == {"ago"}:
        return tokens.now() - value["ago"]
    if isinstance(value, dict) and set(value) == {"json"}:
        return value["json"]
    if isinstance(value, list):
        return [_claim(broker, item) for item in value]
    return _placed(broker, value) if isinstance(value, str) else value


def _value(broker, value) -> str:
    if isinstance(value, str):
        return _placed(broker, value)
    changes = {name: _claim(broker, claim) for name, claim in value.get("claims", {}).items()}
    header = {name: _claim(broker, member) for name, member in value.get("header", {}).items()}
    of = value["of"]
    if value["token"] in ("id_token", "access_token"):
        of = changes.pop("sub", of)
    return MAKERS[value["token"]](broker, of, header=header, **changes)


def send(broker, case: dict):
    """Sends a case's request; the answer."""
    request = case["request"]
    pairs = [(name, _value(broker, value)) for name, value in request["form"]]
    return client.token(broker, pairs, request.get("client", "invoice-agent"), request.get("auth", "basic"),
                        request.get("headers"))


def play(broker, case: dict) -> dict:
    """Sends a case's request; the answer as its `expected` has it."""
    return shown(broker, send(broker, case))


def shown(broker, answer) -> dict:
    """An answer as `expected` has it."""
    headers = {name: answer.headers[name] for name in ("Cache-Control", "Content-Type", "Pragma", "Retry-After",
                                                       "WWW-Authenticate") if name in answer.headers}
    return _masked(broker, {"status": answer.status_code, "headers": headers, "body": answer.json()})


def _masked(broker, value, name=None):
    if name in MASKED:
        return "*"
    if name == "access_token":
        found = {"header": tokens.header(value), "claims": tokens.decode(value)}
        found["header"]["kid"] = "*"
        return _masked(broker, found)
    if isinstance(value, dict):
        return {key: _masked(broker, inner, key) for key, inner in value.items()}
    if isinstance(value, list):
        return [_masked(broker, inner) for inner in value]
    if isinstance(value, str):
        return value.replace(broker.issuer, "{issuer}").replace(broker.idp.issuer.removesuffix("/idp"), "{demo}")
    return value
