"""Targets whose credentials Locum obtains from a vendor, and the exchanges for them."""

from datetime import datetime, timedelta, timezone

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.x509.oid import NameOID

from support import client
from support.world import World, unique

PEM = serialization.Encoding.PEM


def pem_pair(name: str) -> tuple[str, str]:
    """An RSA key with its own certificate: both, and the certificate alone."""
    key = rsa.generate_private_key(65537, 2048)
    called = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(timezone.utc)
    made = x509.CertificateBuilder().subject_name(called).issuer_name(called).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(now - timedelta(days=1))
    made = made.not_valid_after(now + timedelta(days=30)).sign(key, hashes.SHA256())
    certificate = made.public_bytes(PEM).decode()
    private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()).decode()
    return private + certificate, certificate


class Handed:
    """A target of a profile, and an agent that may use all of it for ada."""

    def __init__(self, broker, connector: dict, secrets: dict[str, str], scopes: dict[str, str], **changes):
        self.world = World(broker)
        named = {role: unique("secret") for role in secrets}
        for role, value in secrets.items():
            body = {"value": value, "expires_at": None, "reason": "test"}
            answer = self.world.admin.put(f"/secrets/{named[role]}", body)
            assert answer.status_code == 201, answer.text
        self.target = self.world.target(scopes, connector=placed(connector, named), **changes)
        self.agent = self.world.actor(self.target, scopes=tuple(scopes), max_lifetime=300)

    def exchange(self, scope: str, **params):
        """The answer of the token endpoint."""
        return client.exchange(self.world.broker, agent=self.agent, audience=self.target.audience, scope=scope, **params)

    def obtained(self, scope: str, **params) -> dict:
        """What came of a good one."""
        answer = self.exchange(scope, **params)
        assert answer.status_code == 200, answer.text
        return answer.json()


def placed(connector: dict, named: dict[str, str]) -> dict:
    """The connector with names of secrets where it has roles: in `secrets`, and in its principals."""
    of_principals = [one | {"secret": named[one["secret"]]} for one in connector["parameters"].get("principals", [])]
    parameters = connector["parameters"] | ({"principals": of_principals} if of_principals else {})
    return connector | {"parameters": parameters, "secrets": {role: named[role] for role in connector["secrets"]}}
