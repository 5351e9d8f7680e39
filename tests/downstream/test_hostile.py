"""A vendor that answers nonsense gets nobody a credential, and nobody is told its words."""

import json
import socket
import struct
import threading

import pytest
from handing import Handed

from support import client
from support.process import free_port

WORDS = "words-of-the-vendor"
GOOD = {"access_token": "t", "token_type": "Bearer", "expires_in": 60}


class Vendor:
    """Reads one request and answers with these bytes, whatever they are; `None` resets the connection."""

    def __init__(self, reply: bytes | None):
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._reply = reply
        self.asked = 0

    def _answer(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            with connection:
                read = b""
                while b"\r\n\r\n" not in read and (more := connection.recv(65_536)):
                    read += more
                self.asked += 1
                if self._reply is None:
                    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    continue
                try:
                    connection.sendall(self._reply)
                except OSError:
                    pass  # Locum has read enough

    def __enter__(self):
        threading.Thread(target=self._answer, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._socket.shutdown(socket.SHUT_RDWR)
        self._socket.close()


def http(status: int, body: bytes, kind: str = "application/json", head: str = "") -> bytes:
    """An answer."""
    start = f"HTTP/1.1 {status} X\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\nConnection: close\r\n{head}"
    return start.encode() + b"\r\n" + body


def said(status: int = 200, **changes) -> bytes:
    """An answer in JSON; `None` leaves a member out."""
    members = GOOD | {"error_description": WORDS} | changes
    return http(status, json.dumps({name: value for name, value in members.items() if value is not None}).encode())


NONSENSE = {
    "html": http(200, f"<html>{WORDS}</html>".encode(), "text/html"),
    "no json": http(200, WORDS.encode()),
    "a list": http(200, b"[]"),
    "cut short": http(200, json.dumps(GOOD).encode())[:-5],
    "ten megabytes": http(200, b'{"a":"' + b"a" * 10_000_000 + b'"}'),
    "duplicate members": http(200, b'{"access_token":"t","access_token":"u","token_type":"Bearer","expires_in":60}'),
    "no token": said(access_token=None),
    "an empty token": said(access_token=""),
    "a token of another type": said(access_token=["t"]),
    "a token with a space": said(access_token="t t"),
    "a token without an end": said(access_token="t" * 16_385),
    "another token type": said(token_type="mac"),
    "a negative life": said(expires_in=-1),
    "a life of none": said(expires_in=0),
    "a life in words": said(expires_in="soon"),
    "a life beyond numbers": http(200, b'{"access_token":"t","token_type":"Bearer","expires_in":1e999}'),
    "a wider scope": said(scope="read everything"),
    "not found": said(404),
    "a redirect": http(302, b"", head="Location: http://127.0.0.1:1/\r\n"),
    "an error of its own": said(500),
    "no http": b"\x00\x01\x02" * 100,
    "a reset": None,
}


def handed(broker, url: str, **changes) -> Handed:
    """A target of that vendor, by the kind that carries the person."""
    connector = {"kind": "jwt_bearer", "profile": "oauth", "base_url": url, "secrets": ["client"],
                 "parameters": {"client_id": "locum", "scopes": {"a.read": "read"}, "token_validity_s": 60}}
    return Handed(broker, connector, {"client": "secret-of-the-client"}, {"a.read": "low"}, **changes)


def credential(broker, answer) -> dict:
    """What the decision's record says of the credential."""
    found = client.admin(broker).decision(answer.json()["request_id"])
    assert found.status_code == 200, found.text
    return found.json()["credential"]


@pytest.mark.parametrize("reply", NONSENSE.values(), ids=NONSENSE.keys())
def test_nonsense_hands_out_nothing_and_is_nobodys_words(broker, reply):
    with Vendor(reply) as vendor:
        answer = handed(broker, vendor.url).exchange("a.read")
    assert answer.status_code == 503 and "LCM-DOWNSTREAM" in answer.text, answer.text
    assert "LCM-DOWNSTREAM-REFUSED" not in answer.text and WORDS not in answer.text
    assert vendor.asked == 1
    assert credential(broker, answer)["state"] == "unknown"


@pytest.mark.parametrize("status, error", [(400, "invalid_grant"), (401, "invalid_client"), (403, "access_denied")])
def test_a_refusal_in_the_vendors_form_is_told_as_one_and_not_in_its_words(broker, status, error):
    reply = said(status, access_token=None, token_type=None, expires_in=None, error=error)
    with Vendor(reply) as vendor:
        answer = handed(broker, vendor.url).exchange("a.read")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target"), answer.text
    assert "LCM-DOWNSTREAM-REFUSED" in answer.text and WORDS not in answer.text
    assert credential(broker, answer)["state"] == "refused"


@pytest.mark.parametrize("expires_in, lives", [("60", 60), (None, 60), (30, 30)])
def test_a_life_is_a_number_or_digits_or_the_declared_one(broker, expires_in, lives):
    with Vendor(said(expires_in=expires_in, access_token=f"life-{expires_in}")) as vendor:
        assert handed(broker, vendor.url).obtained("a.read")["expires_in"] == lives


def test_a_credential_that_lives_longer_than_declared_is_not_handed_out(broker):
    with Vendor(said(expires_in=86_400)) as vendor:
        answer = handed(broker, vendor.url).exchange("a.read")
    assert answer.status_code == 400 and "LCM-HANDOUT-UNSAFE" in answer.text and "expire" in answer.text


def test_a_credential_that_was_handed_out_before_is_refused(broker):
    with Vendor(said(access_token="the-same-again")) as vendor:
        target = handed(broker, vendor.url)
        target.obtained("a.read")
        answer = target.exchange("a.read")
    assert answer.status_code == 503 and "LCM-DOWNSTREAM" in answer.text


def test_a_vendor_that_is_not_there_was_sent_nothing(broker):
    answer = handed(broker, f"http://127.0.0.1:{free_port()}").exchange("a.read")
    assert answer.status_code == 503 and "LCM-DOWNSTREAM" in answer.text
    assert credential(broker, answer)["state"] == "not_sent"


def test_no_log_has_a_secret_or_the_vendors_words(broker, accounts):
    log = broker.output()
    secrets = [accounts.sap_btp.client_secret, "secret-of-the-client", "the-same-again", WORDS]
    assert not [secret for secret in secrets if secret in log]
