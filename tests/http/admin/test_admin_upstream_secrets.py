"""Contract §15, upstream secrets: taken, rotated, bound, deleted; the value is never shown again."""

from datetime import datetime, timedelta, timezone

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.x509.oid import NameOID

from support import client
from support.scene import problem, until
from support.world import stamp, unique

CANARY = "canary-of-a-secret-"
PEM, NONE = serialization.Encoding.PEM, serialization.NoEncryption()
MAX = 65_536


def value() -> str:
    """A text that must be found nowhere."""
    return CANARY + unique()


def put(admin, name, text=None, **more):
    """Take a secret."""
    return admin.put(f"/secrets/{name}", {"value": text or value(), "reason": "a test"} | more)


def delete(admin, name, body=None, **kwargs):
    """Delete a secret."""
    return admin.call("DELETE", f"/secrets/{name}", body, **kwargs)


def key_text(key) -> str:
    """A private key as PEM."""
    return key.private_bytes(PEM, serialization.PrivateFormat.PKCS8, NONE).decode()


def certificate(key, days=30) -> tuple[str, datetime]:
    """A certificate of the key by itself, and its end."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "locum")])
    end = (datetime.now(timezone.utc) + timedelta(days=days)).replace(microsecond=0)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = made.serial_number(x509.random_serial_number()).not_valid_before(end - timedelta(days=400))
    made = made.not_valid_after(end).sign(key, hashes.SHA256())
    return made.public_bytes(PEM).decode(), end


@pytest.fixture(scope="module")
def key():
    """An RSA key: to make one takes a while."""
    return rsa.generate_private_key(65537, 2048)


def connector(secret, origin="https://acme.example") -> dict:
    """How a vendor is asked with that secret."""
    scopes = {"thing.read": "app.Read", "thing.write": "app.Write"}
    return {"kind": "jwt_bearer", "profile": "xsuaa", "base_url": origin,
            "parameters": {"client_id": "sb-locum!t1", "scopes": scopes}, "secrets": {"client": secret}}


# ------------------------------------------------------------- taken and shown

def test_a_secret_is_taken_and_shown_without_its_value(admin):
    name, text = unique("s"), value()
    made = put(admin, name, text)
    assert made.status_code == 201, made.text
    shown = made.json()
    assert set(shown) == {"name", "created_at", "expires_at", "origins", "used_by"}
    assert (shown["name"], shown["expires_at"], shown["origins"], shown["used_by"]) == (name, None, None, [])
    again = admin.get(f"/secrets/{name}")
    assert again.status_code == 200 and again.json() == shown and again.headers["ETag"] == made.headers["ETag"]
    listed = admin.get("/secrets", params={"limit": 500}).json()["items"]
    assert shown in listed and [s["name"] for s in listed] == sorted(s["name"] for s in listed)
    for answer in (made, again):
        assert CANARY not in answer.text and CANARY not in str(answer.headers)
    assert CANARY not in str(listed)


def test_another_put_is_a_rotation_with_another_etag_and_the_same_age(admin):
    name = unique("s")
    first = put(admin, name)
    second = put(admin, name)
    assert second.status_code == 200, second.text
    assert second.json() == first.json() and second.headers["ETag"] != first.headers["ETag"]
    stale = {"If-Match": first.headers["ETag"]}
    problem(admin.put(f"/secrets/{name}", {"value": value(), "reason": "r"}, headers=stale), 412)
    fits = admin.put(f"/secrets/{name}", {"value": value(), "reason": "r"},
                     headers={"If-Match": second.headers["ETag"]})
    assert fits.status_code == 200
    problem(admin.put(f"/secrets/{name}", {"value": value(), "reason": "r"}, headers={"If-None-Match": "*"}), 412)


def test_an_etag_stays_whoever_comes_to_name_the_secret(world, admin):
    name = unique("s")
    tag = put(admin, name).headers["ETag"]
    made = world.target(connector=connector(name))
    shown = admin.get(f"/secrets/{name}")
    assert shown.headers["ETag"] == tag and shown.json()["used_by"] == [made.id]


def test_what_was_shown_can_be_put_again_with_a_value(admin):
    name = unique("s")
    shown = put(admin, name, expires_at=stamp(3600), origins=["https://a.example"]).json()
    again = admin.put(f"/secrets/{name}", shown | {"value": value(), "reason": "r"})
    assert again.status_code == 200 and again.json() == shown, again.text


@pytest.mark.parametrize("body", [
    {}, {"value": "x"}, {"reason": "r"}, {"value": "", "reason": "r"}, {"value": "\n", "reason": "r"},
    {"value": 5, "reason": "r"}, {"value": None, "reason": "r"}, {"value": "a\u0000b", "reason": "r"},
    {"value": "x", "reason": ""}, {"value": "x", "reason": "r", "scopes": []},
    {"value": "x", "reason": "r", "expires_at": "tomorrow"}, {"value": "x", "reason": "r", "expires_at": 5},
    {"value": "x", "reason": "r", "expires_at": "2001-01-01T00:00:00Z"},
    {"value": "x", "reason": "r", "origins": []}, {"value": "x", "reason": "r", "origins": "https://a.example"},
    {"value": "x", "reason": "r", "origins": ["a.example"]}, {"value": "x", "reason": "r", "origins": ["https://a/x"]},
    {"value": "x", "reason": "r", "origins": ["ftp://a.example"]},
    {"value": "x", "reason": "r", "origins": [f"https://a{n}.example" for n in range(17)]},
])
def test_what_makes_no_sense_is_refused_and_nothing_is_there(admin, body):
    name = unique("s")
    problem(admin.put(f"/secrets/{name}", body), 422)
    problem(admin.get(f"/secrets/{name}"), 404)


@pytest.mark.parametrize("bad", ["Btp", "-x", "a" * 64, "a%20b", "a.b", "a_b", "..%2fx"])
def test_a_name_outside_the_grammar_is_refused(admin, bad):
    assert put(admin, bad).status_code in (404, 422)


def test_a_value_has_a_length_and_more_is_refused_with_its_place(admin):
    name = unique("s")
    assert put(admin, name, "a" * MAX).status_code == 201
    assert put(admin, name, "\u00e4" * (MAX // 2)).status_code == 200, "bytes count, however JSON spells them"
    problem(put(admin, name, "a" * (MAX + 1)), 422, "/value")


def test_an_unknown_secret_is_not_found(admin):
    problem(admin.get(f"/secrets/{unique('s')}"), 404)
    problem(delete(admin, unique("s")), 404)


# ------------------------------------------------------------------------- PEM

def test_the_end_of_a_certificate_is_the_secrets_where_none_is_said(admin, key):
    name = unique("s")
    cert, end = certificate(key)
    made = put(admin, name, cert + key_text(key))
    assert made.status_code == 201, made.text
    assert datetime.fromisoformat(made.json()["expires_at"]) == end
    sooner = put(admin, name, cert + key_text(key), expires_at=stamp(3600)).json()
    assert datetime.fromisoformat(sooner["expires_at"]) < end
    problem(put(admin, name, cert + key_text(key), expires_at=stamp(40 * 86_400)), 422, "/expires_at")
    assert put(admin, name, key_text(key)).json()["expires_at"] is None


def test_pem_of_a_curve_is_taken_too(admin):
    other = ec.generate_private_key(ec.SECP384R1())
    assert put(admin, unique("s"), certificate(other)[0] + key_text(other)).status_code == 201
    sec1 = other.private_bytes(PEM, serialization.PrivateFormat.TraditionalOpenSSL, NONE).decode()
    assert put(admin, unique("s"), sec1 + certificate(other)[0]).status_code == 201


@pytest.mark.parametrize("made", [
    lambda key, other: certificate(other)[0] + key_text(key),
    lambda key, other: certificate(key)[0],
    lambda key, other: key_text(key) + key_text(other),
    lambda key, other: certificate(key, days=-1)[0] + key_text(key),
    lambda key, other: key_text(key).replace("-----END PRIVATE KEY-----", ""),
    lambda key, other: key_text(key).replace("MII", "M!I"),
    lambda key, other: certificate(key)[0].replace("MII", "AAA") + key_text(key),
    lambda key, other: key.private_bytes(PEM, serialization.PrivateFormat.PKCS8,
                                         serialization.BestAvailableEncryption(b"pass")).decode(),
    lambda key, other: key_text(rsa.generate_private_key(65537, 1024)),
    lambda key, other: key_text(key) + key.public_key().public_bytes(
        PEM, serialization.PublicFormat.SubjectPublicKeyInfo).decode(),
])
def test_pem_that_does_not_fit_together_is_refused_with_its_place(admin, key, made):
    name, text = unique("s"), made(key, rsa.generate_private_key(65537, 2048))
    answer = put(admin, name, text)
    problem(answer, 422, "/value")
    assert "MII" not in answer.text
    problem(admin.get(f"/secrets/{name}"), 404)


# --------------------------------------------------------------------- targets

def test_a_target_names_only_secrets_that_are_there(world, admin):
    body = world.target().body
    target = unique("target")
    server = world.client(unique("rs"))["client_id"]
    body |= {"audience": f"urn:test:{target}", "resources": [], "resource_server": server}
    missing = unique("s")
    answer = admin.put(f"/targets/{target}", body | {"connector": connector(missing)})
    problem(answer, 422, "/connector/secrets/client")
    assert missing not in answer.text, "it may be the secret itself"
    principals = [{"user": "r", "scopes": ["thing.read"], "secret": (there := unique("s"))},
                  {"user": "w", "scopes": ["thing.read", "thing.write"], "secret": missing}]
    panos = {"kind": "vendor_session", "profile": "panos", "base_url": "https://fw.example",
             "parameters": {"principals": principals, "token_validity_s": 300}}
    put(admin, there)
    more = {"entitlements": {"thing.read": ["demo:staff"], "thing.write": ["demo:staff"]},
            "accept_overhang": {"reason": "a test"}}
    answer = admin.put(f"/targets/{target}", body | more | {"connector": panos})
    pointers = [e["pointer"] for e in problem(answer, 422)["errors"]]
    assert pointers == ["/connector/parameters/principals/1/secret"]
    put(admin, missing)
    answer = admin.put(f"/targets/{target}", body | more | {"connector": panos})
    assert answer.status_code == 201, answer.text
    for name in (there, missing):
        assert admin.get(f"/secrets/{name}").json()["used_by"] == [target]


def test_origins_bind_a_secret_both_ways(world, admin):
    name = unique("s")
    made = put(admin, name, origins=["https://ACME.example:443/", "https://other.example"])
    assert made.json()["origins"] == ["https://acme.example", "https://other.example"]
    target = world.target(connector=connector(name, "https://acme.example/path"))
    for elsewhere in ("https://evil.example", "https://acme.example:8443", "https://acme.example.evil.example"):
        answer = admin.put(f"/targets/{target.id}", target.body | {"connector": connector(name, elsewhere)})
        problem(answer, 422, "/connector/secrets/client")
    problem(put(admin, name, origins=["https://other.example"]), 422, "/origins")
    # A rotation that says nothing of them leaves it bound, null does not.
    assert put(admin, name).json()["origins"] == ["https://acme.example", "https://other.example"]
    assert put(admin, name, origins=None).json()["origins"] is None
    answer = admin.put(f"/targets/{target.id}", target.body | {"connector": connector(name, "https://evil.example")})
    assert answer.status_code == 200, answer.text


def test_a_secret_is_deleted_once_no_target_names_it(world, admin):
    name, other = unique("s"), unique("s")
    put(admin, name), put(admin, other)
    target = world.target(connector=connector(name))
    problem(delete(admin, name), 409)
    assert admin.get(f"/secrets/{name}").status_code == 200
    moved = admin.put(f"/targets/{target.id}", target.body | {"connector": connector(other)})
    assert moved.status_code == 200, moved.text
    tag = admin.get(f"/secrets/{name}").headers["ETag"]
    problem(delete(admin, name, headers={"If-Match": '"stale"'}), 412)
    gone = delete(admin, name, {"reason": "over"}, headers={"If-Match": tag})
    assert gone.status_code == 200 and gone.json()["name"] == name, gone.text
    problem(admin.get(f"/secrets/{name}"), 404)
    assert put(admin, name).status_code == 201, "the name is free again"


# ------------------------------------------------------------------ durability

def test_a_hundred_rotations_leave_one_secret_and_no_value_in_clear(fresh_world, fresh_broker, key):
    admin, name = fresh_world.admin, unique("s")
    pem = certificate(key)[0] + key_text(key)
    for turn in range(100):
        answer = put(admin, name, value(), origins=["https://acme.example"], expires_at=stamp(3600 + turn))
        assert answer.status_code in (200, 201), answer.text
    put(admin, "with-pem", pem)
    fresh_world.target(connector=connector(name))
    before = [admin.get(f"/secrets/{n}") for n in (name, "with-pem")]
    fresh_broker.restart()
    after = [admin.get(f"/secrets/{n}") for n in (name, "with-pem")]
    assert [a.json() for a in after] == [b.json() for b in before]
    assert [a.headers["ETag"] for a in after] == [b.headers["ETag"] for b in before]
    assert [s["name"] for s in admin.get("/secrets").json()["items"]] == sorted([name, "with-pem"])
    secret_lines = [line for line in key_text(key).splitlines() if "-----" not in line]
    for file in (f for f in fresh_broker.data_dir.rglob("*") if f.is_file()):
        raw = file.read_bytes()
        assert CANARY.encode() not in raw and secret_lines[3].encode() not in raw, file
    assert CANARY not in fresh_broker.output()


# ------------------------------------------------------------------ operations

def operations(broker, path) -> str:
    """The text of a page of the operations listener."""
    return client.http.get(broker.operations + path, timeout=30).text


def test_what_ends_soon_is_warned_of_and_measured(fresh_world, fresh_broker, key):
    admin = fresh_world.admin
    assert "secrets" not in operations(fresh_broker, "/readyz?verbose")
    put(admin, "late", expires_at=stamp(30 * 86_400))
    put(admin, "soon", certificate(key, days=3.5)[0] + key_text(key))
    ready = operations(fresh_broker, "/readyz?verbose")
    assert "[!]secrets soon: ends in 3 days; put another value" in ready, ready
    assert "late" not in ready and ready.endswith("ready\n")
    assert operations(fresh_broker, "/readyz") == "ready\n"
    metrics = operations(fresh_broker, "/metrics")
    assert 'locum_upstream_secrets{managed_by="api"} 2' in metrics
    lines = [line for line in metrics.splitlines() if line.startswith("locum_upstream_secret_expires_in_seconds{")]
    assert [line.split('"')[1] for line in lines] == ["soon", "late"]
    put(admin, "soon")
    until(lambda: "secrets" not in operations(fresh_broker, "/readyz?verbose"))
