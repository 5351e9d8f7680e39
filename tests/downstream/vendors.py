"""The vendors' clients, each called as its users call it."""

import json
import os
import subprocess
from importlib import metadata
from pathlib import Path

from cpapi import APIClient, APIClientArgs
from pan.xapi import PanXapi

#: Where `run` put the scripts of `node/`, with their packages.
NODE = Path(os.environ["DOWNSTREAM_NODE"])
TIMEOUT_S = 60


def version(package: str) -> str:
    """A package and its version, of Node or of Python."""
    manifest = NODE / "node_modules" / package / "package.json"
    found = json.loads(manifest.read_text())["version"] if manifest.exists() else metadata.version(package)
    return f"{package} {found}"


def node(script: str, name: str, ca_file=None, **given) -> dict:
    """One job of a script: `{"got"}`, or `{"error", "message", …}`."""
    env = {"PATH": os.environ["PATH"]} | ({"NODE_EXTRA_CA_CERTS": str(ca_file)} if ca_file else {})
    done = subprocess.run(["node", str(NODE / f"{script}.mjs")], input=json.dumps({"name": name} | given), env=env,
                          capture_output=True, text=True, timeout=TIMEOUT_S, check=False)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def xssec(name: str, ca_file, **given) -> dict:
    """A job of SAP's library."""
    return node("xssec", name, ca_file, **given)


def pan(port: int, ca_file=None, **given) -> PanXapi:
    """pan-python; over http where no authority is named."""
    return PanXapi(hostname="127.0.0.1", port=port, use_http=ca_file is None, ssl_context=trusting(ca_file), **given)


def trusting(ca_file):
    """A context of TLS that trusts one authority."""
    import ssl

    return ssl.create_default_context(cafile=str(ca_file)) if ca_file else None


def check_point(port: int, sid: str | None = None) -> APIClient:
    """Check Point's SDK before a server whose fingerprint it takes as it is; with a session's id, in that session."""
    return APIClient(APIClientArgs(server="127.0.0.1", port=port, sid=sid, unsafe=True, unsafe_auto_accept=True))
