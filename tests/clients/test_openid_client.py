"""Unmodified `openid-client` (Node): discovery and `genericGrantRequest` over plain http on loopback."""

import json
import subprocess
from pathlib import Path

import pytest

from support import client, tokens

SCRIPT = Path(__file__).with_name("openid_client.mjs")


def run(node, broker, id_token, scope, algorithm="oauth2", way="default", **changes) -> dict:
    """What the library gave the application."""
    agent = broker.agent("invoice-agent")
    wish = {"issuer": broker.issuer, "client_id": agent.client_id, "secret": agent.client_secret,
            "algorithm": algorithm, "way": way, "grant_type": client.EXCHANGE,
            "parameters": {"subject_token": id_token, "subject_token_type": client.ID_TOKEN,
                           "audience": "urn:demo:sap", "scope": scope,
                           "requested_token_type": client.ACCESS_TOKEN}} | changes
    done = subprocess.run([node, str(SCRIPT)], input=json.dumps(wish), capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


@pytest.mark.parametrize("algorithm", ["oauth2", "oidc"])
@pytest.mark.parametrize("way", ["default", "basic", "post"])
def test_openid_client_discovers_the_broker_and_gets_a_token(node, broker, id_token, algorithm, way):
    seen = run(node, broker, id_token, "invoice.read", algorithm, way)
    assert seen["ok"], seen
    answer = seen["answer"]
    claims = tokens.decode(answer["access_token"])
    assert (claims["sub"], claims["act"]["sub"], answer["scope"]) == ("demo:ada", "invoice-agent", "invoice.read")
    assert answer["issued_token_type"] == client.ACCESS_TOKEN


def test_openid_client_shows_what_was_refused_and_what_would_pass(node, broker, id_token):
    seen = run(node, broker, id_token, "invoice.shred")
    assert not seen["ok"] and (seen["error"], seen["status"]) == ("invalid_scope", 400), seen
    assert "`invoice.shred`" in seen["error_description"] and "invoice.read" in seen["error_description"]


def test_openid_client_shows_that_a_person_must_consent(node, broker, id_token):
    seen = run(node, broker, id_token, "invoice.post")
    assert not seen["ok"] and seen["error"] == "consent_required", seen
    assert "invoice.post" in seen["error_description"]


def test_openid_client_shows_a_wrong_secret_through_the_challenge_alone(node, broker, id_token):
    """On a 401 with a challenge this library surfaces the challenge and not the body."""
    seen = run(node, broker, id_token, "invoice.read", secret="wrong")
    assert not seen["ok"] and seen["challenges"], seen
    parameters = seen["challenges"][0]["parameters"]
    assert parameters["error"] == "invalid_client"
    assert len(parameters["error_description"]) > 20
