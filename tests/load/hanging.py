"""What issuers that never answer cost the others: the steady load with and without them."""

import itertools
import socket
import threading
import time
import uuid

import meters
import requests
import signing
from cryptography.hazmat.primitives.asymmetric import ec

CLIENTS = 16
"""Requests that wait for keys at a time, each for those of an issuer of its own."""
PAUSE_S = 0.05
"""Of a client that was answered at once, because its issuer has just failed."""
ROUNDS = 3
"""Each way, in turn: a machine that is busy meanwhile is busy for both."""


class HangingIssuers:
    """One server that accepts connections and says nothing; in a `with` block clients present its issuers' tokens."""

    def __init__(self, bench, ready: dict):
        self._bench, self._stop = bench, threading.Event()
        self._server = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._held, self._rounds, self.asked, self.unexpected = [], 0, 0, []
        port = self._server.getsockname()[1]
        self._name = f"http://127.0.0.1:{port}"
        numbers = ec.generate_private_key(ec.SECP256R1()).private_numbers()
        text = lambda number: signing.b64url(number.to_bytes(32, "big"))  # noqa: E731
        self._key = signing.Signer({"kty": "EC", "crv": "P-256", "kid": "hanging", "d": text(numbers.private_value),
                                    "x": text(numbers.public_numbers.x), "y": text(numbers.public_numbers.y)})
        head = {"Authorization": f"Bearer {ready['admin_token']}"}
        for number in range(CLIENTS * ROUNDS):
            name = f"{self._name}/{number}"
            body = {"issuer": name, "kind": "jwt", "role": "subject", "jwks_uri": f"{name}/jwks", "audiences": ["app"]}
            answer = requests.put(f"{ready['admin_api']}/issuers/hanging-{number}", json=body, headers=head, timeout=30)
            answer.raise_for_status()

        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self):
        self._stop.clear()
        numbers = range(CLIENTS * self._rounds, CLIENTS * (self._rounds + 1))
        self._threads = [threading.Thread(target=self._ask, args=(f"{self._name}/{number}",)) for number in numbers]
        self._rounds += 1
        before = self.asked
        for thread in self._threads:
            thread.start()
        while self.asked < before + CLIENTS:  # all of them wait now
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def close(self):
        """No more of them: the thread that accepts ends with its socket."""
        self._server.shutdown(socket.SHUT_RDWR)
        self._server.close()
        for connection in self._held:
            connection.close()

    def _accept(self):
        while True:
            try:
                self._held.append(self._server.accept()[0])
            except OSError:
                return

    def _ask(self, issuer: str):
        while not self._stop.is_set():
            now = int(time.time())
            token = self._key.sign({"iss": issuer, "sub": "x", "aud": "app", "iat": now, "exp": now + 600,
                                    "jti": uuid.uuid4().hex})
            request = self._bench.request("/token", self._bench.world.exchange_form(token), self._bench.agent_basic)
            with socket.create_connection(self._bench.address) as connection:
                connection.sendall(request)
                self.asked += 1
                status = connection.recv(4096)[9:12]
            if status != b"503":
                self.unexpected.append(f"{status!r} of a token whose keys cannot be had")
            self._stop.wait(PAUSE_S)


def measure(bench, ready: dict, seconds: float, accept) -> dict:
    """One profile's line."""
    requests_made = bench.steady_requests()
    bench.drive(requests_made[:400], accept)
    alone, beside, errors = [], [], []
    issuers = HangingIssuers(bench, ready)
    for _ in range(ROUNDS):
        run = bench.drive(itertools.cycle(requests_made), accept, seconds=seconds / ROUNDS)
        alone, errors = alone + run.latencies, errors + run.errors
        with issuers:
            run = bench.drive(itertools.cycle(requests_made), accept, seconds=seconds / ROUNDS)
        beside, errors = beside + run.latencies, errors + run.errors
    issuers.close()
    errors += issuers.unexpected
    p99, p99_beside = meters.percentile_ms(alone, 0.99), meters.percentile_ms(beside, 0.99)
    return {"profile": "hanging-issuer", "p99_ms": p99, "p99_beside_hanging_ms": p99_beside,
            "ratio": round(p99_beside / p99, 2), "asked_of_hanging": issuers.asked, "requests": len(alone) + len(beside),
            "errors": len(errors), "first_error": errors[0] if errors else None}
