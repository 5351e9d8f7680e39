"""The files of `deploy/` as the machines read them, and an installation after them in a folder of its own."""

import os
import re
import shlex
import shutil
import signal
import subprocess
import tempfile
import tomllib
from base64 import b64encode
from pathlib import Path

import yaml
from support.authority import Authority
from support.process import REPO, binary
from support.serving import ADMIN_TOKEN, Serving

DEPLOY = REPO / "deploy"
BINARY, ETC, DATA, CREDENTIALS = "/usr/local/bin/locum", "/etc/locum", "/var/lib/locum", "/run/credentials/locum.service"


def unit() -> dict[str, list[str]]:
    """The settings of the unit's `[Service]`, each with all its values."""
    found, section = {}, None
    for line in (DEPLOY / "locum.service").read_text().splitlines():
        if line.startswith("["):
            section = line
        elif section == "[Service]" and line and not line.startswith("#"):
            name, _, value = line.partition("=")
            found.setdefault(name, []).append(value)
    return found


def one(name: str) -> str:
    """The one value of a setting of the unit."""
    [value] = unit()[name]
    return value


def longest_stop_s() -> int:
    """How long a broker finishes what is under way, at most."""
    text = (REPO / "broker/server/src/serve/serving.rs").read_text()
    return int(re.search(r"^const FINISH: Duration = Duration::from_secs\((\d+)\);", text, re.M)[1])


def containerfile() -> list[tuple[str, list[str]]]:
    """The instructions of the container file: name and words; those in JSON form as they are."""
    text = "\n".join(l for l in (DEPLOY / "Containerfile").read_text().splitlines() if not l.startswith("#"))
    lines = [line.split(None, 1) for line in text.replace("\\\n", " ").splitlines() if line.strip()]
    return [(name, yaml.safe_load(rest) if rest.startswith("[") else shlex.split(rest)) for name, rest in lines]


def instructions(name: str) -> list[list[str]]:
    """What stands behind each instruction of that name."""
    return [words for found, words in containerfile() if found == name]


def compose() -> dict:
    """The composition."""
    return yaml.safe_load((DEPLOY / "compose.yaml").read_text())


def configuration() -> dict:
    """The sample."""
    return tomllib.loads((DEPLOY / "locum.toml").read_text())


def listeners(where: str) -> dict[str, str]:
    """The addresses on a `host` or in a `container`."""
    return tomllib.loads((DEPLOY / f"listen-{where}.toml").read_text())["listen"]


def secrets() -> dict[str, str]:
    """What secret files hold, by the names of the unit's credentials."""
    return {"master-key": b64encode(os.urandom(32)).decode() + "\n", "bootstrap-token": ADMIN_TOKEN + "\n"}


class Installed(Serving):
    """The unit on a host whose paths lie below one folder and whose ports are free ones; all else as written."""

    scheme = "https"

    def __init__(self):
        self.home = Path(tempfile.mkdtemp(prefix="locum-unit-"))
        self.admin_token, self.process, self.at = ADMIN_TOKEN, None, {}
        self.issuer = configuration()["issuer"]
        self.authority = Authority()
        self.authority.issue(self, "etc/tls/cert.pem", "etc/tls/key.pem")
        self.write("ca.pem", self.authority.pem())
        self.config = self.write("etc/locum.toml", self.here((DEPLOY / "locum.toml").read_text()))
        free = (DEPLOY / "listen-host.toml").read_text()
        for address in listeners("host").values():
            free = free.replace(address, "127.0.0.1:0")
        self.write("etc/conf.d/listen.toml", free)
        for name, text in secrets().items():
            self.write(f"etc/{name}", text)
        (self.home / "state").mkdir(mode=int(one("StateDirectoryMode"), 8))
        assert f"/var/lib/{one('StateDirectory')}" == DATA

    def here(self, text: str) -> str:
        """A text with the paths of the package as they are here."""
        places = {BINARY: binary(), ETC: "etc", DATA: "state", CREDENTIALS: "credentials"}
        for path, place in places.items():
            text = text.replace(path, str(self.home / place))
        return text

    def command(self) -> list[str]:
        """The unit's, after its credentials were laid out as the manager does and its check passed."""
        credentials = self.home / "credentials"
        shutil.rmtree(credentials, ignore_errors=True)
        credentials.mkdir(mode=0o700)
        for name, source in (value.split(":") for value in unit()["LoadCredential"]):
            shutil.copy(self.here(source), credentials / name)
        done = self.check()
        assert done.returncode == 0, done.stderr
        return shlex.split(self.here(one("ExecStart")))

    def check(self) -> subprocess.CompletedProcess:
        """`ExecStartPre`."""
        words = shlex.split(self.here(one("ExecStartPre")))
        return subprocess.run(words, capture_output=True, text=True, timeout=60, **self.surroundings)

    @property
    def surroundings(self) -> dict:
        """Where and with what environment the manager starts a process (systemd.exec, "Environment")."""
        given = dict(value.split("=", 1) for value in unit()["Environment"])
        env = given | {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin", "USER": one("User"),
                       "CREDENTIALS_DIRECTORY": str(self.home / "credentials"), "STATE_DIRECTORY": str(self.home / "state")}
        return {"env": env, "cwd": "/", "umask": int(one("UMask"), 8)}

    def reload(self) -> None:
        """`ExecReload`."""
        words = shlex.split(one("ExecReload").replace("$MAINPID", str(self.process.pid)))
        subprocess.run(words, check=True, timeout=60)

    def stop(self) -> int:
        """As the manager does: its signal, and no longer than it waits; the exit code."""
        self.process.send_signal(getattr(signal, one("KillSignal")))
        return self.process.wait(int(one("TimeoutStopSec")))
