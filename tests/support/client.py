"""A thin OAuth and admin client: what an agent and an operator would send, and nothing more."""

import base64
import uuid
from urllib.parse import quote_plus, urlencode

import requests

from support import tokens

TYPE = "urn:ietf:params:oauth:token-type:"
ACCESS_TOKEN, ID_TOKEN, JWT, REFRESH_TOKEN = (TYPE + t for t in ("access_token", "id_token", "jwt", "refresh_token"))
GRANT = "urn:locum:token-type:grant"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ASSERTION_TYPE = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"
TIMEOUT_S = 30

http = requests.Session()
http.trust_env = False  # no proxy, no netrc: what is sent is what the test says

decode = tokens.decode


def who(broker, agent):
    """Credentials of a demo agent by id, or the object given."""
    return broker.agent(agent) if isinstance(agent, str) else agent


def basic(client_id: str, secret: str) -> str:
    """The Basic header, both halves form-encoded first (RFC 6749 §2.3.1)."""
    raw = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return "Basic " + base64.b64encode(raw.encode()).decode()


def call(broker, url: str, pairs, agent="invoice-agent", auth: str | None = "basic", headers=None):
    """POST a form, authenticated as `agent` by `basic`, `post`, `private_key_jwt` or not at all."""
    pairs, headers = list(pairs), dict(headers or {})
    if auth is not None:
        me = who(broker, agent)
    if auth == "basic":
        headers.setdefault("Authorization", basic(me["client_id"], me["client_secret"]))
    elif auth == "post":
        pairs += [("client_id", me["client_id"]), ("client_secret", me["client_secret"])]
    elif auth == "private_key_jwt":
        pairs += [("client_assertion_type", ASSERTION_TYPE),
                  ("client_assertion", tokens.client_assertion(broker, me))]
    headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
    return http.post(url, data=urlencode(pairs), headers=headers, timeout=TIMEOUT_S, allow_redirects=False)


def token(broker, pairs, agent="invoice-agent", auth="basic", headers=None):
    """POST these pairs to the token endpoint."""
    return call(broker, broker.token_endpoint, pairs, agent, auth, headers)


def form(subject_token, subject_token_type=ID_TOKEN, **params) -> list[tuple[str, str]]:
    """The pairs of an exchange; a list value repeats the parameter, `None` leaves it out."""
    params.setdefault("audience", "urn:demo:sap")
    fields = {"grant_type": EXCHANGE, "subject_token": subject_token, "subject_token_type": subject_token_type}
    pairs = []
    for name, value in (fields | params).items():
        values = value if isinstance(value, list) else [value]
        pairs += [(name, str(v)) for v in values if v is not None]
    return pairs


def exchange(broker, subject_token=None, subject_token_type=ID_TOKEN, *, agent="invoice-agent", auth="basic",
             data=None, headers=None, **params):
    """Exchange; by default ada's ID token for sap. `data` replaces all pairs; `params` add, repeat, drop."""
    if data is None:
        if subject_token is None:
            subject_token = tokens.id_token(broker)
        data = form(subject_token, subject_token_type, **params)
    return token(broker, data, agent, auth, headers)


def client_credentials(broker, agent="invoice-agent", auth="basic", **params):
    """The `client_credentials` grant."""
    pairs = [("grant_type", "client_credentials")]
    for name, value in params.items():
        pairs += [(name, str(v)) for v in (value if isinstance(value, list) else [value]) if v is not None]
    return token(broker, pairs, agent, auth)


def endpoint(broker, name: str) -> str:
    """An endpoint beside the token endpoint, by its fixed path (contract §4)."""
    return f"{broker.token_endpoint.removesuffix('/token')}/{name}"


def introspect(broker, access_token, agent="invoice-agent", auth="basic", **params):
    """POST /introspect."""
    return call(broker, endpoint(broker, "introspect"), [("token", access_token), *params.items()], agent, auth)


def revoke(broker, access_token, agent="invoice-agent", auth="basic", **params):
    """POST /revoke."""
    return call(broker, endpoint(broker, "revoke"), [("token", access_token), *params.items()], agent, auth)


def sign_in(broker, person="ada", **params) -> dict:
    """Sign in at the demo provider: `id_token`, `access_token`, `expires_in`."""
    password = broker.people[person]["password"]
    pairs = {"username": broker.people[person]["idp_sub"], "password": password} | params
    answer = http.post(broker.idp.token_endpoint, data=pairs, timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return answer.json()


def workload_sign_in(broker, agent="invoice-agent", **params) -> str:
    """Fetch a token from the demo workload issuer."""
    answer = http.post(broker.workloads.token_endpoint, data={"agent": agent} | params, timeout=TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return answer.json()["token"]


class Admin:
    """The admin API (contract §12) with a bearer credential."""

    def __init__(self, broker, credential: str | None = None):
        self._broker, self._credential = broker, credential

    def call(self, method, path, body=None, headers=None, **kwargs):
        """One request; the path starts with a slash and is relative to `/admin/v1`."""
        head = {"Authorization": f"Bearer {self._credential or self._broker.admin_token}"} | dict(headers or {})
        head = {k: v for k, v in head.items() if v is not None}
        url = self._broker.admin_api + path
        return http.request(method, url, json=body, headers=head, timeout=TIMEOUT_S, **kwargs)

    def get(self, path, **kwargs):
        """GET."""
        return self.call("GET", path, **kwargs)

    def post(self, path, body=None, key=None, **kwargs):
        """POST with an `Idempotency-Key` of its own unless one is given."""
        headers = {"Idempotency-Key": key or uuid.uuid4().hex} | dict(kwargs.pop("headers", None) or {})
        return self.call("POST", path, {} if body is None else body, headers=headers, **kwargs)

    def put(self, path, body, **kwargs):
        """PUT."""
        return self.call("PUT", path, body, **kwargs)

    def decision(self, record_id: str):
        """The record of a decision by its `dlg_` or `req_` id."""
        return self.get(f"/decisions/{record_id}")


def admin(broker, credential: str | None = None) -> Admin:
    """The admin client of this broker."""
    return Admin(broker, credential)
