"""JWTs of our own making, good and bad, with nothing but `cryptography`."""

import base64
import hashlib
import hmac
import json
import time
import uuid

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, ed25519, padding, rsa, utils



class _Drop:
    def __repr__(self):
        return "DROP"  # stable: it stands in the names of tests


DROP = _Drop()
"""As the value of a claim or header member: leave it out."""


def b64(data: bytes) -> str:
    """base64url without padding."""
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


def unb64(text: str) -> bytes:
    """base64url, with or without padding."""
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


def now() -> int:
    """Seconds since 1970."""
    return int(time.time())


def _number(text: str) -> int:
    return int.from_bytes(unb64(text), "big")


def _text(number: int, size: int | None = None) -> str:
    return b64(number.to_bytes(size or (number.bit_length() + 7) // 8, "big"))


def new_jwk(alg: str = "ES256", kid: str | None = None) -> dict:
    """A fresh private JWK for `alg`."""
    head = {"kid": kid or uuid.uuid4().hex, "alg": alg, "use": "sig"}
    if alg == "ES256":
        key = ec.generate_private_key(ec.SECP256R1()).private_numbers()
        point = key.public_numbers
        return head | {"kty": "EC", "crv": "P-256", "x": _text(point.x, 32), "y": _text(point.y, 32),
                       "d": _text(key.private_value, 32)}
    if alg in ("EdDSA", "Ed25519"):
        key = ed25519.Ed25519PrivateKey.generate()
        return head | {"kty": "OKP", "crv": "Ed25519", "x": b64(key.public_key().public_bytes_raw()),
                       "d": b64(key.private_bytes_raw())}
    key = rsa.generate_private_key(65537, 2048).private_numbers()
    parts = {"n": key.public_numbers.n, "e": key.public_numbers.e, "d": key.d, "p": key.p, "q": key.q,
             "dp": key.dmp1, "dq": key.dmq1, "qi": key.iqmp}
    return head | {"kty": "RSA"} | {name: _text(value) for name, value in parts.items()}


def public(jwk: dict) -> dict:
    """The public half."""
    return {k: v for k, v in jwk.items() if k not in ("d", "p", "q", "dp", "dq", "qi", "k", "oth")}


def alg_of(jwk: dict) -> str:
    """The algorithm a key is meant for."""
    return jwk.get("alg") or {"EC": "ES256", "RSA": "RS256", "OKP": "EdDSA", "oct": "HS256"}[jwk["kty"]]


def _rsa_private(jwk: dict):
    n = {k: _number(jwk[k]) for k in ("n", "e", "d")}
    if "p" in jwk:
        p, q = _number(jwk["p"]), _number(jwk["q"])
    else:
        p, q = rsa.rsa_recover_prime_factors(n["n"], n["e"], n["d"])
    d = n["d"]
    numbers = rsa.RSAPrivateNumbers(p, q, d, rsa.rsa_crt_dmp1(d, p), rsa.rsa_crt_dmq1(d, q),
                                    rsa.rsa_crt_iqmp(p, q), rsa.RSAPublicNumbers(n["e"], n["n"]))
    return numbers.private_key()


def _pss():
    return padding.PSS(padding.MGF1(hashes.SHA256()), 32)


def signature(message: bytes, key, alg: str) -> bytes:
    """The JWS signature of `message`; `key` is a JWK, or bytes for HS256."""
    if alg.lower() == "none":
        return b""
    if alg == "HS256":
        secret = key if isinstance(key, bytes) else unb64(key["k"])
        return hmac.new(secret, message, hashlib.sha256).digest()
    if alg == "ES256":
        private = ec.derive_private_key(_number(key["d"]), ec.SECP256R1())
        r, s = utils.decode_dss_signature(private.sign(message, ec.ECDSA(hashes.SHA256())))
        return r.to_bytes(32, "big") + s.to_bytes(32, "big")
    if alg in ("EdDSA", "Ed25519"):
        return ed25519.Ed25519PrivateKey.from_private_bytes(unb64(key["d"])).sign(message)
    pad = _pss() if alg == "PS256" else padding.PKCS1v15()
    return _rsa_private(key).sign(message, pad, hashes.SHA256())


def verify(token: str, jwk: dict, alg: str | None = None) -> None:
    """Check a signature with a public JWK; raises `InvalidSignature`."""
    message, _, sig_text = token.rpartition(".")
    sig, alg = unb64(sig_text), alg or alg_of(jwk)
    if jwk["kty"] == "EC":
        if len(sig) != 64:
            raise InvalidSignature
        curve = ec.EllipticCurvePublicNumbers(_number(jwk["x"]), _number(jwk["y"]), ec.SECP256R1())
        der = utils.encode_dss_signature(int.from_bytes(sig[:32], "big"), int.from_bytes(sig[32:], "big"))
        curve.public_key().verify(der, message.encode(), ec.ECDSA(hashes.SHA256()))
    elif jwk["kty"] == "OKP":
        ed25519.Ed25519PublicKey.from_public_bytes(unb64(jwk["x"])).verify(sig, message.encode())
    else:
        key = rsa.RSAPublicNumbers(_number(jwk["e"]), _number(jwk["n"])).public_key()
        key.verify(sig, message.encode(), _pss() if alg == "PS256" else padding.PKCS1v15(), hashes.SHA256())


def sign_raw(header: bytes, payload: bytes, key, alg: str) -> str:
    """A compact JWS over exactly these bytes."""
    message = f"{b64(header)}.{b64(payload)}"
    return f"{message}.{b64(signature(message.encode(), key, alg))}"


def _merge(base: dict, changes: dict) -> dict:
    return {k: v for k, v in (base | changes).items() if v is not DROP}


def sign(claims: dict, key, alg: str | None = None, header: dict | None = None) -> str:
    """A compact JWS; `header` changes or drops members of `{alg, kid}`."""
    alg = alg or alg_of(key)
    base = {"alg": alg}
    if isinstance(key, dict) and "kid" in key:
        base["kid"] = key["kid"]
    head = _merge(base, header or {})
    return sign_raw(json.dumps(head).encode(), json.dumps(claims).encode(), key, alg)


def header(token: str) -> dict:
    """The header, unverified."""
    return json.loads(unb64(token.split(".")[0]))


def decode(token: str) -> dict:
    """The payload, unverified."""
    return json.loads(unb64(token.split(".")[1]))


def tampered(token: str, **changes) -> str:
    """The same token with other claims under the old signature."""
    head, _, sig = token.split(".")
    payload = json.dumps(_merge(decode(token), changes)).encode()
    return f"{head}.{b64(payload)}.{sig}"


def id_token_claims(broker, sub: str = "ada", **changes) -> dict:
    """What the demo provider says of a person in an ID token (contract §3, §5)."""
    t = now()
    base = {"iss": broker.idp.issuer, "sub": sub, "aud": broker.idp.audience, "iat": t, "exp": t + 600,
            "auth_time": t - 60, "acr": "pwd", "amr": ["pwd"], "groups": [] if sub == "eve" else ["staff"]}
    return _merge(base, changes)


def id_token(broker, sub: str = "ada", *, key=None, alg=None, header=None, **changes) -> str:
    """An ID token of the demo provider; `changes` set or `DROP` claims."""
    claims = id_token_claims(broker, sub, **changes)
    return sign(claims, key or broker.idp.private_jwk, alg, {"typ": "JWT"} | (header or {}))


def idp_access_token(broker, sub: str = "ada", *, key=None, alg=None, header=None, **changes) -> str:
    """An access token of the demo provider for Locum (RFC 9068)."""
    base = {"aud": broker.issuer, "client_id": broker.idp.audience, "jti": uuid.uuid4().hex,
            "scope": "erp.read erp.write hr.read hr.write net.read net.write"}
    claims = id_token_claims(broker, sub, **(base | changes))
    return sign(claims, key or broker.idp.private_jwk, alg, {"typ": "at+jwt"} | (header or {}))


def workload_token(broker, agent: str = "invoice-agent", *, key=None, alg=None, header=None, **changes) -> str:
    """A token of the demo workload issuer for `wl/<agent>`; it carries no `jti` (contract §5)."""
    t = now()
    base = {"iss": broker.workloads.issuer, "sub": f"wl/{agent}", "aud": broker.issuer, "iat": t, "exp": t + 600}
    return sign(_merge(base, changes), key or broker.workloads.private_jwk, alg, {"typ": "JWT"} | (header or {}))


def client_assertion(broker, agent="invoice-agent", *, key=None, alg=None, header=None, **changes) -> str:
    """A client assertion (contract §11); `agent` is a demo agent's id or a credential object."""
    who = broker.agent(agent) if isinstance(agent, str) else agent
    t = now()
    base = {"iss": who["client_id"], "sub": who["client_id"], "aud": broker.issuer, "iat": t, "exp": t + 60,
            "jti": uuid.uuid4().hex}
    typ = {"typ": "client-authentication+jwt"}
    return sign(_merge(base, changes), key or who["private_jwk"], alg, typ | (header or {}))
