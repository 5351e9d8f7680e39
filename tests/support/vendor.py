"""A vendor on loopback that answers what a test says, and remembers what it was asked."""

import json
import secrets
import socket
import struct
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs

from support.process import Member

JSON = "application/json"


def answer(status: int = 200, body=None, **headers):
    """An answer: `body` as JSON unless it is text or bytes already; `headers` with `_` for `-`."""
    raw = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    named = {name.replace("_", "-"): str(value) for name, value in headers.items()}
    return status, {"Content-Type": JSON} | named, raw


def refusal(status: int, error: str = "invalid_grant"):
    """A refusal as OAuth servers write it (RFC 6749 §5.2)."""
    return answer(status, {"error": error, "error_description": "canary-of-a-vendors-text"})


def reset(_asked):
    """The connection breaks after the request came in."""
    raise ConnectionResetError


class Vendor:
    """A token endpoint, and one that revokes. What is not said otherwise is granted and confirmed.

    `says` is what the next requests for a credential are answered, first come first served; `revokes` the same for
    revocations. An entry is an answer, or a function of the request that makes one. With `closed` nobody listens at
    first. `hold()` lets requests wait until `release()`.
    """

    def __init__(self, closed: bool = False):
        self.asked: list[Member] = []
        self.says, self.revokes = [], []
        self.always = self.always_revokes = None
        """What is answered where `says` and `revokes` are empty."""
        self.made: list[str] = []
        self._free = threading.Event()
        self._free.set()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                form = {name: values[0] for name, values in parse_qs(body.decode("latin-1"), True).items()}
                asked = Member(method=self.command, path=self.path, headers={name.title(): value for name, value in self.headers.items()}, form=form,
                               body=body)
                try:
                    status, headers, raw = outer._answer(asked)
                except ConnectionResetError:
                    self.connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                    self.connection.close()
                    self.close_connection = True
                    return
                try:
                    self.send_response(status)
                    for name, value in ({"Content-Length": str(len(raw))} | headers).items():
                        self.send_header(name, value)
                    self.end_headers()
                    self.wfile.write(raw)
                except OSError:
                    self.close_connection = True  # who asked has gone

            do_DELETE = do_POST

            def finish(self):
                try:
                    super().finish()
                except OSError:
                    pass  # reset by ourselves

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler, bind_and_activate=False)
        self._server.daemon_threads = True
        self._server.server_bind()
        self.url = f"http://127.0.0.1:{self._server.server_address[1]}"
        if not closed:
            self.open()

    def open(self) -> None:
        """Listens from now on."""
        self._server.server_activate()
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        self._opened = True

    def hold(self) -> None:
        """Requests wait."""
        self._free.clear()

    def release(self) -> None:
        """They wait no more."""
        self._free.set()

    def _answer(self, asked: Member):
        self.asked.append(asked)
        self._free.wait(60)
        revoking = "revoke" in asked.path
        queue = self.revokes if revoking else self.says
        always = self.always_revokes if revoking else self.always
        said = queue.pop(0) if queue else always
        if said is None:
            return answer(200, {}) if revoking else self.granted(asked)
        return said(asked) if callable(said) else said

    def granted(self, asked: Member | None = None, drop=(), headers=None, **changes):
        """The answer with a credential of its own; `changes` set members, `drop` leaves some out."""
        body = {"access_token": f"vendor-token-{secrets.token_hex(16)}", "token_type": "bearer", "expires_in": 600}
        if asked and asked.form.get("scope"):
            body["scope"] = asked.form["scope"]
        body |= changes
        self.made.append(body["access_token"])
        return answer(200, {name: value for name, value in body.items() if name not in drop}, **(headers or {}))

    @property
    def asked_for(self) -> list[Member]:
        """Requests for a credential."""
        return [asked for asked in self.asked if "revoke" not in asked.path]

    @property
    def revoked(self) -> list[Member]:
        """Requests that revoke one."""
        return [asked for asked in self.asked if "revoke" in asked.path]

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.release()
        if getattr(self, "_opened", False):
            self._server.shutdown()
        self._server.server_close()
