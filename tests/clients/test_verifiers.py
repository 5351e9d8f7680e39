"""Every unmodified verifier takes Locum's tokens, reads the chain and refuses what it should."""

import pytest
from libraries import VERIFIERS
from trial import Refused, Seen

from support import checks, client, tokens

each = pytest.mark.parametrize("library", VERIFIERS, ids=lambda library: library.name)


@pytest.fixture
def token(broker):
    """Ada's token for sap through invoice-agent."""
    return checks.issued(client.exchange(broker, client.sign_in(broker)["id_token"])).token


@pytest.fixture
def seen(broker):
    """Makes a `Seen` at sap."""
    server = broker.resource_server("sap")
    metadata = client.http.get(f"{broker.issuer}/.well-known/oauth-authorization-server").json()

    def make(token) -> Seen:
        return Seen(broker.issuer, metadata["jwks_uri"], metadata["introspection_endpoint"],
                    server.client_id, server.client_secret, "urn:demo:sap", token)

    return make


@each
def test_a_verifier_accepts_a_token_and_reads_who_acts_for_whom(broker, token, seen, tried, library):
    claims = library.get(seen(token))
    assert (claims["sub"], claims["scope"], checks.actors(claims)) == ("demo:ada", "invoice.read", ["invoice-agent"])
    assert claims["act"]["iss"] == broker.issuer
    tried.note(library, "accepted", True)


@each
def test_a_verifier_refuses_a_token_whose_chain_was_changed(token, seen, library):
    with pytest.raises(Refused):
        library.get(seen(tokens.tampered(token, act={"iss": "x", "sub": "hr-agent"})))


@each
def test_a_verifier_refuses_a_token_for_another_target(broker, seen, library):
    other = checks.issued(client.exchange(broker, agent="hr-agent", audience="urn:demo:workday")).token
    with pytest.raises(Refused):
        library.get(seen(other))


@each
def test_a_verifier_that_asks_refuses_a_revoked_token_and_one_that_does_not_cannot(broker, token, seen, tried, library):
    assert client.revoke(broker, token).status_code == 200
    if library.asks:
        with pytest.raises(Refused):
            library.get(seen(token))
    else:
        assert library.get(seen(token))["sub"] == "demo:ada"
    tried.note(library, "revocation", library.asks)
