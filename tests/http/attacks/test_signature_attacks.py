"""Attacks on signatures and on where keys come from, rows 32 to 37 and 46, in every slot that takes a JWT of others."""

import json

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa, utils

from support import tokens
from support.checks import issued, refused
from support.client import ASSERTION_TYPE, ID_TOKEN, JWT, exchange
from support.issuer import IssuerServer
from support.world import entry

CODES = {"subject": "LCM-SUBJECT-INVALID", "actor": "LCM-ACTOR-INVALID", "assertion": "LCM-CLIENT-AUTH"}
MAKE = {"subject": tokens.id_token, "actor": tokens.workload_token, "assertion": tokens.client_assertion}
KEY = {"subject": lambda b: b.idp.private_jwk, "actor": lambda b: b.workloads.private_jwk,
       "assertion": lambda b: b.agent("invoice-agent").private_jwk}
slots = pytest.mark.parametrize("slot", list(CODES))


def offer(broker, slot, token):
    """The token in its slot of an exchange that is good otherwise."""
    if slot == "subject":
        return exchange(broker, token)
    if slot == "actor":
        return exchange(broker, actor_token=token, actor_token_type=JWT)
    return exchange(broker, auth=None, client_assertion=token, client_assertion_type=ASSERTION_TYPE)


def no(broker, slot, token):
    refused(broker, offer(broker, slot, token), CODES[slot])


def public_key(jwk):
    """A public JWK as an object of `cryptography`."""
    number = lambda name: int.from_bytes(tokens.unb64(jwk[name]), "big")
    if jwk["kty"] == "RSA":
        return rsa.RSAPublicNumbers(number("e"), number("n")).public_key()
    return ec.EllipticCurvePublicNumbers(number("x"), number("y"), ec.SECP256R1()).public_key()


@slots
def test_attack_32_no_algorithm_and_no_signature(broker, slot):
    issued(offer(broker, slot, MAKE[slot](broker)))
    claims = tokens.decode(MAKE[slot](broker))
    kid = KEY[slot](broker).get("kid", tokens.DROP)
    for alg in ("none", "None", "nOnE", "NONE", "", "null", None, tokens.DROP):
        for header in ({"alg": alg}, {"alg": alg, "kid": kid}):
            unsigned = tokens.sign(claims, {}, "none", header)
            no(broker, slot, unsigned)
            no(broker, slot, unsigned + "AAAA")
            no(broker, slot, unsigned.rstrip("."))
    head, payload, _ = MAKE[slot](broker).split(".")
    for signature in ("", "AA", "A" * 86):
        no(broker, slot, f"{head}.{payload}.{signature}")


@slots
def test_attack_33_a_public_key_as_the_secret_of_hs256(broker, slot):
    jwk = tokens.public(KEY[slot](broker))
    key = public_key(jwk)
    spki = serialization.PublicFormat.SubjectPublicKeyInfo
    pem, der = (key.public_bytes(form, spki) for form in (serialization.Encoding.PEM, serialization.Encoding.DER))
    secrets = [pem, pem.strip(), der, json.dumps(jwk).encode(), json.dumps(jwk, separators=(",", ":")).encode()]
    secrets += [tokens.unb64(jwk[name]) for name in ("n", "x") if name in jwk]
    secrets += [jwk[name].encode() for name in ("n", "x", "kid") if name in jwk] + [b"", b"\0" * 32]
    if slot == "assertion":
        secrets.append(broker.agent("invoice-agent").client_secret.encode())
    for secret in secrets:
        for header in ({"kid": jwk.get("kid", tokens.DROP)}, {"kid": tokens.DROP}):
            no(broker, slot, tokens.sign(tokens.decode(MAKE[slot](broker)), secret, "HS256", {"typ": "JWT"} | header))


@slots
def test_attack_34_an_attackers_key_in_the_header(broker, slot):
    attacker, kid = tokens.new_jwk(), KEY[slot](broker).get("kid", tokens.DROP)
    chain = [tokens.b64(b"0" * 300)]
    for name in (tokens.DROP, kid, attacker["kid"]):
        for header in ({"jwk": tokens.public(attacker)}, {"jwk": attacker}, {"x5c": chain}, {"x5c": chain, "x5t": "AA"}):
            no(broker, slot, MAKE[slot](broker, key=attacker, header=header | {"kid": name}))


@slots
def test_attack_35_a_key_behind_a_url_in_the_header_is_never_fetched(broker, slot):
    attacker = tokens.new_jwk()
    with IssuerServer([tokens.public(attacker)]) as server:
        for member in ("jku", "x5u", "iss", "kid"):
            for kid in ({}, {"kid": KEY[slot](broker).get("kid", tokens.DROP)}):
                no(broker, slot, MAKE[slot](broker, key=attacker, header=kid | {member: f"{server.url}/jwks"}))
        assert server.asked == []


KIDS = ["../../../../dev/null", "/dev/null", "' UNION SELECT 'a'--", "a\0b", "k" * 10_000, "\u202ekid", "ключ", "kid\r\nX: y",
        "${jndi:ldap://127.0.0.1:1/a}", "|sleep 9", "", 7, None, ["kid"], {"kid": 1}, True]


@slots
@pytest.mark.parametrize("kid", KIDS, ids=range(len(KIDS)))
def test_attack_36_a_hostile_kid_names_no_key(broker, slot, kid):
    no(broker, slot, MAKE[slot](broker, header={"kid": kid}))
    no(broker, slot, MAKE[slot](broker, key=tokens.new_jwk(), header={"kid": kid}))


