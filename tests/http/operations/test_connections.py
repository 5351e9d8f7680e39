"""Many idle connections and slow ones beside healthy requests (work item, "withstand"); the full numbers are for
the load tools."""

import socket
import time
from contextlib import ExitStack
from urllib.parse import urlsplit

import pytest

from support import client, tokens
from test_metrics import page, value

IDLE, SLOW, HEALTHY = 300, 50, 40


def connect(broker, stack, first=b""):
    """A connection that sent something and stays."""
    at = urlsplit(broker.issuer)
    made = stack.enter_context(socket.create_connection((at.hostname, at.port), timeout=20))
    if first:
        made.sendall(first)
    return made


def head(*lines):
    """The beginning of a request."""
    return "\r\n".join(["POST /token HTTP/1.1", "host: x", *lines, ""]).encode()


def test_idle_and_slow_connections_do_not_stop_healthy_requests(fresh_broker):
    before = value(page(fresh_broker), "process_resident_memory_bytes")
    person = tokens.id_token(fresh_broker)
    with ExitStack() as stack:
        slow = [connect(fresh_broker, stack, head("x-slow: a")) for _ in range(SLOW)]
        slow += [connect(fresh_broker, stack, head("content-length: 60000") + b"\r\ngrant_") for _ in range(SLOW)]
        idle = [connect(fresh_broker, stack) for _ in range(IDLE)]
        begun, longest = time.monotonic(), 0.0
        for number in range(HEALTHY):
            for connection in slow[number::HEALTHY]:
                connection.sendall(b"b")
            at = time.monotonic()
            assert client.exchange(fresh_broker, person).status_code == 200
            longest = max(longest, time.monotonic() - at)
        text = page(fresh_broker)
        assert value(text, "locum_connections") >= IDLE + SLOW and len(idle) == IDLE
        after = value(text, "process_resident_memory_bytes")
    took = time.monotonic() - begun
    print(f"\n{IDLE} idle, {2 * SLOW} slow: {HEALTHY} exchanges in {took:.2f} s, longest {longest * 1e3:.0f} ms; "
          f"RSS {before / 2**20:.1f} MiB before, {after / 2**20:.1f} MiB with them")
    assert after - before < 64 * 2**20


@pytest.mark.parametrize("lines", [["x-many: a"] * 200, ["x-long: " + "a" * 100_000]])
def test_a_head_over_the_limits_is_refused(broker, lines):
    with ExitStack() as stack:
        made = connect(broker, stack)
        try:
            made.sendall(head(*lines) + b"\r\n")
            answer = made.recv(4096)
        except ConnectionError:
            answer = b""
    assert answer == b"" or answer.startswith(b"HTTP/1.1 431")


def test_a_stop_does_not_wait_for_idle_connections(fresh_broker):
    with ExitStack() as stack:
        idle = connect(fresh_broker, stack)
        kept = connect(fresh_broker, stack, b"GET /jwks HTTP/1.1\r\nhost: x\r\n\r\n")
        assert kept.recv(4096).startswith(b"HTTP/1.1 200")
        assert fresh_broker.stop() == 0
        assert idle.recv(1) == b""
