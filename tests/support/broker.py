"""The brokers that tests ask: one that is served, and the dev world."""

import base64
import json
import os
import urllib.error
import urllib.request
from pathlib import Path
from urllib.parse import urlsplit

from support import cast
from support.process import Member, Process, binary, free_port

SETTINGS = """
issuer = "http://127.0.0.1:{public}"
data_dir = "{data}"
[listen]
public = "127.0.0.1:{public}"
operations = "127.0.0.1:{operations}"
[keys]
master_key_file = "master.key"
rotate_days = 3650
[admin]
bootstrap_token_file = "admin.token"
[limits]
requests_per_client_per_s = {rate}
[network]
allow_private = ["127.0.0.0/8", "::1/128"]
[grants]
allow_administrator = true
"""
STARTS = 3
"""Times that ports are chosen anew, where somebody else took one meanwhile."""


class Cast(Process):
    """A broker that knows the cast of contract §3; what a test may know of it are attributes."""

    def __init__(self, data: Path | None = None):
        super().__init__()
        self.data_dir = Path(data) if data else self._home / "data"
        self.ready = Member()

    def __getattr__(self, name):
        ready = self.__dict__.get("ready") or {}
        if name in ready:
            return ready[name]
        raise AttributeError(name)

    def agent(self, agent_id: str) -> Member:
        """An agent of the cast: `client_id`, `client_secret`, `private_jwk`."""
        return self.ready["agents"][agent_id]

    def target(self, target_id: str) -> Member:
        """A target of the cast: `audience`, `rs_client_id`, `rs_client_secret`."""
        return self.ready["targets"][target_id]

    def resource_server(self, target_id: str) -> Member:
        """The client of such a target, in the shape that `client.call` takes."""
        target = self.target(target_id)
        return Member(client_id=target["rs_client_id"], client_secret=target["rs_client_secret"])


class Broker(Cast):
    """`locum serve` on free ports, from a `locum.toml` of settings; an administrator has declared the cast."""

    def __init__(self, data: Path | None = None, rate: int = 0):
        super().__init__(data)
        self._rate = rate
        self.config = self._home / "locum.toml"
        self._write("master.key", base64.b64encode(os.urandom(32)).decode())
        self._admin_token = base64.urlsafe_b64encode(os.urandom(32)).decode()
        self._write("admin.token", self._admin_token)

    def _write(self, name: str, text: str) -> None:
        path = self._home / name
        path.write_text(text)
        path.chmod(0o600)

    def start(self) -> "Broker":
        """Start and wait until requests are answered. Restarts keep the ports, so that issuer and tokens stay the same."""
        if not self.ready:
            try:
                self._first()
            except BaseException:
                self.close()  # nobody enters what did not start
                raise
            return self
        self._serve()
        self.ready["pid"] = self._process.pid
        return self

    def _first(self) -> None:
        for turn in range(STARTS):
            ports = free_port(), free_port()
            try:
                self._write("locum.toml", SETTINGS.format(public=ports[0], operations=ports[1], data=self.data_dir,
                                                          rate=self._rate))
                self._at = ports
                self._serve()
                break
            except RuntimeError as error:
                if "cannot listen" not in str(error) or turn + 1 == STARTS:
                    raise
        issuer = f"http://127.0.0.1:{ports[0]}"
        self.ready = Member(pid=self._process.pid, issuer=issuer, token_endpoint=f"{issuer}/token",
                            admin_api=f"{issuer}/admin/v1", admin_token=self._admin_token,
                            operations=f"http://127.0.0.1:{ports[1]}", data=str(self.data_dir))
        self.ready |= cast.declared(self)

    def _serve(self) -> None:
        self._run([binary(), "serve", "--config", str(self.config)], self._is_ready)

    def _is_ready(self) -> bool:
        try:
            return urllib.request.urlopen(f"http://127.0.0.1:{self._at[1]}/readyz", timeout=5).status == 200
        except (urllib.error.URLError, OSError):
            return False


class DevBroker(Cast):
    """`locum dev` on a free port, with its demo parties; every member of the ready file is an attribute."""

    def __init__(self, data: Path | None = None, options: tuple[str, ...] = ()):
        super().__init__(data)
        self._options = options
        self._listen = "127.0.0.1:0"
        self._starts = 0

    def start(self) -> "DevBroker":
        """Start and wait until requests are answered."""
        self._starts += 1
        self.ready_file = self._home / f"ready-{self._starts}.json"
        command = [binary(), "dev", "--listen", self._listen, "--data", str(self.data_dir)]
        self._run([*command, "--ready-file", str(self.ready_file), *self._options], self.ready_file.exists)
        self.ready = json.loads(self.ready_file.read_text(), object_hook=Member)
        # Restarts keep the port, so that issuer and tokens stay the same.
        self._listen = urlsplit(self.ready["issuer"]).netloc
        return self
