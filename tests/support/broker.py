"""A dev broker as a child process, known to the tests only by its ready file."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path
from urllib.parse import urlsplit

REPO = Path(__file__).resolve().parents[2]
START_DEADLINE_S = 60
STOP_DEADLINE_S = 20
POLL_S = 0.02


def binary() -> str:
    """The executable under test: `LOCUM_BIN`, else the release build."""
    if named := os.environ.get("LOCUM_BIN"):
        return named
    target = Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target"))
    return str(target / "release" / "locum")


class Member(dict):
    """A JSON object whose members can be read as attributes."""

    def __getattr__(self, name):
        try:
            return self[name]
        except KeyError:
            raise AttributeError(name) from None


class Broker:
    """`locum dev` on a free port; every member of the ready file is an attribute."""

    def __init__(self, data: Path | None = None, options: tuple[str, ...] = ()):
        self._home = Path(tempfile.mkdtemp(prefix="locum-test-"))
        self.data_dir = Path(data) if data else self._home / "data"
        self._options = options
        self._listen = "127.0.0.1:0"
        self._process: subprocess.Popen | None = None
        self._starts = 0
        self.ready = Member()

    def __getattr__(self, name):
        ready = self.__dict__.get("ready") or {}
        if name in ready:
            return ready[name]
        raise AttributeError(name)

    def __enter__(self):
        return self.start()

    def __exit__(self, *_):
        self.close()

    def start(self) -> "Broker":
        """Start and wait until requests are answered."""
        self._starts += 1
        ready_file = self._home / f"ready-{self._starts}.json"
        command = [binary(), "dev", "--listen", self._listen, "--data", str(self.data_dir)]
        command += ["--ready-file", str(ready_file), *self._options]
        with (self._home / "stdout").open("ab") as out, (self._home / "stderr").open("ab") as err:
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self._await_ready(ready_file)
        self.ready_file = ready_file
        self.ready = json.loads(ready_file.read_text(), object_hook=Member)
        # Restarts keep the port, so that issuer and tokens stay the same.
        self._listen = urlsplit(self.ready["issuer"]).netloc
        return self

    def _await_ready(self, ready_file: Path) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        while not ready_file.exists():
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

    def restart(self, kill: bool = False) -> "Broker":
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

    def agent(self, agent_id: str) -> Member:
        """A demo agent: `client_id`, `client_secret`, `private_jwk`."""
        return self.ready["agents"][agent_id]

    def target(self, target_id: str) -> Member:
        """A demo target: `audience`, `url`, `rs_client_id`, `rs_client_secret`."""
        return self.ready["targets"][target_id]

    def resource_server(self, target_id: str) -> Member:
        """The client of a demo target, in the shape that `client.call` takes."""
        target = self.target(target_id)
        return Member(client_id=target["rs_client_id"], client_secret=target["rs_client_secret"])
