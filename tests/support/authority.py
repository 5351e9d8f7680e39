"""A throw-away certificate authority."""

from dataclasses import dataclass
from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

PEM = serialization.Encoding.PEM


@dataclass(frozen=True)
class Issued:
    """A certificate and its key, as PEM, and its serial number."""

    cert: str
    key: str
    serial: int


class Authority:
    """Signs certificates; nobody trusts it who is not told to."""

    def __init__(self):
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._cert = self._sign("test ca", self._key.public_key(), None, timedelta(days=7))

    def _sign(self, name, public, names, ends):
        def named(text):
            return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])

        now = datetime.now(timezone.utc)
        made = x509.CertificateBuilder().subject_name(named(name)).issuer_name(named("test ca")).public_key(public)
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(days=2)).not_valid_after(now + ends)
        made = made.add_extension(x509.BasicConstraints(ca=names is None, path_length=None), critical=True)
        if names:
            made = made.add_extension(x509.SubjectAlternativeName(names), critical=False)
        return made.sign(self._key, hashes.SHA256())

    def pem(self) -> str:
        """Its own certificate."""
        return self._cert.public_bytes(PEM).decode()

    def issue(self, home, cert_file="tls.pem", key_file="tls.key", **kwargs) -> int:
        """A certificate for loopback and its key into the folder; its serial number."""
        issued = self.certify(x509.IPAddress(ip_address("127.0.0.1")), **kwargs)
        home.write(cert_file, issued.cert)
        home.write(key_file, issued.key)
        return issued.serial

    def certify(self, *names, ends=timedelta(days=6, hours=12)) -> Issued:
        """A certificate for `names`, with a key of its own."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._sign("test", key.public_key(), names, ends)
        private = key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
        return Issued(cert.public_bytes(PEM).decode(), private.decode(), cert.serial_number)
