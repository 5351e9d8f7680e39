"""Clients of RFC 7523 before the emulated Workday: the vendor has none of its own."""

import base64
import uuid

import pytest
from authlib.integrations.requests_client import AssertionSession
from authlib.oauth2.rfc7523 import JWTBearerGrant
from conftest import tampered

from support import client
from support.tokens import now

JWT_BEARER = "urn:ietf:params:oauth:grant-type:jwt-bearer"


@pytest.fixture
def url(origins):
    """The tenant's token endpoint."""
    return f"{origins.workday_hr}/ccx/oauth2/acme/token"


@pytest.fixture
def session(broker, accounts, url):
    """authlib, as one of the API clients; `changes` to what it says of itself."""

    def make(number: int = 0, signer: int | None = None, **changes):
        account = accounts.workday_hr[number]
        key = accounts.workday_hr[number if signer is None else signer].private_key
        given = {"issuer": account.client_id, "subject": "ada", "audience": "wd"} | changes
        made = AssertionSession(url, key=key, header={"alg": "RS256"}, grant_type=JWT_BEARER, **given)
        made.trust_env, made.verify = False, broker.ca_file
        return made

    return make


@pytest.fixture
def worker(origins):
    """A request for the one worker."""

    def call(method: str, token: str):
        body = None if method == "GET" else {"team": "sales"}
        return client.http.request(method, f"{origins.workday_hr}/workday-hr/workers/42", json=body,
                                   headers={"Authorization": f"Bearer {token}"}, timeout=client.TIMEOUT_S)

    return call


def asked(url: str, data: dict, **headers):
    """A request for a token."""
    return client.http.post(url, data=data, headers=headers, timeout=client.TIMEOUT_S)


@pytest.mark.parametrize("number, put", [(0, 403), (1, 200)])
def test_a_client_of_rfc7523_does_what_its_api_client_was_registered_for(session, worker, accounts, number, put):
    got = session(number).refresh_token()
    assert "expires_in" not in got
    read = worker("GET", got["access_token"])
    assert read.json()["seen"] == {"sub": "ada", "client_id": accounts.workday_hr[number].client_id,
                                   "scope": " ".join(accounts.workday_hr[number].scopes)}
    assert worker("PUT", got["access_token"]).status_code == put


def test_an_assertion_that_is_not_sound_is_refused(session, url, accounts):
    def signed(**changes) -> str:
        claims = {"issuer": "locum-read", "audience": "wd", "subject": "ada", "expires_at": now() + 300,
                  "header": {"alg": "RS256"}} | changes
        return JWTBearerGrant.sign(accounts.workday_hr[0].private_key, **claims)

    once = signed(claims={"jti": uuid.uuid4().hex})
    assert asked(url, {"grant_type": JWT_BEARER, "assertion": once}).status_code == 200
    for why, bad in {"audience": signed(audience="another"), "expired": signed(expires_at=now() - 1),
                     "tampered": tampered(signed()), "replayed": once, "another client's": signed(issuer="locum-write"),
                     "unknown": signed(issuer="nobody")}.items():
        answer = asked(url, {"grant_type": JWT_BEARER, "assertion": bad})
        assert answer.status_code in (400, 401), why
        assert answer.json()["error"] in ("invalid_grant", "invalid_client"), why


def test_client_credentials_stand_in_a_header_of_the_scheme_id(url, accounts, worker):
    account = accounts.workday_hr[0]
    pair = base64.b64encode(f"{account.client_id}:{account.client_secret}".encode()).decode()
    data = {"grant_type": "client_credentials", "tenant_alias": "acme"}
    got = asked(url, data, Authorization=f"ID {pair}")
    assert got.status_code == 200 and set(got.json()) == {"access_token", "token_type"}
    assert worker("GET", got.json()["access_token"]).json()["seen"]["sub"] == account.client_id
    assert asked(url, data, Authorization=f"Basic {pair}").status_code == 401
    in_form = data | {"client_id": account.client_id, "client_secret": account.client_secret}
    assert asked(url, in_form).status_code == 401
    assert asked(url, {"grant_type": "client_credentials"}, Authorization=f"ID {pair}").status_code == 400
