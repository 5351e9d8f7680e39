"""Running the executable's own commands beside the broker of the test."""

import json
import os
import subprocess

import pytest

from support.process import Member, binary


@pytest.fixture
def run_locum(dev_broker):
    """A function that runs a command against a dev broker: `code`, `json`, `text` (all it printed)."""

    def run(*arguments, **environment):
        named = {"LOCUM_DEV_READY": str(dev_broker.ready_file), "LOCUM_ISSUER": dev_broker.issuer} | environment
        kept = {name: text for name, text in os.environ.items() if not name.startswith("LOCUM_")}
        ran = subprocess.run([binary(), *arguments], env=kept | named, capture_output=True, text=True, timeout=60)
        found = json.loads(ran.stdout) if ran.stdout.startswith("{") else None
        return Member(code=ran.returncode, json=found, text=ran.stdout + ran.stderr)

    return run
