"""What each vendor's client sends for what it is told: the golden bytes that connectors are held to.

A recording is made anew by every run of the suite and compared with `tests/vectors/downstream/<name>.json`;
`DOWNSTREAM_RECORD=1 tests/all downstream` writes the files.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass

import vendors
from authlib.integrations.requests_client import OAuth2Session
from recorder import Recorder
from vendors import check_point, node, pan, xssec

from support.process import REPO

FOLDER = REPO / "tests" / "vectors" / "downstream"
JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"
TOKEN = (200, "application/json", json.dumps({"access_token": "t", "token_type": "bearer", "expires_in": 599,
                                              "scope": "s", "jti": "t"}))
EXCHANGED = (200, "application/json", json.dumps({
    "access_token": "t", "token_type": "bearer", "expires_in": 599,
    "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"}))
KEY = (200, "application/xml", '<response status="success"><result><key>k</key></result></response>')
LOGIN = (200, "application/json", json.dumps({"sid": "sid-1", "uid": "u", "url": "x", "session-timeout": 300,
                                              "api-server-version": "1.9"}))
OK = (200, "application/json", json.dumps({"message": "OK"}))
CLIENT = {"client_id": "sb-locum!t1", "client_secret": "s+e/c=r et"}
#: Nothing of it is encoded in a Basic header, and all of the other differs there.
PLAIN = {"client_id": "locum", "client_secret": "SecretOfLocum"}
ENCODED = {"client_id": "locum!t1", "client_secret": "s+e/c=r et:"}


@dataclass(frozen=True)
class Recording:
    """One file: a profile and a kind, the client that was recorded, and cases."""

    name: str
    client: str
    play: Callable
    cases: dict[str, dict]

    def made(self, folder) -> dict:
        """The file's content, recorded now."""
        cases = [{"name": name, "given": given, "requests": self.play(folder, **given)}
                 for name, given in self.cases.items()]
        return {"client": vendors.version(self.client), "cases": cases}


def of_xssec(folder, grant: str, credentials: dict, options: dict, assertion: str | None = None):
    """SAP's library insists on https."""
    with Recorder([TOKEN], folder) as recorder:
        uaa = {"clientid": credentials["client_id"], "clientsecret": credentials["client_secret"],
               "xsappname": "acme!t1", "uaadomain": f"127.0.0.1:{recorder.port}", "url": recorder.url}
        done = xssec(grant, recorder.ca_file, credentials=uaa, options=options, assertion=assertion)
        assert done.get("got"), done
        return recorder.requests


def of_pan(_folder, user: str, password: str):
    """Over http: the bytes are the same."""
    with Recorder([KEY]) as recorder:
        assert pan(recorder.port, api_username=user, api_password=password).keygen() == "k"
        return recorder.requests


def of_check_point(folder, user: str, password: str, read_only: bool, domain: str | None, payload: dict,
                   api_key: str | None = None):
    """Its SDK insists on https; a session of one that may write is discarded before it ends."""
    endings = [OK] if read_only else [OK, OK]
    with Recorder([LOGIN, *endings], folder) as recorder:
        client = check_point(recorder.port)
        if api_key:
            login = client.login_with_api_key(api_key, domain=domain, read_only=read_only, payload=payload)
        else:
            login = client.login(user, password, domain=domain, read_only=read_only, payload=payload)
        assert login.success, login.error_message
        if not read_only:
            assert client.api_call("discard").success
        assert client.api_call("logout").success
        return recorder.requests


def of_authlib(_folder, way: str, client_id: str, client_secret: str, grant_type: str, parameters: dict):
    """A client of any OAuth server, in Python."""
    with Recorder([TOKEN]) as recorder:
        session = OAuth2Session(client_id, client_secret, token_endpoint_auth_method=f"client_secret_{way}")
        session.trust_env = False
        session.fetch_token(f"{recorder.url}/token", grant_type=grant_type, **parameters)
        return recorder.requests


def of_oauth4webapi(_folder, way: str, client_id: str, client_secret: str, parameters: dict):
    """A strict client of any OAuth server, in JavaScript."""
    with Recorder([EXCHANGED]) as recorder:
        done = node("oauth4webapi", "token_exchange", url=recorder.url, way=way, client_id=client_id,
                    client_secret=client_secret, parameters=parameters)
        assert done.get("got"), done
        return recorder.requests


def _xssec(grant: str, options: dict, **more) -> dict:
    return {"grant": grant, "credentials": CLIENT, "options": options} | more


SCOPES = "acme!t1.Invoice.Read acme!t1.Invoice.Post"
ZONE = "a09a3440-1da8-4082-a89c-3cce186a9b6c"
SESSION = {"session-timeout": 300, "session-name": "locum", "session-description": "dlg_01kb4v0t7a9fs5d2m8qh3x6rwe"}
SUBJECT = {"subject_token": "header.payload.signature",
           "subject_token_type": "urn:ietf:params:oauth:token-type:jwt", "scope": "read write"}

RECORDINGS = [
    Recording("xsuaa-jwt_bearer", "@sap/xssec", of_xssec, {
        "opaque, narrowed": _xssec("jwt_bearer", {"scope": SCOPES, "token_format": "opaque"}, assertion="a.b.c"),
        "zone and authorities": _xssec(
            "jwt_bearer", {"scope": "acme!t1.Invoice.Read", "token_format": "jwt", "zid": ZONE, "authorities": {"company": "1000"}},
            assertion="a.b.c"),
    }),
    Recording("xsuaa-client_credentials", "@sap/xssec", of_xssec, {
        "narrowed": _xssec("client_credentials", {"scope": "acme!t1.Invoice.Read", "token_format": "jwt"}),
    }),
    Recording("panos-vendor_session", "pan-python", of_pan, {
        "keygen": {"user": "svc-read", "password": "p&ss w+rd=ü"},
    }),
    Recording("checkpoint-vendor_session", "cp-mgmt-api-sdk", of_check_point, {
        "reads": {"user": "svc-read", "password": "secret", "read_only": True, "domain": None, "payload": SESSION},
        "writes in a domain": {"user": "svc-write", "password": "secret", "read_only": False, "domain": "Branch",
                               "payload": SESSION},
        "api key": {"user": "", "password": "", "api_key": "key-1", "read_only": True, "domain": None,
                    "payload": SESSION},
    }),
    Recording("oauth-jwt_bearer", "authlib", of_authlib, {
        f"client_secret_{way}": PLAIN | {"way": way, "grant_type": JWT_BEARER,
                                         "parameters": {"assertion": "a.b.c", "scope": "read write"}}
        for way in ("basic", "post")
    }),
    Recording("oauth-client_credentials", "authlib", of_authlib, {
        f"client_secret_{way}": PLAIN | {"way": way, "grant_type": "client_credentials",
                                         "parameters": {"scope": "read write"}}
        for way in ("basic", "post")
    }),
    Recording("oauth-token_exchange", "oauth4webapi", of_oauth4webapi, {
        "client_secret_basic": PLAIN | {"way": "basic", "parameters": SUBJECT},
        "client_secret_post": PLAIN | {"way": "post", "parameters": SUBJECT},
        "a name that Basic encodes": ENCODED | {"way": "basic", "parameters": SUBJECT},
    }),
]
