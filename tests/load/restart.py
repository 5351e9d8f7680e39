"""How long a start takes on a long ledger: from the command to ready, after a clean stop and after `kill -9`."""

import os
import pathlib
import subprocess
import sys
import time

from support import client
from support.serving import AGENT_SECRET, Serving

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = pathlib.Path(os.environ.get("CARGO_TARGET_DIR") or ROOT / "target")
BOT = {"client_id": "bot", "client_secret": AGENT_SECRET}


def filler() -> pathlib.Path:
    """The example that fills a ledger; built where it is not."""
    program = BUILD / "release" / "examples" / "opening"
    if not program.exists():
        build = ["cargo", "build", "--release", "--locked", "-p", "locum-stores", "--example", "opening"]
        subprocess.run(build, cwd=ROOT, check=True, stdout=sys.stderr)
    return program


def started(home: Serving) -> float:
    """Seconds of one start, until it is ready."""
    begun = time.monotonic()
    home.start()
    return round(time.monotonic() - begun, 3)


def exchanges(home: Serving) -> bool:
    """Whether it issues a token."""
    return client.client_credentials(home, BOT, audience="urn:test:sap").status_code == 200


def measure(records: int) -> dict:
    """One profile's line."""
    with Serving() as home:
        home.start()
        errors = 0 if exchanges(home) else 1
        home.stop()
        begun = time.monotonic()
        subprocess.run([filler(), home.home / "data" / "ledger", str(records), "fill"], check=True, stdout=sys.stderr)
        filled = round(time.monotonic() - begun, 1)
        clean = started(home)
        found, works = home.records(), exchanges(home)
        home.process.kill()
        home.process.wait(30)
        killed = started(home)
        works &= exchanges(home)
        errors += (not works) + (found < records)
        ledger = sum(file.stat().st_size for file in (home.home / "data" / "ledger").iterdir())
        return {"profile": "restart", "records": found, "ledger_mb": ledger >> 20, "filled_s": filled,
                "ready_s": clean, "ready_after_kill9_s": killed, "requests": 3, "errors": errors}
