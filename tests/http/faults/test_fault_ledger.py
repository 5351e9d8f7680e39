"""The ledger cannot be written: nothing is issued, nothing refused off the record, and it recovers by itself."""

import os
import resource
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from support import client, tokens
from support.broker import Broker
from support.process import binary
from support.scene import Scene, until
from support.world import World


def ledger_bytes(broker) -> int:
    """The size of its largest file in the ledger folder."""
    return max(p.stat().st_size for p in (Path(broker.data_dir) / "ledger").rglob("*") if p.is_file())


class Capped:
    """The kernel refuses every byte of a file beyond its present length (RLIMIT_FSIZE, soft and taken back)."""

    def __init__(self, broker):
        self.broker, self.before = broker, resource.prlimit(broker.pid, resource.RLIMIT_FSIZE)

    def stop_writes(self, spare: int = 0):
        """`spare` bytes still fit, so that a write can be cut short."""
        limit = ledger_bytes(self.broker) + spare
        resource.prlimit(self.broker.pid, resource.RLIMIT_FSIZE, (limit, self.before[1]))

    def allow_writes(self):
        """As if nothing had been."""
        resource.prlimit(self.broker.pid, resource.RLIMIT_FSIZE, self.before)


class Full:
    """A file system of its own that is filled up."""

    def __init__(self, folder: Path):
        self.filler = folder / "filler"

    def stop_writes(self, spare: int = 0):
        """Write until the file system is full, then give back `spare` whole pages' worth."""
        with self.filler.open("wb", buffering=0) as file:
            try:
                while file.write(b"\0" * 4096):
                    pass
            except OSError:
                pass
            if spare:
                file.truncate(max(0, file.tell() - 4096))

    def allow_writes(self):
        """Room again."""
        self.filler.unlink()


