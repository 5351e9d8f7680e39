"""Clocks of brokers that are set by the test."""

from pathlib import Path

import pytest

from support.broker import binary

LIBRARY = next((p for p in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)


@pytest.fixture
def clock(monkeypatch, tmp_path):
    """Sets the wall clock of brokers that are started from now on: an offset in seconds, also while they run."""
    if LIBRARY is None:
        pytest.skip("libfaketime is not installed here")
    offset = tmp_path / "offset"
    offset.write_text("+0")
    wrapper = tmp_path / "locum"
    wrapper.write_text(f"#!/bin/sh\nexport LD_PRELOAD='{LIBRARY}' FAKETIME_TIMESTAMP_FILE='{offset}' FAKETIME_NO_CACHE=1 "
                       f"FAKETIME_DONT_FAKE_MONOTONIC=1\nexec '{binary()}' \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("LOCUM_BIN", str(wrapper))
    return lambda seconds: offset.write_text(f"{seconds:+d}")
