"""What a vendor is sent by Locum, on the wire, is what the vendor's own client sends."""

import json
import uuid

import pytest
from handing import Handed
from recorder import Recorder
from recordings import FOLDER, RECORDINGS

OVERHANG = {"accept_overhang": {"reason": "test"}}
#: The one scope of each target, which stands for all that the client asked for.
SCOPE = "a.read"
#: Made by whoever asks: a JWT each.
MADE = ("assertion", "subject_token")
#: Check Point's times and names follow the permit: the connector's own tests hold those.
CASES = [(recording.name, case) for recording in RECORDINGS for case in recording.cases
         if not recording.name.startswith("checkpoint")]


def connector(name: str, given: dict) -> dict:
    """The parameters that say what the vendor's client was told, and the secret."""
    profile, _, kind = name.partition("-")
    credentials = given.get("credentials", given)
    if profile == "xsuaa":
        options = given["options"]
        parameters = {"client_id": credentials["client_id"], "scopes": {SCOPE: options["scope"]}}
        parameters |= {of: options[of] for of in ("token_format", "zid", "authorities") if of in options}
        secret = credentials["client_secret"]
    elif profile == "panos":
        parameters, secret = {"user": given["user"]}, given["password"]
    else:
        parameters = {"client_id": given["client_id"], "client_auth": given["way"],
                      "scopes": {SCOPE: given["parameters"]["scope"]}}
        secret = given["client_secret"]
    return {"kind": kind, "profile": profile, "parameters": parameters, "secrets": ["client"]} | {"secret": secret}


def answer(name: str) -> tuple[int, str, str]:
    """What the vendor says: another credential each time."""
    token = uuid.uuid4().hex
    if name.startswith("panos"):
        return 200, "application/xml", f'<response status="success"><result><key>{token}</key></result></response>'
    got = {"access_token": token, "token_type": "Bearer", "expires_in": 60}
    if name.endswith("token_exchange"):
        got["issued_token_type"] = "urn:ietf:params:oauth:token-type:access_token"
    return 200, "application/json", json.dumps(got)


def plain(request: dict) -> dict:
    """Without what each asker makes itself."""
    form = [[name, "…" if name in MADE else value] for name, value in request["form"]]
    return request | {"form": sorted(form)}


@pytest.mark.parametrize("name, case", CASES)
def test_a_vendor_sees_no_difference_between_locum_and_its_own_client(broker, name, case):
    recorded = next(c for c in json.loads((FOLDER / f"{name}.json").read_text())["cases"] if c["name"] == case)
    told = connector(name, recorded["given"])
    secret = told.pop("secret")
    carries = name.endswith(("_bearer", "_exchange"))
    person = {} if carries else {"entitlements": {SCOPE: ["demo:staff"]}}
    with Recorder([answer(name)]) as vendor:
        target = Handed(broker, told | {"base_url": vendor.url}, {"client": secret}, {SCOPE: "low"},
                        **OVERHANG, **person)
        target.obtained(SCOPE)
    assert [plain(request) for request in vendor.requests] == [plain(request) for request in recorded["requests"]]
