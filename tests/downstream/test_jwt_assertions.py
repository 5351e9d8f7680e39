"""The JWT assertions that Locum signs are taken by a library that nobody here wrote, by the keys that a vendor has; and
changed, late, and other ones' are not."""

import json
import time
import uuid

import pytest
from conftest import tampered
from cryptography import x509
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from handing import Handed, pem_pair
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet, RSAKey
from recorder import Recorder

from support import client
from support.tokens import header

OVERHANG = {"accept_overhang": {"reason": "test"}}
#: A profile and a kind, with what they are told, whom the assertion is for, and whether it says who acts.
PROFILES = {
    ("xsuaa", "jwt_bearer"): ({"client_id": "sb-locum!t1", "scopes": {"a.read": "x"}}, "sb-locum!t1", True),
    ("oauth", "jwt_bearer"): ({"client_id": "locum", "audience": "https://as.example"}, "https://as.example", True),
    ("oauth", "token_exchange"): ({"client_id": "locum", "audience": "https://as.example"}, "https://as.example", True),
    ("workday", "jwt_bearer"): ({"tenant": "acme", "client_id": "locum-read"}, "wd", False),
}
ALL = pytest.mark.parametrize("profile, kind", PROFILES)


@pytest.fixture(scope="module")
def pair():
    """What signs for Workday, and the certificate that is uploaded there."""
    return pem_pair("locum-jwt")


@pytest.fixture
def asserted(broker, pair):
    """Two assertions that a vendor is sent, with the delegations that they are of."""

    def make(profile: str, kind: str) -> list[tuple[str, str]]:
        secrets = {"signing": pair[0]} if profile == "workday" else {"client": "secret"}
        replies = [(200, "application/json", json.dumps({
            "access_token": uuid.uuid4().hex, "token_type": "Bearer", "expires_in": 60,
            "issued_token_type": "urn:ietf:params:oauth:token-type:access_token"})) for _ in range(2)]
        with Recorder(replies) as vendor:
            connector = {"kind": kind, "profile": profile, "base_url": vendor.url, "secrets": list(secrets),
                         "parameters": PROFILES[profile, kind][0]}
            target = Handed(broker, connector, secrets, {"a.read": "low"}, **OVERHANG)
            delegations = [target.obtained("a.read")["delegation_id"] for _ in replies]
            forms = [dict(request["form"]) for request in vendor.requests]
        return [(form.get("assertion") or form["subject_token"], delegation)
                for form, delegation in zip(forms, delegations)]

    return make


@pytest.fixture
def takes(broker, pair):
    """What joserfc reads in an assertion, as a vendor of that profile checks it, so many seconds from now."""

    def read(assertion: str, profile: str, audience: str, later_s: int = 0) -> dict:
        if profile == "workday":
            public = x509.load_pem_x509_certificate(pair[1].encode()).public_key()
            key, issuer = RSAKey.import_key(public.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo)), "locum-read"
        else:
            published = client.http.get(f"{broker.issuer}/jwks", timeout=client.TIMEOUT_S).json()
            key, issuer = KeySet.import_key_set(published), broker.issuer
        claims = jwt.decode(assertion, key, algorithms=["RS256"]).claims
        wanted = {"iss": issuer, "aud": audience, "sub": "ada"}
        options = {name: {"essential": True, "value": value} for name, value in wanted.items()}
        options |= {name: {"essential": True} for name in ("exp", "iat", "jti")}
        jwt.JWTClaimsRegistry(now=int(time.time()) + later_s, **options).validate(claims)
        return claims

    return read


@ALL
def test_a_vendor_that_checks_by_the_book_takes_it_for_five_minutes(asserted, takes, profile, kind):
    _, audience, says_act = PROFILES[profile, kind]
    (first, delegation), (second, _) = asserted(profile, kind)
    claims = takes(first, profile, audience, 295)
    assert header(first)["typ"] == "JWT" and claims["exp"] - claims["iat"] == 300
    assert claims["jti"] == delegation and takes(second, profile, audience)["jti"] != delegation
    assert ("act" in claims) is says_act
    with pytest.raises(JoseError):
        takes(first, profile, audience, 301)


@ALL
def test_a_changed_one_and_one_for_somebody_else_are_refused(asserted, takes, profile, kind):
    _, audience, _ = PROFILES[profile, kind]
    (assertion, _), _ = asserted(profile, kind)
    with pytest.raises(JoseError):
        takes(tampered(assertion), profile, audience)
    with pytest.raises(JoseError):
        takes(assertion, profile, "https://another.example")
