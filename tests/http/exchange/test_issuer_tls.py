"""Contract §14: keys over https are taken only from a server whose certificate is vouched for."""

import datetime
import ipaddress
import ssl

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from support import tokens
from support.broker import Broker
from support.checks import issued, refused
from support.client import exchange
from support.issuer import IssuerServer
from support.world import World, entry

NOW = datetime.datetime.now(datetime.UTC)
PEM = serialization.Encoding.PEM


def certificate(names, signer=None):
    """A certificate (and its key) for `names`, or one that signs others."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test")])
    builder = (x509.CertificateBuilder().subject_name(subject).public_key(key.public_key())
               .issuer_name(signer[0].subject if signer else subject)
               .serial_number(x509.random_serial_number())
               .not_valid_before(NOW - datetime.timedelta(days=1)).not_valid_after(NOW + datetime.timedelta(days=7))
               .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True))
    if signer:
        builder = builder.add_extension(x509.SubjectAlternativeName(names), critical=False)
    return builder.sign(signer[1] if signer else key, hashes.SHA256()), key


def serve_tls(server, pair, folder):
    """Makes a server speak TLS; its URL from now on."""
    cert, key = pair
    file = folder / f"{cert.serial_number}.pem"
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    file.write_bytes(cert.public_bytes(PEM) + private)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(file)
    server.speak_tls(context)
    return server.url


@pytest.fixture(scope="module")
def authority():
    return certificate([])


@pytest.fixture(scope="module")
def tls_broker(authority, tmp_path_factory):
    """A broker on a machine that trusts that authority alone."""
    file = tmp_path_factory.mktemp("tls") / "ca.pem"
    file.write_bytes(authority[0].public_bytes(PEM))
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
    pair = certificate([x509.DNSName("localhost")], authority)
    with IssuerServer([tokens.public(key)]) as server:
        url = serve_tls(server, pair, tmp_path)
        issued(ask(tls_broker, url, key, kind="oidc"))
        assert server.asked == ["/.well-known/openid-configuration", "/jwks"]


@pytest.mark.parametrize("flaw", ["another authority", "another name"])
def test_a_server_nobody_vouches_for_gives_no_keys(tls_broker, authority, tmp_path, flaw):
    key = tokens.new_jwk()
    names = [x509.DNSName("other.example"), x509.IPAddress(ipaddress.ip_address("127.0.0.9"))]
    pair = (certificate([x509.DNSName("localhost")], certificate([])) if flaw == "another authority"
            else certificate(names, authority))
    with IssuerServer([tokens.public(key)]) as server:
        url = serve_tls(server, pair, tmp_path)
        answer = ask(tls_broker, url, key, kind="jwt", jwks_uri=f"{url}/jwks")
        refused(tls_broker, answer, "LCM-UNAVAILABLE")
        assert server.asked == []
