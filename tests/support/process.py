"""A broker as a child process: its start, its end, and what it wrote."""

import os
import random
import shutil
import socket
import subprocess
import tempfile
import time
from pathlib import Path

REPO = Path(__file__).resolve().parents[2]
START_DEADLINE_S = 60
STOP_DEADLINE_S = 20
POLL_S = 0.02
KEPT_PORTS = range(12_000, 32_000)
"""Ports that the kernel gives to no connection that goes out."""


def binary() -> str:
    """The executable under test: `LOCUM_BIN`, else the release build."""
    if named := os.environ.get("LOCUM_BIN"):
        return named
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target"))
    return str(target / "release" / "locum")


def free_port() -> int:
    """A loopback port that nobody listens on now."""
    with socket.socket() as bound:
        bound.bind(("127.0.0.1", 0))
        return bound.getsockname()[1]


def kept_port() -> int:
    """A free loopback port that no connection takes as its own end: who is started there again finds it free."""
    while True:
        port = random.choice(KEPT_PORTS)
        with socket.socket() as bound:
            try:
                bound.bind(("127.0.0.1", port))
            except OSError:
                continue
            return port


class Member(dict):
    """A JSON object whose members can be read as attributes."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Process:
    """What a broker under test is started with and leaves behind; a subclass says what it runs."""

    def __init__(self):
        self._home = Path(tempfile.mkdtemp(prefix="locum-test-"))
        self._process: subprocess.Popen | None = None

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def _run(self, command: list[str], is_ready) -> None:
        """Start it and wait until it is ready."""
        with (self._home / "stdout").open("ab") as out, (self._home / "stderr").open("ab") as err:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        deadline = time.monotonic() + START_DEADLINE_S
        while not is_ready():
            if self._process.poll() is not None:
                raise RuntimeError(f"broker ended with {self._process.returncode}:\n{self.output()[-2000:]}")
            if time.monotonic() > deadline:
                self.kill9()
                raise RuntimeError(f"broker not ready in {START_DEADLINE_S} s:\n{self.output()[-2000:]}")
            time.sleep(POLL_S)

    @property
    def running(self) -> bool:
        """Whether the child process lives."""
        return self._process is not None and self._process.poll() is None

    def kill9(self) -> None:
        """End it as a power cut would."""
        if self.running:
            self._process.kill()
        if self._process is not None:
            self._process.wait(STOP_DEADLINE_S)

    def stop(self) -> int:
        """End it politely (SIGTERM); the exit code."""
        if self.running:
            self._process.terminate()
        try:
            return self._process.wait(STOP_DEADLINE_S)
        except subprocess.TimeoutExpired:
            self.kill9()
            raise

    def restart(self, kill: bool = False):
        """Stop (or kill -9) and start again on the same data and port."""
        self.kill9() if kill else self.stop()
        return self.start()

    def output(self) -> str:
        """Everything it has written to stdout and stderr, over all starts."""
        files = [self._home / "stdout", self._home / "stderr"]
        return "".join(f.read_text(errors="replace") for f in files if f.exists())

    def close(self) -> None:
        """Kill it and remove what it left."""
        self.kill9()
        shutil.rmtree(self._home, ignore_errors=True)