def fetched(world, keys, **changes):
    """An issuer whose keys are fetched from a server that publishes `keys`, and an agent that acts for its people."""
    server = IssuerServer(keys)
    issuer = world.issuer(issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks", **changes)
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")

    def ask(key, token=None):
        token = token or tokens.id_token(world.broker, iss=issuer.issuer, aud="test-app", key=key)
        return exchange(world.broker, token, ID_TOKEN, agent=agent)
    return server, ask


def test_attack_36_one_kid_for_two_keys_signs_nothing(broker, world):
    one, two = tokens.new_jwk(kid="same"), tokens.new_jwk(kid="same")
    server, ask = fetched(world, [tokens.public(one), tokens.public(two)])
    with server:
        for key in (one, two):
            refused(broker, ask(key), "LCM-SUBJECT-INVALID", "LCM-UNAVAILABLE")


def test_attack_36_private_and_secret_keys_in_a_published_set_are_left_out(broker, world):
    good, leaked = tokens.new_jwk(), tokens.new_jwk()
    secret = {"kty": "oct", "kid": "secret", "alg": "HS256", "k": tokens.b64(b"s" * 32)}
    server, ask = fetched(world, [tokens.public(good), leaked, secret])
    with server:
        issued(ask(good))
        refused(broker, ask(leaked), "LCM-SUBJECT-INVALID")
        refused(broker, ask(secret), "LCM-SUBJECT-INVALID")


def test_attack_36_private_keys_cannot_be_registered(broker, world):
    key = tokens.new_jwk()
    body = world.issuer().body | {"jwks": {"keys": [key]}}
    answer = world.admin.put("/issuers/with-a-private-key", body | {"issuer": "https://private.example"})
    assert answer.status_code == 422, answer.text
    body = world.agent_body("with-a-private-key", key, auth=[{"method": "private_key_jwt", "jwks": {"keys": [key]}}])
    assert world.admin.post("/agents", body).status_code == 422


HEADERS = [{"crit": ["x"], "x": 1}, {"crit": []}, {"crit": ["alg"]}, {"crit": ["exp"], "exp": 1}, {"crit": None}, {"crit": "b64"},
           {"crit": ["b64"], "b64": False}, {"b64": False}, {"b64": True}, {"zip": "DEF"}, {"enc": "A128GCM"}]


@slots
@pytest.mark.parametrize("header", HEADERS, ids=lambda h: json.dumps(h, separators=(",", ":")))
def test_attack_37_a_header_that_changes_how_the_token_is_read(broker, slot, header):
    no(broker, slot, MAKE[slot](broker, header=header))


def der(signature):
    """r‖s in DER."""
    return utils.encode_dss_signature(*(int.from_bytes(half, "big") for half in (signature[:32], signature[32:])))


@slots
def test_attack_46_an_ecdsa_signature_is_64_bytes_of_numbers_in_range(broker, slot):
    text = MAKE[slot](broker)
    if tokens.header(text)["alg"] != "ES256":
        pytest.skip("this issuer signs otherwise")
    signed, _, signature = text.rpartition(".")
    good, order = tokens.unb64(signature), 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    n, zero = order.to_bytes(32, "big"), b"\0" * 32
    for bad in (zero + zero, zero + good[32:], good[:32] + zero, n + good[32:], good[:32] + n, n + n, good[:63], good[1:],
                good + b"\0", b"\0" + good, b"\0" + good[:32] + b"\0" + good[32:], der(good), good[:32], b"\xff" * 64):
        no(broker, slot, f"{signed}.{tokens.b64(bad)}")


def test_attack_46_an_ed25519_signature_has_one_form_and_a_sound_key(broker, world):
    key = tokens.new_jwk("EdDSA")
    server, ask = fetched(world, [tokens.public(key)])
    with server:
        issued(ask(key))
    issuer = world.issuer(keys=[key])
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")
    text = tokens.id_token(broker, iss=issuer.issuer, aud="test-app", key=key)
    signed, _, signature = text.rpartition(".")
    raw, order = tokens.unb64(signature), 2**252 + 27742317777372353535851937790883648493
    moved = raw[:32] + (int.from_bytes(raw[32:], "little") + order).to_bytes(32, "little")
    for bad in (moved, raw[:32] + b"\0" * 32, b"\0" * 64, b"\1" + b"\0" * 63, raw[:63], raw + b"\0"):
        refused(broker, exchange(broker, f"{signed}.{tokens.b64(bad)}", agent=agent), "LCM-SUBJECT-INVALID")
    issued(exchange(broker, text, agent=agent))


@pytest.mark.parametrize("point", [b"\0" * 32, b"\1" + b"\0" * 31, b"\xec" + b"\xff" * 30 + b"\x7f", b"\xee" + b"\xff" * 30 + b"\x7f"])
def test_attack_46_a_key_of_small_order_verifies_nothing(broker, world, point):
    weak = tokens.public(tokens.new_jwk("EdDSA")) | {"x": tokens.b64(point)}
    server, ask = fetched(world, [weak])
    with server:
        head = json.dumps({"alg": "EdDSA", "kid": weak["kid"]}).encode()
        claims = tokens.id_token_claims(broker, iss=server.url, aud="test-app")
        signed = f"{tokens.b64(head)}.{tokens.b64(json.dumps(claims).encode())}"
        forged = tokens.b64(b"\1" + b"\0" * 63)
        refused(broker, ask(weak, f"{signed}.{forged}"), "LCM-SUBJECT-INVALID", "LCM-UNAVAILABLE")
