"""A wall clock of a broker that obeys the test: libfaketime in front of the executable."""

from pathlib import Path

from support.process import binary

LIBRARY = next((p for p in Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
"""`None`: it is not installed here."""


class FakeTime:
    """An executable whose wall clock is off by what is told, also while it runs."""

    def __init__(self, folder: Path):
        self._offset, self.binary = folder / "offset", folder / "locum"
        self.set(0)
        self.binary.write_text(f"#!/bin/sh\nexport LD_PRELOAD='{LIBRARY}' FAKETIME_TIMESTAMP_FILE='{self._offset}' "
                               f"FAKETIME_NO_CACHE=1 FAKETIME_DONT_FAKE_MONOTONIC=1\nexec '{binary()}' \"$@\"\n")
        self.binary.chmod(0o755)

    def set(self, seconds: float) -> None:
        """Its clock is so many seconds ahead of ours from now on; put in place whole, since it is read at any moment."""
        fresh = self._offset.with_suffix(".new")
        fresh.write_text(f"{seconds:+}")
        fresh.replace(self._offset)
