"""Independent validators of a signed SAML assertion: each says whether it takes one."""

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

from saml2.saml import assertion_from_string
from saml2.sigver import CryptoBackendXmlSec1
from signxml import InvalidInput, InvalidSignature, SignatureConfiguration, XMLVerifier
from vendors import node

NAME = "urn:oasis:names:tc:SAML:2.0:assertion:Assertion"
XMLSEC1 = shutil.which("xmlsec1")


def signxml_takes(assertion: str, certificate: str, _folder: Path) -> bool:
    """signxml: the signature, and that it is over the whole assertion."""
    try:
        verified = XMLVerifier().verify(assertion.encode(), x509_cert=certificate, id_attribute="ID",
                                        expect_config=SignatureConfiguration(location="./"))
    except (InvalidSignature, InvalidInput):
        return False
    return verified.signed_xml.tag == "{urn:oasis:names:tc:SAML:2.0:assertion}Assertion"


def xmlsec1_takes(assertion: str, certificate: str, folder: Path) -> bool:
    """xmlsec1: the signature, in C."""
    (folder / "certificate.pem").write_text(certificate)
    (folder / "assertion.xml").write_bytes(assertion.encode())
    command = [XMLSEC1, "--verify", "--enabled-key-data", "x509,rsa", "--trusted-pem", folder / "certificate.pem",
               "--id-attr:ID", NAME, folder / "assertion.xml"]
    return subprocess.run(command, capture_output=True, timeout=60, check=False).returncode == 0


def pysaml2_takes(assertion: str, certificate: str, folder: Path) -> bool:
    """pysaml2: the schema, and the signature by xmlsec1."""
    (folder / "certificate.pem").write_text(certificate)
    read = assertion_from_string(assertion)
    if read is None or not read.verify():
        return False
    backend = CryptoBackendXmlSec1(XMLSEC1)
    try:
        return bool(backend.validate_signature(assertion, str(folder / "certificate.pem"), "pem", NAME, read.id))
    except Exception:  # noqa: BLE001  (it raises what its backend raises)
        return False


VALIDATORS: list[Callable] = [signxml_takes, xmlsec1_takes, pysaml2_takes]
"""What looks at the signature alone; node-saml also at what is said."""


def node_saml(assertion: str, certificate: str, audience: str, recipient: str) -> dict:
    """node-saml: signature, time and audience: `{"got"}` or `{"error"}`."""
    return node("saml", "validate", assertion=assertion, certificate=certificate, audience=audience,
                recipient=recipient)
