"""`locum serve` as a child process, in a folder of its own with its `locum.toml`."""

import base64
import http.client
import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path

from support.client import Admin
from support.process import POLL_S, START_DEADLINE_S, STOP_DEADLINE_S, binary

ISSUER = "https://broker.example"
ADMIN_TOKEN = "bootstrap-token-of-a-test-0123456789"
AGENT_SECRET = "agent-secret-of-a-test-0123456789"
SERVER_SECRET = "server-secret-of-a-test-0123456789"

SETTINGS = """
issuer = "{issuer}"
data_dir = "data"
include = ["conf.d/*.toml"]
[listen]
public = "127.0.0.1:0"
operations = "127.0.0.1:0"
{listen}
[keys]
master_key_file = "master.key"
[admin]
bootstrap_token_file = "admin.token"
[policy]
dir = "policies"
"""

OBJECTS = """
[[issuers]]
id = "corp"
issuer = "https://idp.example"
kind = "oidc"
role = "subject"
audiences = ["my-app"]
[[clients]]
id = "sap-rs"
kind = "resource_server"
auth = [{ method = "client_secret" }]
client_secret_file = "../server.secret"
[[targets]]
id = "sap"
audience = "urn:test:sap"
resource_server = "sap-rs"
scopes = { "invoice.read" = { risk = "low" }, "invoice.post" = { risk = "high" } }
[[agents]]
id = "bot"
owner = { kind = "team", id = "finance-it" }
auth = [{ method = "client_secret" }]
client_secret_file = "../agent.secret"
subject_issuers = ["corp"]
certified_until = 2099-12-31T00:00:00Z
ceiling = [{ target = "sap", scopes = ["invoice.read"], default = ["invoice.read"], alone = ["invoice.read"] }]
"""

POLICY = """@id("bot-reads") @reason("test")
permit(principal == Agent::"bot", action, resource == Target::"sap");
"""


def run(*words, **kwargs) -> subprocess.CompletedProcess:
    """One command of the executable, to its end."""
    return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=60, **kwargs)


class Serving:
    """A folder ready to be served. `issuer` need not be where it listens."""

    scheme, surroundings = "http", {}

    def __init__(self, issuer=ISSUER, listen="", more=""):
        self.home = Path(tempfile.mkdtemp(prefix="locum-serve-"))
        self.config = self.home / "locum.toml"
        self.issuer, self.admin_token = issuer, ADMIN_TOKEN
        self.write("locum.toml", SETTINGS.format(issuer=issuer, listen=listen) + more)
        self.write("conf.d/objects.toml", OBJECTS)
        self.write("policies/bot.cedar", POLICY)
        self.write("master.key", base64.b64encode(os.urandom(32)).decode() + "\n")
        self.write("admin.token", ADMIN_TOKEN + "\n")
        self.write("agent.secret", AGENT_SECRET + "\n")
        self.write("server.secret", SERVER_SECRET)
        self.process, self.at = None, {}

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.wait(STOP_DEADLINE_S)
        shutil.rmtree(self.home, ignore_errors=True)

    def write(self, name: str, text: str) -> Path:
        """One file of the folder, its owner's alone."""
        path = self.home / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        path.chmod(0o600)
        return path

    def change(self, name: str, old: str, new: str) -> None:
        """Replace a piece of a file."""
        text = (self.home / name).read_text()
        assert old in text
        (self.home / name).write_text(text.replace(old, new))

    def start(self) -> "Serving":
        """Start it and wait until it says where it listens and is ready."""
        out, err = self.home / "stdout", self.home / "stderr"
        with out.open("wb") as o, err.open("ab") as e:
            self.process = subprocess.Popen(self.command(), stdin=subprocess.DEVNULL, stdout=o, stderr=e,
                                            **self.surroundings)
        self._await(lambda: "operations" in out.read_text())
        lines = [line.split() for line in out.read_text().splitlines()[1:]]
        self.at = {words[0]: words[1] for words in lines if len(words) == 2}
        self._await(lambda: self.get("operations", "/readyz")[0] == 200)
        return self

    def command(self) -> list[str]:
        """What starts it."""
        return [binary(), "serve", "--config", str(self.config)]

    def _await(self, holds) -> None:
        deadline = time.monotonic() + START_DEADLINE_S
        while not holds():
            if self.process.poll() is not None:
                raise RuntimeError(f"ended with {self.process.returncode}: {self.log()[-2000:]}")
            if time.monotonic() > deadline:
                raise RuntimeError(f"not ready: {self.log()[-2000:]}")
            time.sleep(POLL_S)

    def stop(self) -> int:
        """End it politely; the exit code."""
        self.process.send_signal(signal.SIGTERM)
        return self.process.wait(STOP_DEADLINE_S)

    def log(self) -> str:
        """What it wrote to stderr."""
        return (self.home / "stderr").read_text(errors="replace")

    def get(self, listener: str, path: str, headers=None):
        """GET a path as it is spelt; status, headers and body."""
        connection = http.client.HTTPConnection(self.at[listener], timeout=30)
        try:
            connection.request("GET", path, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read().decode()
        finally:
            connection.close()

    def records(self) -> int:
        """How many records the ledger has."""
        for line in self.get("operations", "/metrics")[2].splitlines():
            if line.startswith("locum_ledger_records_total "):
                return int(line.split()[1])
        raise AssertionError("no figure of records")

    @property
    def admin_api(self) -> str:
        """Where the admin API answers."""
        return f"{self.scheme}://{self.at.get('admin', self.at['public'])}/admin/v1"

    @property
    def token_endpoint(self) -> str:
        """Where tokens are asked for."""
        return f"{self.scheme}://{self.at['public']}/token"

    @property
    def admin(self) -> Admin:
        """The admin client with the bootstrap token."""
        return Admin(self)
