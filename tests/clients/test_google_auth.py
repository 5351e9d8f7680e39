"""Unmodified `google-auth`: its `sts.Client` is Google's own RFC 8693 client."""

import google.auth.exceptions
import google.auth.transport.requests
import pytest
from google.oauth2 import sts, utils

from support import client, tokens


def exchange(broker, id_token, scopes, secret=None, way=utils.ClientAuthType.basic, **more):
    """As an application would call it."""
    agent = broker.agent("invoice-agent")
    proof = utils.ClientAuthentication(way, agent.client_id, secret or agent.client_secret)
    return sts.Client(broker.token_endpoint, proof).exchange_token(
        google.auth.transport.requests.Request(), client.EXCHANGE, id_token, client.ID_TOKEN,
        audience="urn:demo:sap", scopes=scopes, requested_token_type=client.ACCESS_TOKEN, **more)


@pytest.mark.parametrize("way", list(utils.ClientAuthType))
def test_google_auth_gets_a_token_with_either_way_of_sending_its_secret(broker, id_token, way):
    answer = exchange(broker, id_token, ["invoice.read"], way=way)
    claims = tokens.decode(answer["access_token"])
    assert (claims["sub"], claims["act"]["sub"]) == ("demo:ada", "invoice-agent")
    assert (answer["token_type"], answer["scope"]) == ("Bearer", "invoice.read")
    assert isinstance(answer["expires_in"], int) and 0 < answer["expires_in"] <= 300


def test_google_auth_gets_a_token_with_a_workload_token_as_actor(broker, id_token):
    answer = exchange(broker, id_token, ["invoice.read"],
                      actor_token=client.workload_sign_in(broker), actor_token_type=client.JWT)
    assert tokens.decode(answer["access_token"])["act"]["sub"] == "invoice-agent"


def test_google_auth_shows_what_was_refused_and_what_would_pass(broker, id_token):
    with pytest.raises(google.auth.exceptions.OAuthError) as refusal:
        exchange(broker, id_token, ["invoice.shred"])
    shown = str(refusal.value)
    assert "invalid_scope" in shown
    assert "`invoice.shred`" in shown and "invoice.read" in shown
    assert f"{broker.issuer}/errors/LCM-SCOPE-REFUSED" in shown


def test_google_auth_shows_that_a_person_must_consent(broker, id_token):
    with pytest.raises(google.auth.exceptions.OAuthError) as refusal:
        exchange(broker, id_token, ["invoice.post"])
    assert "consent_required" in str(refusal.value) and "LCM-CONSENT-MISSING" in str(refusal.value)


def test_google_auth_shows_a_wrong_secret_as_invalid_client(broker, id_token):
    with pytest.raises(google.auth.exceptions.OAuthError) as refusal:
        exchange(broker, id_token, ["invoice.read"], secret="wrong")
    assert "invalid_client" in str(refusal.value)