@pytest.fixture
def capped(monkeypatch, tmp_path):
    """A broker whose files can be capped. Over the limit it gets an error and not a signal."""
    wrapper = tmp_path / "locum"
    wrapper.write_text(f"#!/bin/sh\ntrap '' XFSZ\nexec '{binary()}' \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("LOCUM_BIN", str(wrapper))
    with Broker() as broker:
        yield broker, Capped(broker)


@pytest.fixture
def small_disk():
    """A small file system of the test's own."""
    folder = Path(tempfile.mkdtemp(prefix="locum-full-"))
    mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=32m", "none", str(folder)], capture_output=True)
    if mounted.returncode != 0:
        shutil.rmtree(folder)
        pytest.skip("mounting a file system is not permitted here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "-l", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def cramped(small_disk):
    """A broker whose data lies there."""
    with Broker(data=small_disk / "data") as broker:
        yield broker, Full(small_disk)


READ_ONLY = """
#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define CHECK if (on() && is_ledger(fd)) { errno = EROFS; return -1; }
static int is_ledger(int fd) {
    char link[64], path[4096];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof path - 1);
    return size > 0 && (path[size] = 0, strstr(path, "/ledger/") != NULL);
}
ssize_t write(int fd, const void *from, size_t size) { CHECK return REAL(write)(fd, from, size); }
ssize_t writev(int fd, const struct iovec *from, int count) { CHECK return REAL(writev)(fd, from, count); }
ssize_t pwrite64(int fd, const void *from, size_t size, off64_t at) { CHECK return REAL(pwrite64)(fd, from, size, at); }
int ftruncate64(int fd, off64_t size) { CHECK return REAL(ftruncate64)(fd, size); }
"""


class ReadOnly:
    """The file system takes no writes any more, as after an error of the disk (`errors=remount-ro`)."""

    def __init__(self, switch: Path):
        self.switch = switch

    def stop_writes(self, spare: int = 0):
        """Every write to the ledger fails from now on."""
        self.switch.touch()

    def allow_writes(self):
        """As if nothing had been."""
        self.switch.unlink()


@pytest.fixture
def read_only(shim):
    """A broker whose disk becomes read-only."""
    switch = shim("#include <stdio.h>\n#include <string.h>\n#include <sys/uio.h>\n" + READ_ONLY)
    with Broker() as broker:
        yield broker, ReadOnly(switch)


@pytest.fixture(params=["capped", "cramped", "read_only"])
def faulty(request):
    """A broker and the switch that stops its writes."""
    return request.getfixturevalue(request.param)


def grow(scene, exchanges: int = 40) -> list[dict]:
    """A ledger longer than any log file; the bodies of what was issued."""
    return [scene.token().body for _ in range(exchanges)]


def unavailable(answer):
    """503, in words, with when to come back, and nothing issued."""
    assert answer.status_code == 503, f"{answer.status_code}: {answer.text}"
    body = answer.json()
    assert (body["error"], body["code"]) == ("temporarily_unavailable", "LCM-UNAVAILABLE")
    assert body["retryable"] is True and int(answer.headers["Retry-After"]) >= 1
    assert "access_token" not in answer.text and "no-store" in answer.headers["Cache-Control"]


@pytest.mark.parametrize("spare", [0, 100])
def test_nothing_is_issued_while_the_ledger_cannot_be_written_and_it_recovers_by_itself(faulty, spare):
    broker, switch = faulty
    scene = Scene(World(broker))
    before = grow(scene)
    switch.stop_writes(spare)
    answers = [until(lambda: (a := scene.exchange()).status_code == 503 and a)]
    answers += [scene.exchange() for _ in range(5)]
    with ThreadPoolExecutor(8) as pool:
        answers += pool.map(lambda _: scene.exchange(), range(16))
    for answer in answers:
        unavailable(answer)
    assert broker.running
    switch.allow_writes()
    after = until(lambda: (a := scene.exchange()).status_code == 200 and a.json())
    admin = scene.admin
    broker.restart(kill=True)
    for body in [*before, after]:
        assert admin.decision(body["delegation_id"]).status_code == 200
    assert scene.exchange().status_code == 200


def test_a_refusal_does_not_leave_before_its_record_either(capped):
    broker, switch = capped
    scene = Scene(World(broker))
    grow(scene)
    switch.stop_writes()
    unavailable(scene.exchange(scope="thing.shred"))
    unavailable(scene.exchange(tokens.tampered(scene.subject(), sub="x")))
    switch.allow_writes()
    until(lambda: scene.exchange(scope="thing.shred").status_code == 400)


def test_a_start_on_a_read_only_disk_says_so_and_changes_nothing(small_disk):
    with Broker(data=small_disk / "data") as broker:
        scene = Scene(World(broker))
        made = scene.token()
        broker.stop()
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        with pytest.raises(RuntimeError, match="[Rr]ead-only file system"):
            broker.start()
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        broker.start()
        assert scene.active(made.token) and scene.exchange().status_code == 200


def test_no_stop_order_is_confirmed_that_is_not_durable(capped):
    broker, switch = capped
    scene = Scene(World(broker))
    made = scene.token()
    grow(scene)
    switch.stop_writes()
    what = {"what": {"kind": "agent", "id": scene.agent.id}, "reason": "r"}
    assert scene.admin.post("/locks", what).status_code == 503
    assert scene.admin.post("/revocations", what).status_code == 503
    assert client.revoke(broker, made.token, agent=scene.agent).status_code == 503
    switch.allow_writes()
    assert until(lambda: (a := scene.admin.post("/locks", what)).status_code == 201 and a).json()["id"]
    assert scene.exchange().json()["code"] == "LCM-LOCKED"


def test_introspection_never_says_active_on_a_guess(capped):
    """§9: store trouble is 503, never `active:true`; a token that lives may still be said to."""
    broker, switch = capped
    scene = Scene(World(broker))
    made = scene.token()
    assert client.revoke(broker, made.token, agent=scene.agent).status_code == 200
    grow(scene)
    switch.stop_writes()
    answer = scene.introspect(made.token)
    assert answer.status_code == 503 or answer.json() == {"active": False}
    switch.allow_writes()


def test_strangers_are_turned_away_as_ever(capped):
    """A rejection is counted and not recorded."""
    broker, switch = capped
    scene = Scene(World(broker))
    grow(scene)
    switch.stop_writes()
    answer = scene.exchange(agent={"client_id": scene.agent.id, "client_secret": "wrong"})
    assert answer.status_code == 401 and answer.json()["code"] == "LCM-CLIENT-AUTH"
    switch.allow_writes()
    os.kill(broker.pid, 0)
