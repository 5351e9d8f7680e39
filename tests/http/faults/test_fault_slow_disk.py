"""A disk that does not finish writing: 503 in bounded time, no token, and it goes on by itself."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor

import pytest

from support.broker import Broker, binary
from support.scene import Scene, until
from support.world import World

SHIM = """
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
int fdatasync(int fd) {
    const char *slow = getenv("SLOW_DISK");
    while (slow && access(slow, F_OK) == 0) usleep(20000);
    return syscall(SYS_fdatasync, fd);
}
"""


@pytest.fixture
def slow_disk(monkeypatch, tmp_path):
    """A broker whose syncs hang as long as a file is there; the file."""
    compiler = shutil.which("cc") or pytest.skip("no C compiler here")
    source, library, switch = tmp_path / "slow.c", tmp_path / "slow.so", tmp_path / "slow"
    source.write_text(SHIM)
    subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source)], check=True)
    wrapper = tmp_path / "locum"
    wrapper.write_text(f"#!/bin/sh\nexport LD_PRELOAD='{library}' SLOW_DISK='{switch}'\nexec '{binary()}' \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("LOCUM_BIN", str(wrapper))
    with Broker() as broker:
        yield broker, switch


def test_a_disk_that_hangs_gives_503_and_no_token_and_is_used_again_when_it_does_not(slow_disk):
    broker, switch = slow_disk
    scene = Scene(World(broker))
    before = scene.token()
    switch.touch()
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda _: scene.exchange(), range(8)))
    for answer in answers:
        assert answer.status_code == 503, f"{answer.status_code}: {answer.text}"
        assert answer.json()["code"] == "LCM-UNAVAILABLE" and "access_token" not in answer.text
    switch.unlink()
    after = until(lambda: (a := scene.exchange()).status_code == 200 and a.json())
    for body in (before.body, after):
        assert scene.admin.decision(body["delegation_id"]).status_code == 200
