"""One page, played as a reader would: its files, its servers, its one shell."""
import os
import pathlib
import pty
import re
import select
import shutil
import signal
import subprocess
import tempfile
import threading
import time
import tty
import urllib.error
import urllib.request

from blocks import DEFAULT, Block, matches
from ports import Ports

END = "__end_of_block__"
FUSE_S = 60
POLL_S = 0.02
# What a server of ours says when it is ready, and what Keycloak and Redis say.
READY = re.compile(r"^ready in|\bKeycloak \S+ on JVM .* started in |\* Ready to accept connections")
# Where a page names no port, the dev world takes the usual one.
USUAL = "127.0.0.1:8420"
ROOT = pathlib.Path(__file__).resolve().parents[2]


class Wrong(Exception):
    """A block that does not do what the page says."""


def environment(folder: str) -> dict:
    """The caller's, without what would speak to another broker; `locum` is in the PATH and where
    a build puts it."""
    target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
    binary = os.path.abspath(os.environ.get("LOCUM_BIN", f"{target}/release/locum"))
    release = pathlib.Path(folder) / "release"
    release.mkdir()
    (release / "locum").symlink_to(binary)
    kept = {name: text for name, text in os.environ.items() if not name.startswith("LOCUM_")}
    return dict(kept, CARGO_TARGET_DIR=folder, PATH=f"{release}:{kept['PATH']}", TERM="dumb", LC_ALL="C.UTF-8")


def _end(process: subprocess.Popen, by: signal.Signals) -> None:
    try:
        os.killpg(process.pid, by)
    except ProcessLookupError:
        pass


class Server:
    """A command that runs until it is stopped."""

    def __init__(self, script: str, cwd: str, env: dict):
        self.script, self.cwd, self.env = script, cwd, env
        self.start()

    def start(self) -> None:
        """Starts it and waits until it answers."""
        self.log = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            ["bash", "-c", self.script], cwd=self.cwd, env=self.env, text=True, start_new_session=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=self.log)
        self.lines, self.said = [], threading.Event()
        self.reader = threading.Thread(target=self._read, daemon=True)
        self.reader.start()
        deadline = time.monotonic() + FUSE_S
        while not self._ready():
            if not self.reader.is_alive() or time.monotonic() > deadline:
                self.stop()
                self.log.seek(0)
                raise Wrong("the server is not ready: " + "".join(self.lines) + self.log.read())
            self.said.wait(POLL_S)

    def _read(self) -> None:
        for line in self.process.stdout:
            self.lines.append(line)
            self.said.set()

    def _ready(self) -> bool:
        if any(map(READY.search, self.lines)):
            return True
        words = [line.split() for line in self.lines]
        at = next((pair[1] for pair in words if len(pair) == 2 and pair[0] == "operations"), None)
        if at is None:
            return False
        try:
            return urllib.request.urlopen(f"http://{at}/readyz", timeout=5).status == 200
        except (urllib.error.URLError, OSError):
            return False

    def stop(self) -> None:
        """Ends it politely and waits for its last word."""
        _end(self.process, signal.SIGTERM)
        self.reader.join(FUSE_S)
        _end(self.process, signal.SIGKILL)
        self.process.wait()


class Shell:
    """One shell for the whole page, so that variables live on. It prints to a terminal."""

    def __init__(self, cwd: str, env: dict):
        self.master, slave = pty.openpty()
        tty.setraw(slave)
        self.process = subprocess.Popen(
            ["bash"], cwd=cwd, env=env, text=True, stdin=subprocess.PIPE,
            stdout=slave, stderr=slave, start_new_session=True)
        os.close(slave)
        self.scripts, self.broken = tempfile.TemporaryDirectory(), False

    def run(self, script: str) -> tuple[int, str]:
        """Runs a block; the first status that is not 0, and what was printed."""
        if self.broken:
            raise Wrong("not run: the shell ended or hangs since a block before")
        path = pathlib.Path(self.scripts.name) / "block"
        path.write_text(script)
        self.process.stdin.write(
            "__s=0; set -E -o pipefail; trap '__s=1' ERR\n"
            f". {path} </dev/null\n"
            f"trap - ERR; export -f $(compgen -A function) 2>/dev/null; echo {END} $__s\n")
        self.process.stdin.flush()
        seen, deadline = b"", time.monotonic() + FUSE_S
        while True:
            ready, _, _ = select.select([self.master], [], [], max(0, deadline - time.monotonic()))
            try:
                piece = os.read(self.master, 65536) if ready else b""
            except OSError:
                piece = b""
            if not piece:
                self.broken = True
                raise Wrong("the shell ended within the block, or hangs: " + seen.decode(errors="replace"))
            seen += piece
            end = re.search(rb"%s (\d+)\n$" % END.encode(), seen)
            if end:
                return int(end[1]), seen[:end.start()].decode(errors="replace")

    def stop(self) -> None:
        """Ends it and whatever it left behind."""
        _end(self.process, signal.SIGKILL)
        self.process.wait()
        self.process.stdin.close()
        os.close(self.master)
        self.scripts.cleanup()


class Page:
    """An empty folder in which the blocks of one page are played."""

    def __init__(self, env: dict):
        self.folder = tempfile.mkdtemp(prefix="locum-docs-")
        self.env = dict(env, HOME=self.folder, XDG_RUNTIME_DIR=self.folder, PWD=self.folder)
        self.ports, self.servers, self.printed = Ports(), {}, ""
        self.shell = Shell(self.folder, self.env)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        for server in self.servers.values():
            server.stop()
        self.shell.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def play(self, block: Block) -> str:
        """Does what a block says; what is worth showing. Raises `Wrong`."""
        text = re.sub(r"\blocum dev\b(?! (?:env|--listen))", f"locum dev --listen {USUAL}", block.text)
        return getattr(self, f"_{block.kind}")(block, self.ports.there(text))

    def _run(self, block: Block, script: str) -> str:
        status, printed = self.shell.run(script)
        self.printed = self.ports.back(printed)
        if (status != 0) != (block.kind == "fails"):
            raise Wrong(f"ended with {'an error' if status else '0'}:\n{self.printed}")
        return self.printed

    _fails = _run

    def _shows(self, block: Block, _: str) -> str:
        if not matches(block.text, self.printed):
            raise Wrong(f"printed is:\n{self.printed}")
        return ""

    def _console(self, *_) -> str:
        return ""

    _figure = _console

    def _file(self, block: Block, text: str) -> str:
        path = pathlib.Path(self.folder) / block.about
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        return ""

    def _server(self, block: Block, script: str) -> str:
        if block.about in self.servers:
            raise Wrong(f"a second server of the name {block.about}")
        self.servers[block.about] = Server(script, self.folder, self.env)
        return ""

    def _stop(self, block: Block, _: str) -> str:
        self._named(block.about).stop()
        return ""

    def _restart(self, block: Block, script: str) -> str:
        server = self._named(block.about)
        server.stop()
        if script.strip():
            server.script = script
        server.start()
        return ""

    def _named(self, name: str) -> Server:
        if name == DEFAULT and len(self.servers) == 1:
            return next(iter(self.servers.values()))
        if name not in self.servers:
            raise Wrong(f"no server of the name {name}")
        return self.servers[name]
