"""A foreign issuer's web server on loopback: serves a key set and counts who asks."""

import gzip
import json
import secrets
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class IssuerServer:
    """Answers `/jwks` (and discovery) with `keys`, anything else with 404; every path asked for is in `asked`.
    With `packed` its answers are compressed.

    Its URL has a path that no other issuer has: a port that another one gave back is not that one's name.
    """

    def __init__(self, keys=()):
        self.jwks: list[dict] = list(keys)
        self.asked: list[str] = []
        self.packed = False
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self):
                path = self.path.removeprefix(outer._path)
                outer.asked.append(path)
                body = None if path == self.path else outer.answer(path)
                self.send_response(404 if body is None else 200)
                text = json.dumps(body).encode()
                self.send_header("Content-Type", "application/json")
                if outer.packed:
                    text = gzip.compress(text)
                    self.send_header("Content-Encoding", "gzip")
                # Without it, an end that TLS does not announce would be a document cut short.
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._path = f"/{secrets.token_hex(8)}"
        self.url = f"http://127.0.0.1:{self._server.server_port}{self._path}"

    def speak_tls(self, issued, folder) -> str:
        """Serves over TLS as `localhost` from now on, with what an authority issued; the URL."""
        file = folder / f"{issued.serial}.pem"
        file.write_text(issued.cert + issued.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(file)
        # The handshake is made by the thread of the connection.
        self._server.socket = context.wrap_socket(
            self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://localhost:{self._server.server_port}{self._path}"
        return self.url

    def answer(self, path: str):
        """The document at a path, `None` for 404."""
        if path == "/jwks":
            return {"keys": self.jwks}
        if path == "/.well-known/openid-configuration":
            return {"issuer": self.url, "jwks_uri": f"{self.url}/jwks"}
        return None

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
