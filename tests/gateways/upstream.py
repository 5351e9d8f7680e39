"""What stands behind a gateway, and TLS before the broker."""

import json
import ssl
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address

from cryptography import x509
from support import client
from support.authority import Authority


class Upstream:
    """Answers with what it was sent; `asked` counts the requests that reached it."""

    def __init__(self):
        self.asked = 0
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def answer(self):
                outer.asked += 1
                body = self.rfile.read(int(self.headers.get("Content-Length", 0))).decode()
                headers = {name.lower(): value for name, value in self.headers.items()}
                text = json.dumps({"method": self.command, "headers": headers, "body": body}).encode()
                self.send_response(200)
                self.send_header("Content-Length", str(len(text)))
                self.end_headers()
                self.wfile.write(text)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self.at = f"127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()


class Tls:
    """The broker over https, as gateways that insist on it want it; its key set is the one of the tests."""

    def __init__(self, broker, jwks: str, folder):
        class Handler(BaseHTTPRequestHandler):
            def answer(self):
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                sent = ("Authorization", "Content-Type")
                headers = {name: self.headers[name] for name in sent if name in self.headers}
                url = jwks if self.path == "/jwks" else broker.issuer + self.path
                got = client.http.request(self.command, url, data=body, headers=headers, timeout=client.TIMEOUT_S)
                self.send_response(got.status_code)
                self.send_header("Content-Type", got.headers["Content-Type"])
                self.send_header("Content-Length", str(len(got.content)))
                self.end_headers()
                self.wfile.write(got.content)

            do_GET = do_POST = answer

            def log_message(self, *_):
                pass

        authority = Authority()
        self.authority = folder / "ca.pem"
        self.authority.write_text(authority.pem())
        issued = authority.certify(x509.IPAddress(ip_address("127.0.0.1")))
        (folder / "server.pem").write_text(issued.cert + issued.key)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder / "server.pem")
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        # The handshake is made by the thread of the connection.
        self._server.socket = context.wrap_socket(self._server.socket, server_side=True, do_handshake_on_connect=False)
        self.url = f"https://127.0.0.1:{self._server.server_port}"

    def __enter__(self):
        threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True).start()
        return self

    def __exit__(self, *_):
        self._server.shutdown()
        self._server.server_close()
