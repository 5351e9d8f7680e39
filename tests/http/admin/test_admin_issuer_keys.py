"""What operators learn of an issuer's keys: those in use, those left out, and why they cannot be had."""

import os
import subprocess

import pytest
from cryptography import x509

from support import client, tokens
from support.authority import Authority
from support.scene import problem
from support.checks import refused
from support.client import exchange
from support.issuer import IssuerServer
from support.process import binary
from support.world import entry

STRANGE = {"kty": "EC", "crv": "P-521", "kid": "strange", "x": "AA", "y": "AA"}


def locum(broker, *arguments) -> str:
    """What a command prints that asks the broker, as text."""
    named = {"LOCUM_ISSUER": broker.issuer, "LOCUM_ADMIN_API": broker.admin_api,
             "LOCUM_ADMIN_TOKEN": broker.admin_token, "LOCUM_OPERATIONS": broker.operations}
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LOCUM_")}
    ran = subprocess.run([binary(), *arguments, "-o", "table"], env=kept | named, capture_output=True, text=True, timeout=60)
    return ran.stdout + ran.stderr


def test_keys_are_listed_with_those_left_out_and_why(world, admin):
    with IssuerServer([tokens.public(tokens.new_jwk(kid="good")), STRANGE]) as server:
        issuer = world.issuer(kind="oidc", issuer=server.url, jwks=None)
        before = admin.get(f"/issuers/{issuer.id}/keys").json()
        assert before["tried_at"] is None and server.asked == [], "looking fetches nothing"
        found = admin.post(f"/issuers/{issuer.id}/test").json()
        assert found["fetched"] is True and found["problem"] is None
        assert found["source"] == "discovery" and found["jwks_uri"] == f"{server.url}/jwks"
        assert found["keys"] == [{"kid": "good", "alg": "ES256"}]
        assert [(key["kid"], key["reason"]) for key in found["left_out"]] == [("strange", "kind")]
        shown = admin.get(f"/issuers/{issuer.id}/keys").json()
        assert shown == {name: value for name, value in found.items() if name != "fetched"}
    problem(admin.get("/issuers/no-such/keys"), 404)
    problem(admin.post("/issuers/no-such/test"), 404)


def test_why_keys_cannot_be_had_is_said_everywhere(broker, world, admin):
    with IssuerServer() as server:
        server.answer = lambda path: {"issuer": server.url + "/", "jwks_uri": f"{server.url}/jwks"}
        issuer = world.issuer(kind="oidc", issuer=server.url, jwks=None)
        agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
        token = tokens.id_token(broker, iss=issuer.issuer, aud="test-app", key=tokens.new_jwk())
        answer = refused(broker, exchange(broker, token, agent=agent), "LCM-UNAVAILABLE")
        why = "slash at its end"
        found = admin.get(f"/issuers/{issuer.id}/keys").json()["problem"]
        assert (found["reason"], found["setting"]) == ("issuer_slash", "issuer") and why in found["detail"]
        ready = client.http.get(broker.operations + "/readyz?verbose", timeout=10)
        assert ready.status_code == 200
        assert any(line.startswith(f"[!]issuers {issuer.id}: ") and why in line for line in ready.text.splitlines())
        assert why in locum(broker, "explain", answer["request_id"])
        for verb in ("show", "test"):
            assert why in locum(broker, "issuers", verb, issuer.id)
        assert any("issuers" in line and f"{issuer.id}: " in line for line in locum(broker, "doctor").splitlines())


@pytest.mark.parametrize("uri, reason, setting", [
    ("https://10.0.0.1/jwks", "address_not_allowed", "network.allow_private"),
    ("http://93.184.215.14/jwks", "http", "network.allow_private"),
    ("https://no-such-host.invalid/jwks", "name_not_resolved", None),
    ("http://127.0.0.1:1/jwks", "unreachable", None),
])
def test_what_mends_it_is_named(world, admin, uri, reason, setting):
    issuer = world.issuer(jwks=None, jwks_uri=uri)
    found = admin.post(f"/issuers/{issuer.id}/test").json()["problem"]
    assert (found["reason"], found["setting"]) == (reason, setting), found


def test_an_authority_that_is_not_trusted_is_named(world, admin, tmp_path):
    with IssuerServer([tokens.public(tokens.new_jwk())]) as server:
        url = server.speak_tls(Authority().certify(x509.DNSName("localhost")), tmp_path)
        issuer = world.issuer(jwks=None, jwks_uri=f"{url}/jwks")
        found = admin.post(f"/issuers/{issuer.id}/test").json()["problem"]
        assert (found["reason"], found["setting"]) == ("authority_unknown", "trust.ca_file"), found


def test_tests_are_bounded(world, admin):
    with IssuerServer([tokens.public(tokens.new_jwk())]) as server:
        issuer = world.issuer(jwks=None, jwks_uri=f"{server.url}/jwks", issuer=server.url)
        fetched = [admin.post(f"/issuers/{issuer.id}/test").json()["fetched"] for _ in range(10)]
        assert fetched[0] is True and fetched[-1] is False
        assert len(server.asked) == sum(fetched) <= 6


@pytest.mark.parametrize("role, status", [("operator", 200), ("auditor", 403)])
def test_who_may_test_an_issuer(broker, world, admin, role, status):
    issuer = world.issuer()
    made = admin.post("/credentials", {"role": role, "name": "tester"}).json()
    mine = client.admin(broker, made["token"])
    assert mine.get(f"/issuers/{issuer.id}/keys").status_code == 200
    assert mine.post(f"/issuers/{issuer.id}/test").status_code == status
