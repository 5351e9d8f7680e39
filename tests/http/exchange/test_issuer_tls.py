"""Contract §14: keys over https are taken only from a server whose certificate is vouched for."""

import ipaddress

import pytest
from cryptography import x509

from support import tokens
from support.authority import Authority
from support.broker import Broker
from support.checks import issued, refused
from support.client import exchange
from support.issuer import IssuerServer
from support.world import World, entry

@pytest.fixture(scope="module")
def authority():
    return Authority()


@pytest.fixture(scope="module")
def tls_broker(authority, tmp_path_factory):
    """A broker on a machine that trusts that authority alone."""
    file = tmp_path_factory.mktemp("tls") / "ca.pem"
    file.write_text(authority.pem())
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SSL_CERT_FILE", str(file))
        with Broker() as running:
            yield running


def ask(broker, url, key, **spec):
    world = World(broker)
    issuer = world.issuer(issuer=url, jwks=None, **spec)
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")
    return exchange(broker, tokens.id_token(broker, iss=url, aud="test-app", key=key), agent=agent)


def test_keys_are_discovered_and_fetched_over_tls(tls_broker, authority, tmp_path):
    key = tokens.new_jwk()
    pair = authority.certify(x509.DNSName("localhost"))
    with IssuerServer([tokens.public(key)]) as server:
        url = server.speak_tls(pair, tmp_path)
        issued(ask(tls_broker, url, key, kind="oidc"))
        assert server.asked == ["/.well-known/openid-configuration", "/jwks"]


@pytest.mark.parametrize("flaw", ["another authority", "another name"])
def test_a_server_nobody_vouches_for_gives_no_keys(tls_broker, authority, tmp_path, flaw):
    key = tokens.new_jwk()
    names = [x509.DNSName("other.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
    pair = (Authority().certify(x509.DNSName("localhost")) if flaw == "another authority"
            else authority.certify(*names))
    with IssuerServer([tokens.public(key)]) as server:
        url = server.speak_tls(pair, tmp_path)
        answer = ask(tls_broker, url, key, kind="jwt", jwks_uri=f"{url}/jwks")
        refused(tls_broker, answer, "LCM-UNAVAILABLE")
        assert server.asked == []


def test_a_server_that_speaks_no_tls_is_told_in_one_sentence(broker, world):
    with IssuerServer() as server:
        url = server.url.replace("http:", "https:")
        issuer = world.issuer(issuer=url, jwks=None, kind="jwt", jwks_uri=f"{url}/jwks")
        found = world.admin.post(f"/issuers/{issuer.id}/test").json()["problem"]
    assert found["reason"] == "connection"
    assert found["detail"] == ("keys: expected a server that speaks TLS at the port of the URL, "
                               "found one that does not")
