"""A server that notes what a vendor's client sends, and answers as that client expects.

What is noted of a request, `tests/vectors/downstream/*.json`: `method`, `path` (with the query), `headers` in lower case
without those that belong to the connection or to the HTTP library, and its body: `form` as sorted pairs, or `json`, or
nothing.
"""

import json
import ssl
import threading
from collections.abc import Callable
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from urllib.parse import parse_qsl

from cryptography import x509

from support.authority import Authority

#: Headers of the connection, and those by which HTTP libraries differ.
NOT_NOTED = {"accept", "accept-encoding", "accept-language", "connection", "content-length", "host", "sec-fetch-mode",
             "user-agent", "x-correlationid", "x-correlation-id"}
FORM = "application/x-www-form-urlencoded"


def noted(method: str, path: str, headers, body: bytes) -> dict:
    """A request as it stands in a vector."""
    kept = {name.lower(): value for name, value in headers.items() if name.lower() not in NOT_NOTED}
    kind = kept.pop("content-type", "").split(";")[0].strip().lower()
    request = {"method": method, "path": path, "headers": dict(sorted(kept.items()))}
    if kind:
        request["content_type"] = kind
    if body and kind == FORM:
        request["form"] = sorted(parse_qsl(body.decode(), keep_blank_values=True, strict_parsing=True))
        request["form"] = [list(pair) for pair in request["form"]]
    elif body:
        request["json"] = json.loads(body)
    return request


def in_turn(answers: list[tuple[int, str, str]]) -> Callable:
    """The next of these each time."""
    left = list(answers)
    return lambda *_: left.pop(0) if left else (500, "text/plain", "nothing more was expected")


class Recorder:
    """Answers each request with the next of `answers`: status, content type, body. Or `answers` makes the answer, of the
    request and its headers."""

    def __init__(self, answers: list[tuple[int, str, str]] | Callable, folder=None):
        self.requests: list[dict] = []
        outer = self
        answer_to = answers if callable(answers) else in_turn(answers)

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
                outer.requests.append(noted(self.command, self.path, self.headers, body))
                status, kind, text = answer_to(outer.requests[-1], self.headers)
                self.send_response(status)
                self.send_header("Content-Type", kind)
                self.send_header("Content-Length", str(len(text.encode())))
                self.end_headers()
                self.wfile.write(text.encode())

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.port = self._server.server_port
        self.url = f"http://127.0.0.1:{self.port}"
        if folder is not None:
            self._secure(folder)

    def _secure(self, folder) -> None:
        authority = Authority()
        self.ca_file = folder / "ca.pem"
        self.ca_file.write_text(authority.pem())
        issued = authority.certify(x509.IPAddress(ip_address("127.0.0.1")))
        (folder / "server.pem").write_text(issued.cert + issued.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        # The handshake is made by the thread of the connection.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self.port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
