"""Contract §15, receipts: a signed statement of what was decided, where the credential does not say it."""

import hashlib
import subprocess

import pytest

from support import client, tokens
from support.broker import DevBroker
from support.checks import refused
from support.process import binary
from support.tokens import b64, decode, header, now

READS = {"panorama": ("soc-agent", "rule.read"), "workday-hr": ("hr-agent", "worker.read"),
         "sap-btp": ("invoice-agent", "invoice.read")}
TEN_YEARS_S = 3_650 * 86_400
CLAIMS = {"iss", "aud", "iat", "exp", "jti", "ath", "decision"}
DECISION = {"delegation_id", "sub", "act", "target", "scope", "authorization_details", "expires_at"}


@pytest.fixture(scope="module")
def dev():
    """A dev world, with the three vendors that hand credentials out."""
    with DevBroker() as running:
        yield running


def handed(broker, target: str, **params) -> dict:
    """The answer to an exchange for that vendor's target."""
    agent, scope = READS[target]
    subject = client.sign_in(broker)["id_token"]
    answer = client.exchange(broker, subject, agent=agent, audience=broker.target(target).audience, scope=scope,
                             **params)
    assert answer.status_code == 200, answer.text
    return answer.json()


def keys(broker, path: str = "receipts/jwks") -> dict:
    """The published keys by their ids."""
    answer = client.http.get(client.endpoint(broker, path), timeout=client.TIMEOUT_S)
    assert answer.status_code == 200, answer.text
    return {key["kid"]: key for key in answer.json()["keys"]}


@pytest.mark.parametrize("target", ["panorama", "workday-hr"])
def test_a_credential_that_does_not_carry_the_chain_comes_with_a_receipt(dev, target):
    answer = handed(dev, target)
    receipt, (agent, scope) = answer["receipt"], READS[target]
    head, claims = header(receipt), decode(receipt)
    assert head["typ"] == "delegation-receipt+jwt"
    tokens.verify(receipt, keys(dev)[head["kid"]], head["alg"])
    assert set(claims) == CLAIMS and set(claims["decision"]) == DECISION
    assert claims["iss"] == claims["aud"] == dev.issuer
    assert claims["exp"] == claims["iat"] + TEN_YEARS_S and abs(claims["iat"] - now()) < 60
    assert claims["ath"] == b64(hashlib.sha256(answer["access_token"].encode()).digest())
    decision = claims["decision"]
    assert decision["delegation_id"] == answer["delegation_id"] and decision["target"] == target
    assert decision["sub"] == "demo:ada" and decision["scope"] == answer["scope"] == scope
    assert decision["act"] == {"iss": dev.issuer, "sub": agent, "sub_profile": "ai_agent"}
    assert decision["authorization_details"] is None and decision["expires_at"].endswith("Z")
    recorded = client.admin(dev).decision(answer["delegation_id"]).json()
    assert recorded["jti"] == claims["jti"]


def test_a_credential_that_carries_the_chain_and_a_token_of_locum_come_without(dev):
    assert "receipt" not in handed(dev, "sap-btp")
    own = client.exchange(dev, client.sign_in(dev)["id_token"], scope="invoice.read")
    assert own.status_code == 200 and "receipt" not in own.json(), own.text


def test_a_receipt_is_no_token_anywhere(dev):
    receipt = handed(dev, "panorama")["receipt"]
    subject = client.sign_in(dev)["id_token"]
    for kind in (client.ACCESS_TOKEN, client.JWT, client.ID_TOKEN):
        refused(dev, client.exchange(dev, receipt, kind, scope="invoice.read"), "LCM-SUBJECT-INVALID")
        acting = {"actor_token": receipt, "actor_token_type": kind}
        code = "LCM-REQUEST" if kind == client.ID_TOKEN else "LCM-ACTOR-INVALID"
        refused(dev, client.exchange(dev, subject, scope="invoice.read", **acting), code)
    for who in (dev.resource_server("sap"), "soc-agent"):
        answer = client.introspect(dev, receipt, who)
        assert (answer.status_code, answer.json()) == (200, {"active": False})
    assert client.revoke(dev, receipt, "soc-agent").status_code == 200
    tokens.verify(receipt, keys(dev)[header(receipt)["kid"]])
    assertion = [("grant_type", "client_credentials"), ("audience", dev.issuer), ("client_id", "soc-agent"),
                 ("client_assertion_type", client.ASSERTION_TYPE), ("client_assertion", receipt)]
    assert client.token(dev, assertion, auth=None).status_code == 401


