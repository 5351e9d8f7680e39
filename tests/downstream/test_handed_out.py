"""What Locum hands out opens the emulated systems by their vendors' own clients, as narrow as it was granted."""

import pytest
from handing import Handed
from vendors import pan, xssec

from support import client
from support.scene import until

OVERHANG = {"accept_overhang": {"reason": "test"}}
READ = "acme!t1.Invoice.Read"
SYSTEM_INFO = "<show><system><info></info></system></show>"


@pytest.fixture
def sap(broker, accounts, origins):
    """A target at the emulated XSUAA, with tokens of that format."""

    def make(token_format: str, secret: str | None = None, **changes):
        parameters = {"client_id": accounts.sap_btp.client_id, "token_format": token_format, "token_validity_s": 600,
                      "scopes": {"invoice.read": READ, "invoice.post": "acme!t1.Invoice.Post"}}
        connector = {"kind": "jwt_bearer", "profile": "xsuaa", "base_url": origins.sap_btp, "secrets": ["client"],
                     "parameters": parameters}
        secrets = {"client": secret or accounts.sap_btp.client_secret}
        return Handed(broker, connector, secrets, {"invoice.read": "low", "invoice.post": "low"}, **changes)

    return make


@pytest.fixture
def panorama(broker, accounts, origins):
    """A target at the emulated Panorama, one principal per set of scopes."""
    principals = [{"scopes": admin.scopes, "user": admin.user, "secret": admin.user} for admin in accounts.panorama]
    connector = {"kind": "vendor_session", "profile": "panos", "base_url": origins.panorama, "secrets": [],
                 "parameters": {"principals": principals, "token_validity_s": 60}}
    secrets = {admin.user: admin.password for admin in accounts.panorama}
    scopes = {"rule.read": "low", "rule.write": "low"}
    return Handed(broker, connector, secrets, scopes, entitlements={name: ["demo:staff"] for name in scopes}, **OVERHANG)


def invoice(origins, token: str):
    """Reads one."""
    return client.http.get(f"{origins.sap_btp}/sap-btp/invoices/4711", headers={"Authorization": f"Bearer {token}"},
                           timeout=client.TIMEOUT_S)


def test_saps_validator_takes_what_was_handed_out_for_the_granted_scope_alone(sap, broker, accounts, origins):
    got = sap("jwt", **OVERHANG).obtained("invoice.read")
    assert got["token_type"] == "Bearer" and got["scope"] == "invoice.read"
    credentials = {"clientid": accounts.sap_btp.client_id, "clientsecret": "", "xsappname": "acme!t1",
                   "uaadomain": origins.sap_btp.removeprefix("https://"), "url": origins.sap_btp}
    seen = xssec("context", broker.ca_file, credentials=credentials, token=got["access_token"],
                 scopes=["Invoice.Read", "Invoice.Post"])["got"]
    assert seen["local"] == [True, False] and seen["payload"]["user_name"] == "ada"


def test_the_vendor_knows_the_person_and_the_delegation(sap, origins):
    got = sap("opaque").obtained("invoice.read")
    seen = invoice(origins, got["access_token"]).json()["seen"]
    assert seen["sub"] == "ada" and seen["scope"] == READ
    assert seen["assertion"] == got["delegation_id"]


def test_a_credential_that_the_agent_gives_back_is_dead_at_the_vendor(sap, broker, origins):
    target = sap("opaque")
    token = target.obtained("invoice.read")["access_token"]
    assert invoice(origins, token).status_code == 200
    assert client.revoke(broker, token, agent=target.agent).status_code == 200
    until(lambda: invoice(origins, token).status_code == 401)


def test_a_key_opens_the_firewall_by_palo_altos_client_and_only_for_reading(panorama, broker, origins):
    got = panorama.obtained("rule.read")
    assert got["token_type"] == "N_A" and got["present"] == {"header": "X-PAN-KEY", "prefix": ""}
    key = got["access_token"]
    pan(int(origins.panorama.rpartition(":")[2]), broker.ca_file, api_key=key).op(SYSTEM_INFO)
    rules = f"{origins.panorama}/panorama/rules"
    assert client.http.get(rules, headers={"X-PAN-KEY": key}, timeout=client.TIMEOUT_S).json()["seen"]["sub"] == "svc-read"
    assert client.http.post(rules, headers={"X-PAN-KEY": key}, json={}, timeout=client.TIMEOUT_S).status_code == 403


def test_no_two_exchanges_hand_out_the_same_credential(panorama):
    assert panorama.obtained("rule.read")["access_token"] != panorama.obtained("rule.read")["access_token"]


def test_a_vendor_that_refuses_the_client_is_told_apart_from_one_that_is_busy(sap, busy, origins):
    refused = sap("opaque", secret="another").exchange("invoice.read")
    assert (refused.status_code, refused.json()["error"]) == (400, "invalid_target")
    assert "LCM-DOWNSTREAM-REFUSED" in refused.text and "Bad credentials" not in refused.text
    target = sap("opaque")
    busy(origins.sap_btp, times=1, retry_after=7)
    later = target.exchange("invoice.read")
    assert later.status_code == 503 and later.headers["Retry-After"] == "7"
    assert "LCM-DOWNSTREAM" in later.text


def test_a_client_that_proves_itself_by_basic_is_known_to_the_uaa(broker, accounts, origins):
    parameters = {"client_id": accounts.sap_btp.client_id, "client_auth": "basic", "token_format": "opaque",
                  "scopes": {"invoice.read": READ}, "token_validity_s": 600}
    connector = {"kind": "jwt_bearer", "profile": "xsuaa", "base_url": origins.sap_btp, "secrets": ["client"],
                 "parameters": parameters}
    secrets = {"client": accounts.sap_btp.client_secret}
    got = Handed(broker, connector, secrets, {"invoice.read": "low"}).obtained("invoice.read")
    assert invoice(origins, got["access_token"]).status_code == 200
