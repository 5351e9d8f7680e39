"""While an issuer's key server hangs: what waits for it is bounded, whoever hangs up, and others go on."""

import collections
import socket
import threading
from urllib.parse import urlencode, urlsplit

import pytest

from support import client, tokens
from support.issuer import IssuerServer
from support.serving import AGENT_SECRET, Serving
from support.world import World, entry, unique

STRANGERS = 2_500
OF_A_CLIENT = 1_200
"""More than one source may have wait, of small requests."""
HELD = 100
"""Connections that are open at a time: what was sent on them is read before they are closed."""
GROWTH = 128 << 20
BOT = {"client_id": "bot", "client_secret": AGENT_SECRET}
MORE = """
[trust]
fetch_timeout_s = 60
[network]
allow_private = ["127.0.0.0/8"]
"""
# For strangers, only issuers of agents whose token may be the only proof are asked.
PROVEN_ALONE = """
[[agents]]
id = "alone"
owner = { kind = "team", id = "finance-it" }
workload = { issuer = "stuck", claims = { sub = "y" } }
actor_token_authenticates = true
ceiling = []
"""


@pytest.fixture
def serving():
    """A broker that gives an issuer a minute to answer."""
    with Serving(more=MORE) as home:
        home.change("conf.d/objects.toml", 'subject_issuers = ["corp"]', 'subject_issuers = ["stuck", "good"]')
        home.write("conf.d/more.toml", "")
        yield home


@pytest.fixture
def hanging():
    """A key server that accepts and says nothing; its URL."""
    server, held = socket.create_server(("127.0.0.1", 0)), []

    def accept():
        while True:
            try:
                held.append(server.accept()[0])
            except OSError:
                return

    threading.Thread(target=accept, daemon=True).start()
    yield f"http://127.0.0.1:{server.getsockname()[1]}"
    server.shutdown(socket.SHUT_RDWR)
    server.close()
    for connection in held:
        connection.close()


def declared(serving, name, url, role, kind="jwt"):
    """One more issuer in a file."""
    serving.write("conf.d/more.toml", (serving.home / "conf.d/more.toml").read_text() + f"""
[[issuers]]
id = "{name}"
issuer = "{url}"
kind = "{kind}"
jwks_uri = "{url}/jwks"
role = "{role}"
audiences = ["my-app"]
""")


def memory(serving) -> int:
    """Resident bytes of the broker."""
    for line in serving.get("operations", "/metrics")[2].splitlines():
        if line.startswith("process_resident_memory_bytes "):
            return int(float(line.split()[1]))
    raise AssertionError("no figure of memory")


def token_of(url, key, **claims) -> str:
    """A token of that issuer."""
    t = tokens.now()
    return tokens.sign({"iss": url, "sub": "x", "aud": "my-app", "iat": t, "exp": t + 600} | claims, key)


def raw(serving, pairs, auth=None) -> bytes:
    """A whole request, as bytes."""
    body = urlencode(pairs).encode()
    head = f"POST /token HTTP/1.1\r\nHost: {urlsplit(serving.issuer).netloc}\r\nContent-Length: {len(body)}\r\n"
    head += "Content-Type: application/x-www-form-urlencoded\r\n"
    head += f"Authorization: {auth}\r\n" if auth else ""
    return head.encode() + b"\r\n" + body


def sent_and_hung_up(serving, request: bytes, times: int) -> None:
    """Sends it whole, so often, and waits for no answer; each hangs up when `HELD` others were sent."""
    host, _, port = serving.at["public"].rpartition(":")
    held = collections.deque()
    for _ in range(times):
        held.append(socket.create_connection((host, int(port))))
        held[-1].sendall(request)
        if len(held) > HELD:
            held.popleft().close()
    for connection in held:
        connection.close()


def answered(serving, request: bytes) -> bytes:
    """The beginning of the answer."""
    host, _, port = serving.at["public"].rpartition(":")
    with socket.create_connection((host, int(port))) as connection:
        connection.settimeout(client.TIMEOUT_S)
        connection.sendall(request)
        return connection.recv(8_192)


def turned_away(answer: bytes) -> None:
    """503, with when to come back."""
    assert answer.startswith(b"HTTP/1.1 503 "), answer
    assert b"LCM-UNAVAILABLE" in answer and b"retry-after: 1" in answer.lower()


def stranger(url, key) -> list:
    """What somebody without credentials sends: a workload's token that unpacks to twenty times its size."""
    actor = token_of(url, key, much=[{"a": 1}] * 1_000)
    return [("grant_type", client.EXCHANGE), ("actor_token", actor), ("actor_token_type", client.JWT),
            ("subject_token", "x" * 16_000), ("subject_token_type", client.ID_TOKEN)]


def test_strangers_who_send_a_request_and_hang_up_fill_no_memory_and_others_go_on(serving, hanging, figure):
    key, good = tokens.new_jwk(), tokens.new_jwk()
    with IssuerServer([tokens.public(good)]) as server:
        declared(serving, "stuck", hanging, "workload")
        declared(serving, "good", server.url, "subject")
        serving.write("conf.d/more.toml", (serving.home / "conf.d/more.toml").read_text() + PROVEN_ALONE)
        serving.start()
        request, before = raw(serving, stranger(hanging, key)), memory(serving)
        sent_and_hung_up(serving, request, STRANGERS)
        # The server still hangs: whoever comes now is told at once, and a client whose issuer answers is served.
        assert answered(serving, request).startswith(b"HTTP/1.1 401 ")
        answer = client.exchange(serving, token_of(server.url, good), agent=BOT, audience="urn:test:sap")
        assert answer.status_code == 200, answer.text
        grown = memory(serving) - before
    figure(f"memory after {STRANGERS} strangers hung up: {grown / 2**20:+.0f} MiB")
    assert grown < GROWTH


def test_one_clients_waiting_takes_its_own_share_and_no_other_clients(serving, hanging):
    key, good = tokens.new_jwk(), tokens.new_jwk()
    with IssuerServer([tokens.public(good)]) as server:
        declared(serving, "stuck", hanging, "subject")
        declared(serving, "good", server.url, "subject")
        serving.start()
        world = World(serving)
        other = world.agent(unique("agent"), [entry("sap", ["invoice.read"], ["invoice.read"])],
                            subject_issuers=["good"])
        pairs = client.form(token_of(hanging, key), audience="urn:test:sap")
        request = raw(serving, pairs, client.basic(BOT["client_id"], BOT["client_secret"]))
        sent_and_hung_up(serving, request, OF_A_CLIENT)
        turned_away(answered(serving, request))
        # Its keys are fetched now: that waits too, and in the other client's name.
        answer = client.exchange(serving, token_of(server.url, good), agent=other, audience="urn:test:sap")
        assert answer.json()["code"] == "LCM-POLICY-DENIED", answer.text
