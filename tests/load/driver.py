"""Drives prepared requests over keep-alive connections and times each answer."""

import json
import re
import selectors
import socket
import time

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)


class Connection:
    """One socket with at most one request under way."""

    def __init__(self, address: tuple[str, int]):
        self.socket = socket.create_connection(address)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.sent_at = 0.0
        self.buffer = b""

    def send(self, request: bytes) -> None:
        self.buffer = b""
        self.sent_at = time.perf_counter()
        self.socket.sendall(request)

    def receive(self) -> tuple[int, bytes] | None:
        """Status and body once the whole answer is there; raises when the peer closed."""
        piece = self.socket.recv(65536)
        if not piece:
            raise ConnectionError("the broker closed the connection")
        self.buffer += piece
        head = self.buffer.find(b"\r\n\r\n")
        if head < 0:
            return None
        length = LENGTH.search(self.buffer, 0, head + 2)
        if length is None:
            raise ConnectionError("an answer without content-length")
        if len(self.buffer) < head + 4 + int(length[1]):
            return None
        return int(self.buffer[9:12]), self.buffer[head + 4:]


class Run:
    """The outcome of one timed run."""

    def __init__(self):
        self.latencies: list[float] = []
        self.errors: list[str] = []
        self.bodies: list[bytes] = []
        self.seconds = 0.0


def drive(address, requests, accept, connections=16, seconds=None, keep_bodies=False) -> Run:
    """Sends `requests` (an iterator) until it or the time runs out. `accept(status, body)`
    says whether an answer is the one expected; anything else is an error."""
    run, waiting = Run(), iter(requests)
    selector = selectors.DefaultSelector()
    opened = [Connection(address) for _ in range(connections)]
    started = time.perf_counter()
    deadline = started + seconds if seconds else float("inf")

    def next_on(connection) -> bool:
        request = next(waiting, None) if time.perf_counter() < deadline else None
        if request is not None:
            connection.send(request)
        return request is not None

    active = 0
    for connection in opened:
        if next_on(connection):
            selector.register(connection.socket, selectors.EVENT_READ, connection)
            active += 1
        else:
            connection.socket.close()
    while active:
        ready = selector.select(timeout=30)
        if not ready:
            run.errors.append("no answer for 30 s")
            break
        for key, _ in ready:
            connection, again = key.data, False
            try:
                answer = connection.receive()
                if answer is None:
                    continue
                run.latencies.append(time.perf_counter() - connection.sent_at)
                if not accept(*answer):
                    run.errors.append(describe(*answer))
                elif keep_bodies:
                    run.bodies.append(answer[1])
                again = next_on(connection)
            except OSError as error:
                run.errors.append(str(error))
            if not again:
                selector.unregister(connection.socket)
                connection.socket.close()
                active -= 1
    run.seconds = time.perf_counter() - started
    return run


def describe(status: int, body: bytes) -> str:
    """What an unexpected answer said, without anything that could be a token."""
    try:
        answer = json.loads(body)
        return f"{status} {answer.get('code') or answer.get('error') or sorted(answer)}"
    except (ValueError, AttributeError):
        return f"{status} without a JSON body"
