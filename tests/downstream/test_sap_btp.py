"""SAP's own library before the emulated XSUAA, and before what that issues."""

import pytest
from conftest import tampered
from vendors import xssec

from support import client
from support.tokens import decode

READ, POST = "acme!t1.Invoice.Read", "acme!t1.Invoice.Post"
ZONE = "a09a3440-1da8-4082-a89c-3cce186a9b6c"


@pytest.fixture
def ask(broker, accounts, origins):
    """A job of SAP's library with the account's credentials; `changes` take the place of some."""

    def call(name: str, changes: dict | None = None, **given):
        origin = origins.sap_btp
        credentials = {"clientid": accounts.sap_btp.client_id, "clientsecret": accounts.sap_btp.client_secret,
                       "xsappname": "acme!t1", "uaadomain": origin.removeprefix("https://"), "url": origin}
        return xssec(name, broker.ca_file, credentials=credentials | (changes or {}), **given)

    return call


@pytest.fixture
def invoices(origins):
    """A request to the application behind it."""

    def call(method: str, path: str, token: str):
        url = f"{origins.sap_btp}/sap-btp/invoices{path}"
        body = None if method == "GET" else {"amount": "1"}
        return client.http.request(method, url, headers={"Authorization": f"Bearer {token}"}, json=body,
                                   timeout=client.TIMEOUT_S)

    return call


def test_saps_client_gets_a_token_that_saps_validator_takes(ask, asserted):
    options = {"scope": READ, "zid": ZONE, "token_format": "jwt", "authorities": {"company": "1000"}}
    answer = ask("jwt_bearer", assertion=asserted(), options=options)
    token = answer["got"]["access_token"]
    assert answer["got"]["expires_in"] == 599 and answer["got"]["scope"] == READ
    seen = ask("context", token=token, scopes=["Invoice.Read", "Invoice.Post"])["got"]
    assert seen["local"] == [True, False]
    assert seen["payload"]["user_name"] == "demo:ada" and seen["payload"]["scope"] == [READ]
    assert seen["payload"]["az_attr"] == {"company": "1000"} and seen["payload"]["zid"] == ZONE


def test_a_validator_of_another_application_or_a_changed_token_refuses(ask, asserted):
    token = ask("jwt_bearer", assertion=asserted(), options={"token_format": "jwt"})["got"]["access_token"]
    other = {"clientid": "sb-other!t2", "xsappname": "other!t2"}
    assert ask("context", other, token=token, scopes=[])["error"] == "WrongAudienceError"
    assert ask("context", token=tampered(token), scopes=[])["error"] == "InvalidTokenSignatureError"


def test_an_opaque_token_opens_what_it_is_for_and_ends_itself(ask, asserted, invoices, origins):
    assertion = asserted()
    options = {"scope": READ, "token_format": "opaque"}
    token = ask("jwt_bearer", assertion=assertion, options=options)["got"]["access_token"]
    read = invoices("GET", "/4711", token)
    assert read.status_code == 200, read.text
    claims = decode(assertion)
    assert read.json()["seen"] == {"sub": "demo:ada", "client_id": "sb-locum!t1", "scope": READ,
                                   "act": claims["act"], "assertion": claims["jti"]}
    assert invoices("POST", "", token).status_code == 403
    ended = client.http.delete(f"{origins.sap_btp}/oauth/token/revoke/{token}", timeout=client.TIMEOUT_S,
                               headers={"Authorization": f"Bearer {token}"})
    assert ended.status_code == 200
    assert invoices("GET", "/4711", token).status_code == 401


def test_a_token_that_may_post_posts(ask, asserted, invoices):
    token = ask("jwt_bearer", assertion=asserted(), options={"scope": POST})["got"]["access_token"]
    assert invoices("POST", "", token).status_code == 201


def test_a_client_for_itself_is_no_person(ask):
    answer = ask("client_credentials", options={"scope": READ, "token_format": "jwt"})
    payload = ask("context", token=answer["got"]["access_token"], scopes=[])["got"]["payload"]
    assert "user_name" not in payload and payload["grant_type"] == "client_credentials"


def test_an_assertion_that_is_not_sound_is_refused(ask, asserted, outlived):
    once = asserted()
    assert "got" in ask("jwt_bearer", assertion=once, options={})
    for why, bad in {"audience": asserted("another"), "expired": outlived, "tampered": tampered(asserted()),
                     "replayed": once, "no JWT": "a.b.c"}.items():
        answer = ask("jwt_bearer", assertion=bad, options={})
        assert answer.get("responseCode") == 401 and "invalid_token" in answer["responseText"], (why, answer)


def test_a_scope_nobody_holds_or_another_secret_is_refused(ask, asserted):
    answer = ask("jwt_bearer", assertion=asserted(), options={"scope": "acme!t1.Everything"})
    assert answer["responseCode"] == 400 and "invalid_scope" in answer["responseText"]
    answer = ask("jwt_bearer", {"clientsecret": "another"}, assertion=asserted(), options={})
    assert answer["responseCode"] == 401 and "unauthorized" in answer["responseText"]


def test_a_busy_server_is_told_apart(ask, asserted, busy, origins):
    busy(origins.sap_btp, times=1)
    assertion = asserted()
    assert ask("jwt_bearer", assertion=assertion, options={})["responseCode"] == 429
    assert "got" in ask("jwt_bearer", assertion=assertion, options={})
