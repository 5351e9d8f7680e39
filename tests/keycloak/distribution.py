"""Keycloak's distribution in the build folder: fetched once, known by its checksum, built once."""

import fcntl
import hashlib
import os
import re
import shutil
import subprocess
import urllib.request
import zipfile
from pathlib import Path

from support.process import REPO

VERSION = "26.7.3"
URL = ("https://repo1.maven.org/maven2/org/keycloak/keycloak-quarkus-dist/"
       f"{VERSION}/keycloak-quarkus-dist-{VERSION}.zip")
SHA256 = "27a6535553c3cdcd083872ba40629efafb3475e3b758e0c6f691395561dd0f1f"
JAVA = 17
BUILD = ("--db=dev-mem", "--cache=local")
"""What a start would otherwise build into the distribution by itself; as the page starts it."""
FETCH_S, BUILD_S, APT_S = 60, 240, 240


class Missing(Exception):
    """Something cannot be had here; what it is, and why."""


def home() -> Path:
    """The folder of Keycloak, ready to be started. Raises `Missing`."""
    _java()
    kept = Path(os.environ.get("CARGO_TARGET_DIR", REPO / "target")) / "keycloak"
    kept.mkdir(parents=True, exist_ok=True)
    folder = kept / f"keycloak-{VERSION}"
    with (kept / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not (folder / "built").exists():
            shutil.rmtree(folder, ignore_errors=True)
            _unpack(_fetched(kept), kept)
            _build(folder)
            (folder / "built").touch()
    return folder


def _java() -> None:
    if _version() >= JAVA:
        return
    package = f"openjdk-{JAVA}-jre-headless"
    script = f"apt-get update -q && DEBIAN_FRONTEND=noninteractive apt-get install -qy {package}"
    try:
        done = subprocess.run(["sh", "-c", script], capture_output=True, text=True, timeout=APT_S)
    except subprocess.TimeoutExpired as error:
        raise Missing(f"Java {JAVA} is not here and {package} cannot be installed: {error}") from error
    if _version() < JAVA:
        last = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise Missing(f"Java {JAVA} is not here and {package} cannot be installed: {last}")


def _version() -> int:
    """Java's, or 0."""
    if not shutil.which("java"):
        return 0
    said = subprocess.run(["java", "-version"], capture_output=True, text=True).stderr
    found = re.search(r'version "(\d+)', said)
    return int(found[1]) if found else 0


def _fetched(kept: Path) -> Path:
    """The archive; one with another checksum is never unpacked."""
    path = kept / URL.rpartition("/")[2]
    if not path.exists():
        part = path.with_suffix(".part")
        try:
            with urllib.request.urlopen(URL, timeout=FETCH_S) as answer, part.open("wb") as out:
                shutil.copyfileobj(answer, out)
        except OSError as error:
            raise Missing(f"{URL} cannot be fetched: {error}") from error
        part.rename(path)
    with path.open("rb") as archive:
        found = hashlib.file_digest(archive, "sha256").hexdigest()
    if found != SHA256:
        path.unlink()
        raise AssertionError(f"expected {path.name} with SHA-256 {SHA256}, found {found}; it was deleted")
    return path


def _unpack(archive: Path, into: Path) -> None:
    with zipfile.ZipFile(archive) as whole:
        whole.extractall(into)
    archive.unlink()
    (into / f"keycloak-{VERSION}" / "bin" / "kc.sh").chmod(0o755)


def _build(folder: Path) -> None:
    done = subprocess.run([folder / "bin" / "kc.sh", "build", *BUILD], capture_output=True, text=True, timeout=BUILD_S)
    assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