def test_no_key_of_receipts_is_a_key_of_tokens(dev):
    handed(dev, "panorama")
    receipts, signing = keys(dev), keys(dev, "jwks")
    assert receipts and not receipts.keys() & signing.keys()
    assert all("d" not in key and key["use"] == "sig" for key in receipts.values())
    listed = client.admin(dev).get("/keys").json()["items"]
    uses = {use: {key["kid"] for key in listed if key["use"] == use} for use in ("sig", "receipt")}
    assert uses == {"sig": set(signing), "receipt": set(receipts)}


def test_the_keys_are_public_to_every_page_and_named_by_the_metadata(dev):
    metadata = client.http.get(dev.issuer + "/.well-known/oauth-authorization-server", timeout=30).json()
    assert metadata["receipt_jwks_uri"] == f"{dev.issuer}/receipts/jwks"
    answer = client.http.get(metadata["receipt_jwks_uri"], headers={"Origin": "https://auditor.example"}, timeout=30)
    assert answer.headers["Access-Control-Allow-Origin"] == "*" and "public" in answer.headers["Cache-Control"]


def test_keys_of_receipts_rotate_alone_and_old_ones_stay_published_over_a_restart(dev_broker):
    admin = client.admin(dev_broker)
    before = handed(dev_broker, "panorama")["receipt"]
    signing = keys(dev_broker, "jwks")
    turned = admin.post("/keys/rotate", {"alg": "EdDSA", "use": "receipt", "reason": "yearly"})
    assert turned.status_code == 200, turned.text
    assert {key["use"] for key in turned.json()["items"]} == {"receipt"}
    after = handed(dev_broker, "panorama")["receipt"]
    assert header(after)["kid"] != header(before)["kid"]
    assert keys(dev_broker, "jwks") == signing
    assert dev_broker.stop() == 0
    dev_broker.start()
    for receipt in (before, after):
        tokens.verify(receipt, keys(dev_broker)[header(receipt)["kid"]])
    wrong = admin.post("/keys/rotate", {"alg": "ES256", "use": "receipt", "reason": "r"})
    assert wrong.status_code == 422 and wrong.json()["errors"][0]["pointer"] == "/alg"


@pytest.mark.parametrize("how", ["retire", "revoke"])
def test_a_key_of_receipts_that_is_taken_out_of_use_leaves_at_once_and_another_signs(dev_broker, how):
    admin, receipt = client.admin(dev_broker), handed(dev_broker, "panorama")["receipt"]
    kid, signing = header(receipt)["kid"], keys(dev_broker, "jwks")
    if how == "retire":
        done = admin.post(f"/keys/{kid}/retire", {"reason": "leaked"})
    else:
        done = admin.post("/revocations", {"what": {"kind": "key", "id": f"locum:{kid}"}, "reason": "leaked"})
        assert done.json()["affected"]["tokens"] == 0, "it signed no token"
    assert done.status_code == 200, done.text
    assert kid not in keys(dev_broker) and keys(dev_broker, "jwks") == signing
    assert header(handed(dev_broker, "panorama")["receipt"])["kid"] in keys(dev_broker)


def verify(*args, given: str = "", **environment):
    """`locum verify` on a machine that knows no broker."""
    return subprocess.run([binary(), "verify", *args], input=given, capture_output=True, text=True, timeout=60,
                          env=environment)


def test_locum_verify_needs_nothing_but_the_public_keys(dev, tmp_path):
    answer = handed(dev, "panorama")
    jwks, credential = tmp_path / "receipts.jwks", tmp_path / "credential"
    jwks.write_text(client.http.get(client.endpoint(dev, "receipts/jwks"), timeout=30).text)
    credential.write_text(answer["access_token"] + "\n")
    done = verify(answer["receipt"], "--jwks", str(jwks), "--credential", str(credential), "-o", "table")
    assert done.returncode == 0, done.stderr
    assert "demo:ada → soc-agent → panorama" in done.stdout and "the one that was handed out" in done.stdout
    assert verify("-", "--jwks", str(jwks), given=answer["receipt"] + "\n").returncode == 0
    credential.write_text("another")
    other = verify(answer["receipt"], "--jwks", str(jwks), "--credential", str(credential))
    assert other.returncode == 1 and "found another" in other.stdout + other.stderr
    head, claims, sig = answer["receipt"].split(".")
    forged = f"{head}.{claims}.{sig[:-4]}AAAA"
    assert verify(forged, "--jwks", str(jwks)).returncode == 1
    asked = verify(answer["receipt"], LOCUM_ISSUER=dev.issuer)
    assert asked.returncode == 0, asked.stderr
