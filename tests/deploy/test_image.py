"""The image as far as it goes without a container engine: its folders, user, command line, health check and
stop signal, in namespaces of their own, the root read-only; the C library is this machine's."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest
from packages import DEPLOY, compose, instructions, secrets
from support.authority import Authority
from support.process import STOP_DEADLINE_S, binary
from support.scene import until

APART = ["unshare", "--mount", "--net", "--pid", "--fork", "--kill-child", "--propagation=private"]
INSIDE = """
root=$1 volume=$2 user=$3 tmpfs=$4; shift 4
ip link set lo up
mount --bind "$root" "$root"
mount --bind "$root$volume" "$root$volume"
mount -t proc proc "$root/proc"
mount -t tmpfs -o "${tmpfs#*:}" tmpfs "$root${tmpfs%%:*}"
cp -a "$root/secrets/." "$root/"
mount -o remount,bind,ro "$root"
exec setpriv --no-new-privs unshare --root="$root" --setgid="${user#*:}" --setuid="${user%:*}" "$@"
"""


def can() -> bool:
    """Whether this machine lets us."""
    tools = all(map(shutil.which, ["unshare", "nsenter", "setpriv", "ip", "ldd"]))
    return tools and os.geteuid() == 0 and subprocess.run([*APART, "true"], capture_output=True).returncode == 0


pytestmark = pytest.mark.skipif(not can(), reason="needs root, namespaces, util-linux and iproute2")


class Root:
    """The image's root with what the composition binds into it."""

    def __init__(self, home: Path):
        self.home, [self.user], [[self.volume]] = home, *(instructions(name) for name in ("USER", "VOLUME"))
        self.user, [service] = self.user[0], compose()["services"].values()
        for folder in ("proc", "run", self.volume.strip("/")):
            (home / folder).mkdir(parents=True)
        for library in re.findall(r"(/\S+) \(0x", subprocess.check_output(["ldd", binary()], text=True)):
            self.copy(library, library)
        self.copy(binary(), instructions("ENTRYPOINT")[0][0])
        for source, target, _ in (entry.split(":") for entry in service["volumes"] if entry.startswith("./")):
            if (DEPLOY / source).is_file():
                self.copy(DEPLOY / source, target)
        Authority().issue(self, "etc/locum/tls/cert.pem", "etc/locum/tls/key.pem")
        for entry in service["secrets"]:
            self.write("secrets" + entry["target"], secrets()[entry["source"]])
        for path in (*home.rglob("etc/locum/tls/*"), *home.rglob("secrets/**/*"), home / self.volume.strip("/")):
            shutil.chown(path, *map(int, self.user.split(":")))
            path.chmod(0o700 if path.is_dir() else 0o400)
        self.tmpfs = service["tmpfs"][0]

    def copy(self, source, target) -> None:
        """A file into the image."""
        there = self.home / str(target).lstrip("/")
        there.parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(source, there)

    def write(self, name: str, text: str) -> None:
        """A new file in the image."""
        there = self.home / name
        there.parent.mkdir(parents=True, exist_ok=True)
        there.write_text(text)


@pytest.fixture
def root(tmp_path):
    """The root, not running."""
    return Root(tmp_path / "root")


def test_the_image_runs_read_only_without_rights_says_it_is_well_and_stops(root, tmp_path):
    command = [*instructions("ENTRYPOINT")[0], *instructions("CMD")[0]]
    [health] = [service["healthcheck"]["test"][1:] for service in compose()["services"].values()]
    out, err = tmp_path / "stdout", tmp_path / "stderr"
    with out.open("wb") as o, err.open("wb") as e:
        words = [*APART, "sh", "-euc", INSIDE, "sh", root.home, root.volume, root.user, root.tmpfs, *command]
        outer = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=o, stderr=e, env={"PATH": os.environ["PATH"]})
    try:
        until(lambda: outer.poll() is not None or "public" in out.read_text())
        assert outer.poll() is None, err.read_text()
        [inner] = Path(f"/proc/{outer.pid}/task/{outer.pid}/children").read_text().split()
        ways = ["--target", inner, "--mount", "--net", "--pid", "--root", "--wd"]
        asked = subprocess.run(["nsenter", *ways, *health], capture_output=True, text=True, timeout=60)
        assert asked.returncode == 0 and "[+]ledger ok" in asked.stdout, asked.stdout + asked.stderr
        os.kill(int(inner), getattr(signal, instructions("STOPSIGNAL")[0][0]))
        assert outer.wait(STOP_DEADLINE_S) == 0, err.read_text()
    finally:
        outer.kill()
        outer.wait()
    made = root.home / root.volume.strip("/")
    assert (made / "ledger").is_dir()
    assert {path.stat().st_uid for path in made.rglob("*")} == {int(root.user.split(":")[0])}
