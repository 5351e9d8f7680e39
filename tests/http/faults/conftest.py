"""Clocks and disks of brokers that obey the test."""

import shutil
import subprocess
from pathlib import Path

import pytest

from support.faketime import LIBRARY, FakeTime
from support.process import binary


@pytest.fixture
def clock(monkeypatch, tmp_path):
    """Sets the wall clock of brokers that are started from now on: an offset in seconds, also while they run."""
    if LIBRARY is None:
        pytest.skip("libfaketime is not installed here")
    fake = FakeTime(tmp_path)
    monkeypatch.setenv("LOCUM_BIN", str(fake.binary))
    return fake.set


SHIM = """
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>
static int on(void) { const char *file = getenv("SHIM_SWITCH"); return file && access(file, F_OK) == 0; }
"""


@pytest.fixture
def shim(monkeypatch, tmp_path):
    """A function that puts C in front of system calls of brokers that are started from now on; it gives the file that
    is there while `on()`."""

    def put(code: str) -> Path:
        compiler = shutil.which("cc") or pytest.skip("no C compiler here")
        source, library, switch = tmp_path / "shim.c", tmp_path / "shim.so", tmp_path / "switch"
        source.write_text(SHIM + code)
        subprocess.run([compiler, "-shared", "-fPIC", "-o", str(library), str(source), "-ldl"], check=True)
        wrapper = tmp_path / "locum"
        wrapper.write_text(f"#!/bin/sh\nexport LD_PRELOAD='{library}' SHIM_SWITCH='{switch}'\nexec '{binary()}' \"$@\"\n")
        wrapper.chmod(0o755)
        monkeypatch.setenv("LOCUM_BIN", str(wrapper))
        return switch

    return put
