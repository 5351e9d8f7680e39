"""Attacks with tokens of the wrong form, rows 38 and 40 to 45: refused alike, and cheaply."""

import json
import os
import zlib

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.concatkdf import ConcatKDFHash

from support import tokens
from support.broker import Broker
from support.checks import issued, refused
from support.client import ASSERTION_TYPE, ID_TOKEN, JWT, exchange, http

MARGIN_KB = 64 * 1024
"""What a broker may grow by under attack, all allocations of its threads included (KiB)."""


def peak_kb(broker) -> int:
    """The most memory the process ever held (KiB)."""
    with open(f"/proc/{broker._process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


@pytest.fixture(scope="module")
def watched():
    """A broker of this file's own that has answered once, so that its memory is its own story."""
    with Broker() as running:
        issued(exchange(running))
        yield running


def everywhere(broker, token):
    """Refused in every slot that takes a JWT of others."""
    for kind in (ID_TOKEN, JWT):
        refused(broker, exchange(broker, token, kind), "LCM-SUBJECT-INVALID")
    refused(broker, exchange(broker, actor_token=token, actor_token_type=JWT), "LCM-ACTOR-INVALID")
    proof = {"client_assertion": token, "client_assertion_type": ASSERTION_TYPE}
    refused(broker, exchange(broker, auth=None, **proof), "LCM-CLIENT-AUTH")


DATES = ["1e400", "1e300", "18446744073709551615", "18446744073709551616", "-1", "-0.0", "1.5", "1795400000.0", '"never"',
         '"1795400000"', "true", "null", "[]", "{}", "253402300800"]


def with_raw(broker, claim, raw):
    """An ID token in whose payload `claim` is this text."""
    claims = tokens.id_token_claims(broker)
    claims.pop(claim, None)
    payload = json.dumps(claims)[:-1] + f', "{claim}": {raw}}}'
    key = broker.idp.private_jwk
    head = {"alg": tokens.alg_of(key), "kid": key["kid"]}
    return tokens.sign_raw(json.dumps(head).encode(), payload.encode(), key, tokens.alg_of(key))


@pytest.mark.parametrize("raw", DATES)
@pytest.mark.parametrize("claim", ["exp", "iat", "nbf"])
def test_attack_38_a_date_of_another_type_or_out_of_range(broker, claim, raw):
    refused(broker, exchange(broker, with_raw(broker, claim, raw)), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("raw", ["5", "{}", '{"demo-app": 1}', "[]", '[["demo-app"]]', '["demo-app", 5]', '["demo-app", null]',
                                 "null", "true", '""'])
def test_attack_38_an_audience_of_another_type(broker, raw):
    refused(broker, exchange(broker, with_raw(broker, "aud", raw)), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("raw", ["7", "null", "{}", '""', '["ada"]', "true"])
@pytest.mark.parametrize("claim", ["iss", "sub", "jti"])
def test_attack_38_a_name_of_another_type(broker, claim, raw):
    refused(broker, exchange(broker, with_raw(broker, claim, raw)), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("claim, raw", [
    *(("auth_time", raw) for raw in DATES if raw != "1e400"),
    *((claim, raw) for claim in ("acr", "sid", "azp", "amr") for raw in ("7", "null", "{}", '""', '["ada", 1]', "true"))])
def test_a_claim_that_is_only_passed_on_costs_nothing_and_counts_as_absent(broker, claim, raw):
    out = issued(exchange(broker, with_raw(broker, claim, raw)))
    assert out.claims.get(claim) in (None, []) and out.claims["del"]["sid"] is None


def test_an_aud_may_repeat_a_value(broker):
    issued(exchange(broker, with_raw(broker, "aud", '["demo-app", "demo-app"]')))


LONG = 16_385


@pytest.mark.parametrize("text", ["A" * LONG, "." * LONG, "." * 60_000, "A." * 8_000, "e30." + "A" * LONG + ".AA", "A.A." + "A" * LONG],
                         ids=["letters", "dots", "many-dots", "many-parts", "payload", "signature"])
def test_attack_40_a_token_too_long_or_of_thousands_of_parts(watched, text):
    for kind in (ID_TOKEN, JWT):
        refused(watched, exchange(watched, text, kind), "LCM-SUBJECT-INVALID", "LCM-REQUEST")


def test_attack_40_a_token_of_half_a_gigabyte_is_cut_off_and_costs_nothing(watched):
    def flood():
        yield b"grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange&subject_token="
        for _ in range(500 * 256):
            yield b"A" * 4096

    before = peak_kb(watched)
    try:
        answer = http.post(watched.token_endpoint, data=flood(), timeout=60,
                           headers={"Content-Type": "application/x-www-form-urlencoded"})
        assert answer.status_code == 413
    except OSError:
        pass  # hung up on in mid-flood: as good an answer
    assert peak_kb(watched) - before < MARGIN_KB
    issued(exchange(watched))


def jwe(header, *parts):
    """Five parts: the header and four of bytes."""
    return ".".join(tokens.b64(part) for part in (json.dumps(header).encode(), *parts))


def for_us(broker, plain: bytes, **header) -> str:
    """A correct compact JWE (ECDH-ES, A128GCM) of `plain` to our newest published key."""
    ours = http.get(f"{broker.issuer}/jwks", timeout=30).json()["keys"][0]
    numbers = ec.EllipticCurvePublicNumbers(*(int.from_bytes(tokens.unb64(ours[c]), "big") for c in "xy"), ec.SECP256R1())
    mine = ec.generate_private_key(ec.SECP256R1())
    point = mine.public_key().public_numbers()
    epk = {"kty": "EC", "crv": "P-256", **{c: tokens.b64(getattr(point, c).to_bytes(32, "big")) for c in "xy"}}
    secret = mine.exchange(ec.ECDH(), numbers.public_key())
    name = b"A128GCM"
    info = len(name).to_bytes(4, "big") + name + bytes(8) + (128).to_bytes(4, "big")
    key = ConcatKDFHash(SHA256(), 16, info).derive(secret)
    head = tokens.b64(json.dumps({"alg": "ECDH-ES", "enc": "A128GCM", "kid": ours["kid"], "epk": epk} | header).encode())
    iv = os.urandom(12)
    sealed = AESGCM(key).encrypt(iv, plain, head.encode())
    return ".".join([head, "", *(tokens.b64(p) for p in (iv, sealed[:-16], sealed[-16:]))])


def test_attack_41_a_deflate_bomb_is_never_inflated(watched):
    packer = zlib.compressobj(9, zlib.DEFLATED, -15)
    bomb = packer.compress(bytes(8 << 20)) + packer.flush()
    before = peak_kb(watched)
    text = for_us(watched, bomb, zip="DEF")
    assert len(text) < 16_384, "small enough to be read at all"
    everywhere(watched, text)
    everywhere(watched, tokens.id_token(watched, header={"zip": "DEF"}))
    assert peak_kb(watched) - before < MARGIN_KB


@pytest.mark.parametrize("count", [1, 1_000_000, 2**31 - 1, 2**64, -1])
def test_attack_42_a_password_is_never_stretched(watched, count):
    for alg in ("PBES2-HS256+A128KW", "PBES2-HS512+A256KW"):
        head = {"alg": alg, "enc": "A128GCM", "p2c": count, "p2s": tokens.b64(b"s" * 16)}
        everywhere(watched, jwe(head, b"k" * 24, b"i" * 12, b"c" * 99, b"t" * 16))
        everywhere(watched, tokens.id_token(watched, header=head))


def test_attack_43_a_token_encrypted_to_our_own_key_is_no_signed_one(watched):
    good, claims = tokens.id_token(watched), json.dumps(tokens.id_token_claims(watched))
    for plain in (good, claims):
        for header in ({}, {"cty": "JWT"}, {"typ": "JWT", "cty": "JWT"}, {"typ": "at+jwt"}):
            everywhere(watched, for_us(watched, plain.encode(), **header))
    issued(exchange(watched, good))


def test_attack_44_every_broken_encryption_is_answered_alike(watched):
    head = {"alg": "RSA1_5", "enc": "A128CBC-HS256"}
    answers = set()
    for part in (b"\0" * 256, b"\0\2" + b"\xff" * 237 + b"\0" + b"k" * 16, b"\xff" * 256, b"k", os.urandom(256)):
        body = exchange(watched, jwe(head, part, b"i" * 16, b"c" * 96, b"t" * 16)).json()
        answers.add((body["code"], body["error_description"]))
    assert len(answers) == 1, answers


@pytest.mark.parametrize("empty", range(16))
def test_attack_45_empty_parts_are_refused_and_nothing_falls_over(watched, empty):
    parts = [b"" if empty & (1 << place) else b"x" * 16 for place in range(4)]
    for enc in ("A128GCM", "A128CBC-HS256"):
        everywhere(watched, jwe({"alg": "dir", "enc": enc}, *parts))


@pytest.mark.parametrize("text", ["", ".", "..", "...", "....", ".....", "e30..", ".e30.", "..AA", "e30.e30.", "e30..AA", ".e30.AA",
                                  "e30", "e30.e30", "\u0000.\u0000.\u0000", "=.=.=", "%.%.%", " . . "])
def test_attack_45_a_text_of_empty_parts_is_no_token(watched, text):
    codes = ("LCM-REQUEST",) if text == "" else ("LCM-SUBJECT-INVALID",)
    refused(watched, exchange(watched, text), *codes)
    assert "panicked" not in watched.output()
