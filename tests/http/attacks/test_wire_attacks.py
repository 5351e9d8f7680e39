"""Attacks below the requests, rows 65 to 67: framing that two readers understand differently, floods of HTTP/2, slow bodies."""

import socket
import struct
from urllib.parse import urlencode, urlsplit

import pytest

from support import tokens
from support.broker import Broker
from support.checks import issued
from support.client import basic, exchange, form

DEADLINE_S = 30
MARGIN_KB = 64 * 1024
"""What a broker may grow by in a flood (KiB)."""


@pytest.fixture(scope="module")
def served():
    """A broker of this file's own."""
    with Broker() as running:
        issued(exchange(running))
        yield running


def dial(broker) -> socket.socket:
    host, port = urlsplit(broker.issuer).netloc.split(":")
    line = socket.create_connection((host, int(port)), DEADLINE_S)
    line.settimeout(DEADLINE_S)
    return line


def heard(line) -> bytes:
    """Everything until the other side hangs up or nothing more comes in a second."""
    line.settimeout(1)
    text = b""
    try:
        while piece := line.recv(65536):
            text += piece
    except OSError:
        pass
    return text


def request(broker, headers=(), body=b"", path="/token", method="POST", length=True) -> bytes:
    """A request whose head is exactly these lines, with the agent's credentials."""
    me = broker.agent("invoice-agent")
    lines = [f"{method} {path} HTTP/1.1", f"Host: {urlsplit(broker.issuer).netloc}", "Content-Type: application/x-www-form-urlencoded",
             f"Authorization: {basic(me.client_id, me.client_secret)}"]
    lines += [f"Content-Length: {len(body)}"] if length else []
    return "\r\n".join([*lines, *headers, "", ""]).encode() + body


def answers(broker, raw: bytes) -> list[int]:
    """The statuses of all answers to these bytes."""
    with dial(broker) as line:
        try:
            line.sendall(raw)
        except OSError:
            pass
        text = heard(line)
    return [int(part[:3]) for part in text.split(b"HTTP/1.1 ")[1:]]


def good_body(broker) -> bytes:
    return urlencode(form(tokens.id_token(broker))).encode()


def chunked(body: bytes) -> bytes:
    return b"%x\r\n%s\r\n0\r\n\r\n" % (len(body), body)


def test_attack_65_the_same_bytes_well_framed_are_answered(served):
    body = good_body(served)
    assert answers(served, request(served, body=body)) == [200]
    plain = request(served, ["Transfer-Encoding: chunked"], length=False)
    assert answers(served, plain + chunked(good_body(served))) == [200]


LENGTHS = ["+3", "-1", "3 3", "3, 4", "0x10", "1e1", "3;x", "", " ", "99999999999999999999999", "3\x0b", "٣"]


@pytest.mark.parametrize("value", LENGTHS, ids=range(len(LENGTHS)))
def test_attack_65_a_content_length_that_is_no_number_is_refused(served, value):
    raw = request(served, [f"Content-Length: {value}"], length=False) + good_body(served)
    assert [s for s in answers(served, raw) if s < 400] == []


def test_attack_65_two_lengths_or_a_length_beside_chunks_reach_no_second_request(served):
    body = good_body(served)
    hidden = request(served, body=good_body(served))
    both = f"Content-Length: {len(body)}"
    for headers in ([both, "Content-Length: 5"], ["Content-Length: 5", both], [both, f"Content-Length: {len(body) + 1}"]):
        assert [s for s in answers(served, request(served, headers, length=False) + body + hidden) if s < 400] == []
    # RFC 9112 §6.3: chunks win and the line is closed, or the whole is refused; what follows is never a request.
    for headers in (["Content-Length: 5", "Transfer-Encoding: chunked"], ["Transfer-Encoding: chunked", "Content-Length: 5"]):
        raw = request(served, headers, length=False) + b"0\r\n\r\n" + hidden
        assert 200 not in answers(served, raw)


ENCODINGS = [["chunked, identity"], ["identity"], ["xchunked"], ["chunked", "identity"], ["\x0bchunked"], ["gzip"], ["chunked;q=1"],
             ["chunked, gzip"]]


@pytest.mark.parametrize("values", ENCODINGS, ids=range(len(ENCODINGS)))
def test_attack_65_another_transfer_encoding_reaches_no_second_request(served, values):
    headers = [f"Transfer-Encoding: {value}" for value in values]
    hidden = request(served, body=good_body(served))
    for extra in ([], [f"Content-Length: {len(hidden)}"]):
        assert 200 not in answers(served, request(served, headers + extra, length=False) + b"0\r\n\r\n" + hidden)


