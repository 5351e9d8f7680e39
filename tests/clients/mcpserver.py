"""What an MCP server shows a client of its authorization, and a note of all that it was sent."""

import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

PATH = "/mcp"
METADATA = "/.well-known/oauth-protected-resource" + PATH
LIMIT = 65_536
"""Bytes of a body that are read."""


@dataclass(frozen=True, repr=False)
class Request:
    """One request that reached it."""

    method: str
    path: str
    authorization: str | None
    body: str


class McpServer:
    """Refuses whoever bears no token, and says where one is had (RFC 9728)."""

    def __init__(self, issuer: str, scope: str):
        self.seen: list[Request] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                size = min(int(self.headers.get("Content-Length") or 0), LIMIT)
                request = Request(self.command, self.path, self.headers.get("Authorization"),
                                  self.rfile.read(size).decode())
                outer.seen.append(request)
                head, body = {}, b""
                if self.path == METADATA:
                    status, head = 200, {"Content-Type": "application/json"}
                    body = json.dumps({"resource": outer.url, "authorization_servers": [issuer],
                                       "scopes_supported": [scope]}).encode()
                elif self.path != PATH:
                    status = 404
                elif (request.authorization or "").startswith("Bearer "):
                    status = 202
                else:
                    status = 401
                    head = {"WWW-Authenticate": f'Bearer resource_metadata="{outer.origin}{METADATA}", scope="{scope}"'}
                self.send_response(status)
                for name, value in (head | {"Content-Length": str(len(body))}).items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            do_GET = do_POST = do_DELETE = answer

            def log_message(self, *_):
                """Nothing: what a test prints holds no token."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.origin = f"http://127.0.0.1:{self._server.server_port}"
        self.url = self.origin + PATH

    def __enter__(self) -> "McpServer":
        threading.Thread(target=self._server.serve_forever, daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
