"""Certificates for a broker that speaks TLS."""

from datetime import datetime, timedelta, timezone
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID


class Authority:
    """A throw-away certificate authority."""

    def __init__(self):
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.cert = self._sign("test ca", self.key.public_key(), None)

    def _sign(self, name, public, address):
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        issuer = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test ca")])
        now = datetime.now(timezone.utc)
        made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(public)
        made = made.serial_number(x509.random_serial_number())
        made = made.not_valid_before(now - timedelta(hours=1)).not_valid_after(now + timedelta(days=1))
        made = made.add_extension(x509.BasicConstraints(ca=address is None, path_length=None), critical=True)
        if address:
            names = x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))])
            made = made.add_extension(names, critical=False)
        return made.sign(self.key, hashes.SHA256())

    def pem(self) -> str:
        """Its certificate."""
        return self.cert.public_bytes(serialization.Encoding.PEM).decode()

    def issue(self, home) -> int:
        """A certificate and key into the folder; its serial number."""
        key = ec.generate_private_key(ec.SECP256R1())
        cert = self._sign("locum", key.public_key(), "127.0.0.1")
        home.write("tls.pem", cert.public_bytes(serialization.Encoding.PEM).decode())
        home.write("tls.key", key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8,
                                                serialization.NoEncryption()).decode())
        return cert.serial_number