CHUNKS = [b"FFFFFFFFFFFFFFFFF\r\nx", b"10000000000000000\r\nx", b"-1\r\nx\r\n0\r\n\r\n", b"+5\r\nhello\r\n0\r\n\r\n", b"0x5\r\nhello\r\n0\r\n\r\n",
          b"5\nhello\n0\n\n", b"5\r\nhelloXX0\r\n\r\n", b"5;" + b"a" * 100_000 + b"\r\nhello\r\n0\r\n\r\n", b"\r\n0\r\n\r\n",
          b"0\r\n" + b"T: x\r\n" * 10_000 + b"\r\n"]


@pytest.mark.parametrize("chunks", CHUNKS, ids=range(len(CHUNKS)))
def test_attack_65_broken_chunks_get_no_token(served, chunks):
    raw = request(served, ["Transfer-Encoding: chunked"], length=False) + chunks
    assert 200 not in answers(served, raw)
    issued(exchange(served))


HEADS = ["Transfer-Encoding : chunked", " folded: x", "X: a\x00b", "X: a\rb", "no colon", ": empty", "X\x00: y", "X: " + "a" * 600_000,
         "\r\n".join(f"X-{n}: y" for n in range(500))]


@pytest.mark.parametrize("line", HEADS, ids=range(len(HEADS)))
def test_attack_65_a_broken_or_endless_head_gets_no_token(served, line):
    assert 200 not in answers(served, request(served, [line], good_body(served)))


def test_attack_65_a_header_with_underscores_is_not_the_header_with_hyphens(served):
    me = served.agent("invoice-agent")
    credentials = basic(me.client_id, me.client_secret)
    body = good_body(served)
    head = f"POST /token HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\n"
    for name in ("Authorization_", "AUTHORIZATION_", "X_Authorization", "Proxy-Authorization", "X-Authorization"):
        raw = f"{head}Connection: close\r\n{name}: {credentials}\r\n\r\n".encode() + body
        assert answers(served, raw) in ([401], [400])
    twice = request(served, ["Connection: close", f"Authorization: {credentials}"], body)
    assert answers(served, twice) == [401]


def test_attack_65_a_body_where_none_belongs_is_not_the_next_request(served):
    hidden = request(served, body=good_body(served))
    for method in ("GET", "HEAD", "DELETE"):
        raw = request(served, body=hidden, path="/jwks", method=method)
        assert len(answers(served, raw)) == 1 and 200 not in answers(served, raw)[1:]
    assert answers(served, request(served, ["Connection: close"], good_body(served), method="GET")) == [405]
    query = "/token?" + good_body(served).decode()
    assert answers(served, request(served, ["Connection: close"], path=query)) == [400], "parameters in the address are none"


# ------------------------------------------------------------------ HTTP/2

PREFACE = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n"
DATA, HEADERS, RST_STREAM, SETTINGS, PING, WINDOW_UPDATE, CONTINUATION = 0, 1, 3, 4, 6, 8, 9
END_STREAM, END_HEADERS = 1, 4
GET = b"\x82\x84\x86\x41\x01a"
"""HPACK: `:method GET`, `:path /`, `:scheme http`, `:authority a`."""


def literal(name: bytes, value: bytes) -> bytes:
    """HPACK: a header that is not put into the table."""
    return b"\x00" + bytes([len(name)]) + name + bytes([len(value)]) + value


def frame(kind: int, flags: int, stream: int, body: bytes = b"") -> bytes:
    return struct.pack(">I", len(body))[1:] + struct.pack(">BBI", kind, flags, stream) + body


