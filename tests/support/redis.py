"""A Redis of a test's own on a free port, with its file, and a proxy before it that can be cut."""

import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time
from pathlib import Path

from support.process import POLL_S, START_DEADLINE_S, STOP_DEADLINE_S, kept_port

PREFIX = "locum:default:"
HEAD, LOG, NODES, TURN = (f"{PREFIX}{{c}}:{name}" for name in ("head", "log", "nodes", "turn"))
"""What the change log has come to, the changes, the nodes' rows, the right to plan a change."""


def tree_log(tree: str) -> str:
    """The commits of a tree of decisions."""
    return f"{PREFIX}{{t:{tree}}}:log"


def tree_head(tree: str) -> str:
    """What a tree of decisions has come to."""
    return f"{PREFIX}{{t:{tree}}}:head"


class Redis:
    """Debian's redis-server as a child process. `more` are words of its command line."""

    def __init__(self, *more: str, replica_of: "Redis | None" = None, appendonly: bool = True):
        self.home = Path(tempfile.mkdtemp(prefix="locum-redis-"))
        self.port, self._more, self.process = kept_port(), list(more), None
        self._more += ["--appendonly", "yes" if appendonly else "no"]
        if replica_of is not None:
            self._more += ["--replicaof", f"127.0.0.1 {replica_of.port}"]

    def __enter__(self) -> "Redis":
        return self.start()

    def __exit__(self, *_):
        self.kill9()
        shutil.rmtree(self.home, ignore_errors=True)

    def start(self) -> "Redis":
        """Start it, with its file where there is one, and wait until it answers."""
        words = ["redis-server", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.home),
                 "--save", "", *self._more]
        with (self.home / "log").open("ab") as log:
            self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        deadline = time.monotonic() + START_DEADLINE_S
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                raise RuntimeError((self.home / "log").read_text()[-2000:])
            time.sleep(POLL_S)
        return self

    def _answers(self) -> bool:
        try:
            return self.ask("PING") == b"PONG"
        except (OSError, RedisError):
            return False

    def kill9(self) -> None:
        """End it at once."""
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(STOP_DEADLINE_S)

    def freeze(self) -> None:
        """Stop its process: it takes connections, and answers nothing."""
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        """Let it go on."""
        self.process.send_signal(signal.SIGCONT)

    def lose(self) -> None:
        """Forget its file; it must not run."""
        for path in self.home.iterdir():
            if path.name != "log":
                shutil.rmtree(path) if path.is_dir() else path.unlink()

    @property
    def url(self) -> str:
        """Its address."""
        return f"redis://127.0.0.1:{self.port}/0"

    def ask(self, *words):
        """One command, as whoever can write there."""
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as link:
            raw = [w if isinstance(w, bytes) else str(w).encode() for w in words]
            link.sendall(b"*%d\r\n" % len(raw) + b"".join(b"$%d\r\n%s\r\n" % (len(w), w) for w in raw))
            return _reply(link.makefile("rb"))

    def says(self, name: str) -> str:
        """A line of its `INFO`."""
        lines = self.ask("INFO").decode().splitlines()
        return dict(line.split(":", 1) for line in lines if ":" in line)[name]

    def entries(self, key: str) -> list[tuple[str, dict[bytes, bytes]]]:
        """A stream: the id of each entry, and its fields."""
        found = self.ask("XRANGE", key, "-", "+")
        return [(entry.decode(), dict(zip(fields[::2], fields[1::2]))) for entry, fields in found]


    # What an attacker can do who may write there.

    def put_behind(self, sealed: bytes) -> str:
        """Put bytes behind the newest change, as the script of a node does; the id of the entry."""
        at = int(self.ask("HGET", HEAD, "seq")) + 1
        self.ask("EVAL", "redis.call('XADD', KEYS[2], ARGV[1] .. '-0', 'd', ARGV[2]) "
                 "redis.call('HSET', KEYS[1], 'seq', ARGV[1])", 2, HEAD, LOG, at, sealed)
        return f"{at}-0"

    def dump(self) -> dict[bytes, bytes]:
        """Everything that is there now."""
        return {key: value for key in self.ask("KEYS", "*") if (value := self.ask("DUMP", key)) is not None}

    def put_back(self, dumped: dict[bytes, bytes]) -> None:
        """Everything as it was, and nothing else, at once."""
        script = ("redis.call('FLUSHDB') for i = 1, #KEYS do redis.call('RESTORE', KEYS[i], 0, ARGV[i], 'REPLACE') end")
        self.ask("EVAL", script, len(dumped), *dumped.keys(), *dumped.values())


class RedisError(Exception):
    """What Redis answers instead."""


def _reply(stream):
    line = stream.readline()
    if not line:
        raise OSError("closed")
    kind, rest = line[:1], line[1:-2]
    if kind == b"-":
        raise RedisError(rest.decode())
    if kind == b"+":
        return rest
    if kind == b":":
        return int(rest)
    if kind == b"$":
        if int(rest) < 0:
            return None
        return stream.read(int(rest) + 2)[:-2]
    return None if int(rest) < 0 else [_reply(stream) for _ in range(int(rest))]


class Proxy:
    """Passes connections on to a port, until it is cut: then nothing passes and nothing is refused, as in a partition."""

    def __init__(self, port: int):
        self._to, self.port = port, kept_port()
        self._cut, self._delay_s = threading.Event(), 0.0
        self._pairs: list[tuple[socket.socket, socket.socket]] = []
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def __enter__(self) -> "Proxy":
        return self

    def __exit__(self, *_):
        # Who waits for a connection hears of the end; closing alone would leave it waiting.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.drop()

    @property
    def url(self) -> str:
        """The address of what is behind it."""
        return f"redis://127.0.0.1:{self.port}/0"

    def cut(self) -> None:
        """Nothing passes from now on."""
        self._cut.set()

    def join(self) -> None:
        """Everything passes again; connections of before are gone."""
        self.drop()
        self._cut.clear()

    def slow(self, seconds: float) -> None:
        """Each piece that passes waits so long."""
        self._delay_s = seconds

    def drop(self) -> None:
        """End all connections."""
        pairs, self._pairs = self._pairs, []
        for pair in pairs:
            for end in pair:
                _shut(end)
                end.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to), timeout=5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            self._pairs.append((near, far))
            for ends in ((near, far), (far, near)):
                threading.Thread(target=self._pass, args=ends, daemon=True).start()

    def _pass(self, source: socket.socket, to: socket.socket) -> None:
        try:
            while piece := source.recv(65536):
                if self._delay_s:
                    time.sleep(self._delay_s)
                if not self._cut.is_set():
                    to.sendall(piece)
        except OSError:
            pass
        _shut(source)
        _shut(to)


def _shut(end: socket.socket) -> None:
    try:
        end.shutdown(socket.SHUT_RDWR)
    except OSError:
        pass
