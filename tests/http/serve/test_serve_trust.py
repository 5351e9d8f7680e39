"""`[trust]` of `locum serve`: a company's own authority vouches for its issuers' servers."""

import pytest
from cryptography import x509

from support import client, tokens
from support.authority import Authority
from support.issuer import IssuerServer
from support.serving import AGENT_SECRET, Serving

BOT = {"client_id": "bot", "client_secret": AGENT_SECRET}
MORE = """
[trust]
ca_file = "ca.pem"
refetch_min_s = 1
[network]
allow_private = ["127.0.0.0/8", "::1/128"]
"""


@pytest.fixture
def company(tmp_path):
    """A folder to be served, its issuer over TLS, the issuer's key, and the company's authority."""
    authority, key = Authority(), tokens.new_jwk()
    with IssuerServer([tokens.public(key)]) as server, Serving(more=MORE) as home:
        url = server.speak_tls(authority.certify(x509.DNSName("localhost")), tmp_path)
        home.change("conf.d/objects.toml", "https://idp.example", url)
        yield home, server, key, authority


def exchanged(home, server, key) -> int:
    """The status of an exchange for a person of that issuer."""
    t = tokens.now()
    claims = {"iss": server.url, "sub": "ada", "aud": "my-app", "iat": t, "exp": t + 600}
    return client.exchange(home, tokens.sign(claims, key), agent=BOT, audience="urn:test:sap").status_code


def test_keys_come_from_a_server_that_the_companys_authority_vouches_for(company):
    home, server, key, authority = company
    home.write("ca.pem", Authority().pem() + authority.pem())
    home.start()
    assert exchanged(home, server, key) == 200
    assert server.asked == ["/.well-known/openid-configuration", "/jwks"]


def test_another_authority_is_taken_on_reload_and_a_broken_file_is_not(company):
    home, server, key, authority = company
    home.write("ca.pem", Authority().pem())
    home.start()
    assert exchanged(home, server, key) == 503
    home.write("ca.pem", "no certificate")
    answer = home.admin.post("/reload")
    assert answer.status_code == 422 and answer.json()["errors"][0]["pointer"] == "/trust"
    home.write("ca.pem", authority.pem())
    assert home.admin.post("/reload").status_code == 200
    assert exchanged(home, server, key) == 200


def test_keys_go_with_the_authority_that_vouched_for_them_and_stay_where_nothing_changed(company):
    home, server, key, authority = company
    home.write("ca.pem", Authority().pem() + authority.pem())
    home.start()
    assert exchanged(home, server, key) == 200
    asked = len(server.asked)
    assert home.admin.post("/reload").status_code == 200
    assert exchanged(home, server, key) == 200 and len(server.asked) == asked
    home.write("ca.pem", Authority().pem())
    assert home.admin.post("/reload").status_code == 200
    assert [exchanged(home, server, key) for _ in range(3)] == [503] * 3
    home.write("ca.pem", authority.pem())
    assert home.admin.post("/reload").status_code == 200
    assert exchanged(home, server, key) == 200 and len(server.asked) > asked