def peak_kb(broker) -> int:
    with open(f"/proc/{broker._process.pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("VmHWM"))


def flood(broker, frames) -> None:
    """Sends all of it, or as much as the other side takes before it hangs up."""
    with dial(broker) as line:
        try:
            line.sendall(PREFACE + frame(SETTINGS, 0, 0))
            for some in frames:
                line.sendall(some)
        except OSError:
            pass


def continuations():
    """A head that never ends (CVE-2024-27316)."""
    yield frame(HEADERS, END_STREAM, 1, GET)
    piece = b"\x00\x01x\x7f\x80\x20" + b"y" * 4223
    for _ in range(20_000):
        yield frame(CONTINUATION, 0, 1, piece)


def empty_continuations():
    """The same with nothing in it."""
    yield frame(HEADERS, END_STREAM, 1, GET)
    for _ in range(200):
        yield frame(CONTINUATION, 0, 1) * 1000


def rapid_resets():
    """Streams opened and reset at once (CVE-2023-44487)."""
    for n in range(20_000):
        stream = 2 * n + 1
        yield frame(HEADERS, END_STREAM | END_HEADERS, stream, GET) + frame(RST_STREAM, 0, stream, struct.pack(">I", 8))


def made_resets():
    """Streams that the server must reset itself (CVE-2025-8671): a window of nothing more."""
    for n in range(20_000):
        stream = 2 * n + 1
        yield frame(HEADERS, END_HEADERS, stream, GET) + frame(WINDOW_UPDATE, 0, stream, struct.pack(">I", 0))


def settings_and_pings():
    """Frames that each want an answer which nobody reads."""
    for _ in range(2_000):
        yield (frame(SETTINGS, 0, 0, struct.pack(">HI", 4, 65535)) + frame(PING, 0, 0, b"12345678")) * 50


def frames_of(served, *headers: bytes) -> list[tuple[int, int, bytes]]:
    """What comes back for a head on each stream in turn: kind, stream and body of each frame."""
    heads = b"".join(frame(HEADERS, END_STREAM | END_HEADERS, 2 * n + 1, head) for n, head in enumerate(headers))
    with dial(served) as line:
        line.sendall(PREFACE + frame(SETTINGS, 0, 0) + heads)
        text, found = heard(line), []
    while text:
        length = int.from_bytes(text[:3], "big")
        found.append((text[3], int.from_bytes(text[5:9], "big"), text[9:9 + length]))
        text = text[9 + length:]
    return found


def test_attack_66_the_listener_speaks_http2_at_all(served):
    kinds = [(kind, stream) for kind, stream, _ in frames_of(served, GET)]
    assert (SETTINGS, 0) in kinds and (HEADERS, 1) in kinds and (DATA, 1) in kinds, kinds


TO = b"\x82\x84\x86"


@pytest.mark.parametrize("head", [
    TO, TO + literal(b":authority", b"a") + literal(b"host", b"b"), TO + literal(b":authority", b"u:p@a"),
    TO + literal(b"host", b"a") + literal(b"host", b"a"), TO + literal(b"host", b"u@a")],
    ids=["neither", "another", "user", "two", "user in host"])
def test_attack_65_http2_without_one_sound_host_gets_no_answer_but_a_refusal(served, head):
    answered = [body for kind, stream, body in frames_of(served, head) if (kind, stream) == (HEADERS, 1)]
    reset = [kind for kind, stream, _ in frames_of(served, head) if stream == 1 and kind == RST_STREAM]
    assert [body[:1] for body in answered] == [b"\x8c"] or reset and not answered, "400 by its place in the table"


FLOODS = [continuations, empty_continuations, rapid_resets, made_resets, settings_and_pings]


@pytest.mark.parametrize("frames", FLOODS, ids=lambda f: f.__name__)
def test_attack_66_a_flood_of_http2_frames_costs_little_and_hinders_nobody(served, frames):
    before = peak_kb(served)
    flood(served, frames())
    assert peak_kb(served) - before < MARGIN_KB
    issued(exchange(served))
    assert served.running and "panicked" not in served.output()


# -------------------------------------------------------------- slow bodies

def test_attack_67_requests_that_never_end_hinder_nobody(served):
    whole = request(served, body=good_body(served))
    before, lines = peak_kb(served), []
    try:
        for n in range(300):
            line = dial(served)
            line.sendall(whole[:1 + n * (len(whole) - 2) // 300])
            lines.append(line)
        for _ in range(5):
            issued(exchange(served))
        # The slowest ends as well as any, if it ends in time.
        lines[-1].sendall(whole[1 + 299 * (len(whole) - 2) // 300:])
        assert lines[-1].recv(12).startswith(b"HTTP/1.1 200")
    finally:
        for line in lines:
            line.close()
    assert peak_kb(served) - before < MARGIN_KB


def test_attack_67_json_of_many_members_and_endless_numbers(served):
    for text in ("[" + "1," * 15_000 + "1]", "[" + "{}," * 10_000 + "{}]", "[{" + ",".join(f'"k{n}":1' for n in range(5000)) + "}]",
                 "[" + "9" * 30_000 + "]", "[0." + "0" * 30_000 + "1]", '["' + "\\u0061" * 8_000 + '"]'):
        answer = exchange(served, authorization_details=text)
        assert answer.status_code in (400, 413) and answer.json()["code"] in ("LCM-DETAILS", "LCM-REQUEST"), answer.text
    issued(exchange(served))


def test_attack_65_two_content_types_are_none(served):
    for other in ("application/json", "application/x-www-form-urlencoded", "text/plain"):
        raw = request(served, ["Connection: close", f"Content-Type: {other}"], good_body(served))
        assert answers(served, raw) == [400]
