"""What a library is asked to get, and what its caller then holds in the hand."""

import json
import re
import subprocess
import threading
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from support.checks import ID

HERE = Path(__file__).parent
NODE = HERE / "node"
FUSE_S = 60
REQUEST_ID = rf"\breq_{ID}\b"


@dataclass(frozen=True, repr=False)
class Ask:
    """One exchange, in the words a library's snippet uses."""

    issuer: str
    token_endpoint: str
    client_id: str
    client_secret: str
    private_jwk: dict
    way: str
    """How the client proves itself, or whatever else a library is asked to do in another way."""
    subject_token: str
    subject_token_type: str
    token_file: str
    """A file that holds the subject token."""
    actor: dict
    """`actor_token` and `actor_token_type`, or nothing."""
    audience: str
    scope: str
    target_url: str
    """A resource that the token opens."""


@dataclass(frozen=True, repr=False)
class Seen:
    """One token that reached a resource server."""

    issuer: str
    jwks_uri: str
    introspection_endpoint: str
    client_id: str
    client_secret: str
    """The resource server's own."""
    audience: str
    token: str


@dataclass
class Refused(Exception):
    """What a library gave its caller instead of a token: the text of the error, and what else hangs on it.

    Some hang the request on it too, so a failing test prints the text alone.
    """

    message: str
    more: list[str] = field(default_factory=list, repr=False)

    def __str__(self) -> str:
        return self.message

    def shows(self, refusal) -> tuple[list[str], list[str]]:
        """Which members of a refusal of the token endpoint stand in the message, and which only beside it."""
        body = refusal.json()
        parts = {name: re.escape(body[name]) for name in ("error", "error_description", "error_uri")}
        parts |= {"request_id": REQUEST_ID, "status": rf"\b{refusal.status_code}\b"}

        def found(*texts: str) -> list[str]:
            return [name for name, pattern in parts.items() if any(re.search(pattern, text) for text in texts)]

        message = found(self.message)
        return message, [name for name in found(*self.more) if name not in message]


def strings(thing, depth: int = 4) -> Iterator[str]:
    """Every text and number on an exception, of what it wraps too."""
    if isinstance(thing, (str, int)):
        yield str(thing)
    elif isinstance(thing, bytes):
        yield thing.decode(errors="replace")
    elif depth:
        if isinstance(thing, dict):
            members = list(thing.values())
        elif isinstance(thing, (list, tuple)):
            members = list(thing)
        else:
            members = [*getattr(thing, "args", ()), *vars(thing).values()] if hasattr(thing, "__dict__") else []
        for member in members:
            yield from strings(member, depth - 1)


def python(get: Callable) -> Callable:
    """A Python library: what it raises becomes `Refused`."""

    def run(ask: Ask | Seen) -> dict:
        try:
            return get(ask)
        except Exception as refusal:
            raise Refused(str(refusal), list(strings(refusal))) from refusal

    return run


class Node:
    """A Node library: one process a script, one line in and out an ask."""

    running: dict[Path, subprocess.Popen] = {}

    def __init__(self, script: str):
        self.path = NODE / script

    def __call__(self, ask: Ask | Seen) -> dict:
        process = self.running.get(self.path)
        if process is None or process.poll() is not None:
            process = self.running[self.path] = subprocess.Popen(
                ["node", str(self.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        fuse = threading.Timer(FUSE_S, process.kill)
        fuse.start()
        try:
            process.stdin.write(json.dumps(asdict(ask)) + "\n")
            process.stdin.flush()
            line = process.stdout.readline()
        finally:
            fuse.cancel()
        assert line, f"{self.path.name} ended with {process.wait()}"
        answer = json.loads(line)
        if "refused" in answer:
            raise Refused(**answer["refused"])
        return answer

    @classmethod
    def stop(cls) -> None:
        """End all of them."""
        for process in cls.running.values():
            process.stdin.close()
            process.wait(FUSE_S)
            process.stdout.close()
        cls.running.clear()
