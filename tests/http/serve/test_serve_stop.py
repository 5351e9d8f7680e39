"""The end of `locum serve`: nobody new is let in, who is inside is answered, the record is whole."""

import signal
import socket
from urllib.parse import urlencode

import pytest

from support.client import basic
from support.process import STOP_DEADLINE_S
from support.scene import until
from support.serving import AGENT_SECRET

BODY = urlencode({"grant_type": "client_credentials", "audience": "urn:test:sap"}).encode()
HEAD = "\r\n".join([
    "POST /token HTTP/1.1", "Host: broker.example", f"Authorization: {basic('bot', AGENT_SECRET)}",
    "Content-Type: application/x-www-form-urlencoded", f"Content-Length: {len(BODY)}", "Expect: 100-continue", "", ""]).encode()


def dial(home, listener="public") -> socket.socket:
    host, port = home.at[listener].split(":")
    return socket.create_connection((host, int(port)), timeout=30)


def refused(home, listener) -> bool:
    try:
        dial(home, listener).close()
    except ConnectionRefusedError:
        return True
    return False


def ended(line) -> bool:
    """Whether the broker ended the connection; one that it never took in is reset."""
    try:
        return line.recv(1) == b""
    except ConnectionResetError:
        return True


@pytest.fixture
def asking(folder):
    """A served folder, and a request on it whose body it waits for."""
    folder.start()
    with dial(folder) as line:
        line.sendall(HEAD)
        assert line.recv(100).startswith(b"HTTP/1.1 100 ")
        yield folder, line


def test_at_the_end_nobody_is_let_in_and_who_is_inside_is_answered_and_on_record(asking):
    home, line = asking
    before = home.records()
    with dial(home) as idle:
        home.process.send_signal(signal.SIGTERM)
        until(lambda: refused(home, "public") and refused(home, "operations"))
        assert ended(idle), "a connection without a request is closed"
        assert home.process.poll() is None
        line.sendall(BODY)
        answer = b"".join(iter(lambda: line.recv(65536), b""))
    assert answer.startswith(b"HTTP/1.1 200 ") and b"access_token" in answer
    assert home.process.wait(STOP_DEADLINE_S) == 0
    home.start()
    assert home.records() == before + 1
    assert "torn" not in home.log()


def test_a_second_signal_waits_for_nobody(asking):
    home, line = asking
    before = home.records()
    home.process.send_signal(signal.SIGTERM)
    until(lambda: refused(home, "public"))
    home.process.send_signal(signal.SIGTERM)
    assert home.process.wait(STOP_DEADLINE_S) == 0
    assert ended(line)
    home.start()
    assert home.records() == before
