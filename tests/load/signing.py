"""Signs the tokens of one load profile ahead of the measured time."""

import base64
import json
import multiprocessing
import os
import time
import uuid
from urllib.parse import urlencode

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.utils import decode_dss_signature

TYPE = "urn:ietf:params:oauth:token-type:"
EXCHANGE = "urn:ietf:params:oauth:grant-type:token-exchange"
ASSERTION = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"


def b64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def _number(text: str) -> int:
    return int.from_bytes(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)), "big")


class Signer:
    """An ES256 key taken from a private JWK of the ready file."""

    def __init__(self, jwk: dict):
        if jwk.get("kty") != "EC" or jwk.get("crv") != "P-256":
            raise SystemExit(f"expected an EC P-256 demo key, found {jwk.get('kty')}/{jwk.get('crv')}")
        public = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1())
        self.key = ec.EllipticCurvePrivateNumbers(_number(jwk["d"]), public).private_key()
        self.kid = jwk.get("kid")

    def sign(self, claims: dict, typ: str = "JWT") -> str:
        header = {"alg": "ES256", "typ": typ}
        if self.kid:
            header["kid"] = self.kid
        signed = b64url(json.dumps(header).encode()) + "." + b64url(json.dumps(claims).encode())
        r, s = decode_dss_signature(self.key.sign(signed.encode(), ec.ECDSA(hashes.SHA256())))
        return signed + "." + b64url(r.to_bytes(32, "big") + s.to_bytes(32, "big"))


class World:
    """What the ready file says, with its keys loaded."""

    agent = "invoice-agent"

    def __init__(self, ready: dict):
        self.ready = ready
        self.idp = Signer(ready["idp"]["private_jwk"])
        self.workloads = Signer(ready["workloads"]["private_jwk"])
        self.client = Signer(ready["agents"][self.agent]["private_jwk"])

    def subject_token(self, number: int) -> str:
        """Of a person of its own for each number."""
        now, idp = int(time.time()), self.ready["idp"]
        return self.idp.sign({
            "iss": idp["issuer"], "sub": f"person-{number}", "aud": idp["audience"],
            "iat": now, "exp": now + 3000, "auth_time": now, "groups": ["staff"], "jti": uuid.uuid4().hex,
        })

    def workload_token(self) -> str:
        now = int(time.time())
        return self.workloads.sign({
            "iss": self.ready["workloads"]["issuer"], "sub": f"wl/{self.agent}", "aud": self.ready["issuer"],
            "iat": now, "exp": now + 3000, "jti": uuid.uuid4().hex,
        })

    def assertion(self) -> str:
        now = int(time.time())
        return self.client.sign({
            "iss": self.agent, "sub": self.agent, "aud": self.ready["issuer"],
            "iat": now, "exp": now + 290, "jti": uuid.uuid4().hex,
        })

    def exchange_form(self, subject_token: str) -> dict:
        return {
            "grant_type": EXCHANGE, "subject_token": subject_token, "subject_token_type": TYPE + "id_token",
            "audience": "sap", "scope": "invoice.read",
        }

    def fresh_form(self, number: int) -> dict:
        """Every proof used once: three signatures to verify, one to make."""
        return self.exchange_form(self.subject_token(number)) | {
            "actor_token": self.workload_token(), "actor_token_type": TYPE + "jwt",
            "client_assertion": self.assertion(), "client_assertion_type": ASSERTION,
        }


def http_request(url_host: str, path: str, form: dict, basic: tuple | None = None) -> bytes:
    """One whole HTTP/1.1 request, ready for the socket."""
    body = urlencode(form).encode()
    lines = [f"POST {path} HTTP/1.1", f"Host: {url_host}", "Content-Type: application/x-www-form-urlencoded",
             "Accept: application/json", f"Content-Length: {len(body)}"]
    if basic:
        lines.append("Authorization: Basic " + base64.b64encode(":".join(basic).encode()).decode())
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + body


_maker = None


def _make(number: int) -> bytes:
    return _maker(number)


def presign(maker, count: int) -> list[bytes]:
    """Runs `maker(i)` for `count` numbers on both cores; the broker is idle meanwhile."""
    global _maker
    _maker = maker
    if count < 500:
        return [maker(i) for i in range(count)]
    everywhere = (0, range(os.cpu_count() or 1))
    with multiprocessing.get_context("fork").Pool(2, os.sched_setaffinity, everywhere) as pool:
        return pool.map(_make, range(count), chunksize=250)
