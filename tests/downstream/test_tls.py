"""`locum dev --tls`: every origin is https under one authority of its own."""

import os
import shlex
import subprocess
from urllib.parse import urlsplit

import pytest
import requests

from support import checks, client
from support.broker import DevBroker
from support.process import binary


def urls(value) -> list[str]:
    """Every address in a value."""
    if isinstance(value, dict):
        return [url for member in value.values() for url in urls(member)]
    return [value] if isinstance(value, str) and value.startswith("http") else []


def test_every_origin_of_the_ready_file_is_https_under_the_authority(broker, origins):
    found = {urlsplit(url).netloc for url in [*urls(broker.ready), *origins.values()]}
    assert len(found) == 6
    assert all(url.startswith("https://") for url in urls(broker.ready))
    for netloc in found:
        assert client.http.get(f"https://{netloc}/", timeout=client.TIMEOUT_S).status_code < 500
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"https://{netloc}/", timeout=client.TIMEOUT_S)


def test_a_token_is_got_and_used_over_https(broker):
    token = checks.issued(client.exchange(broker, client.sign_in(broker)["id_token"], scope="invoice.read")).token
    url = broker.targets["sap"]["url"] + "/invoices/4711"
    read = client.http.get(url, headers={"Authorization": f"Bearer {token}"}, timeout=client.TIMEOUT_S)
    assert read.status_code == 200 and read.json()["seen"]["sub"] == "demo:ada"


def test_a_shell_that_took_the_environment_uses_the_commands(broker):
    clean = {"PATH": os.environ["PATH"], "HOME": os.environ.get("HOME", "/")}
    said = subprocess.run([binary(), "dev", "env", "--data", broker.data], env=clean, capture_output=True, text=True,
                          check=True, timeout=60).stdout
    exported = dict(pair.split("=", 1) for pair in shlex.split(said.splitlines()[0])[1:])
    assert exported["SSL_CERT_FILE"] == broker.ca_file
    command = [binary(), "token", "--as", "ada", "--agent", "invoice-agent", "--for", "sap", "--scope", "invoice.read"]
    done = subprocess.run(command, env=clean | exported, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(".") >= 2


def test_a_folder_keeps_its_scheme(broker):
    done = subprocess.run([binary(), "dev", "--listen", "127.0.0.1:0", "--data", broker.data], capture_output=True,
                          text=True, timeout=60, check=False)
    assert done.returncode != 0 and "with --tls" in done.stderr, done.stderr


def test_a_restart_keeps_origins_accounts_and_authority():
    with DevBroker(options=("--tls",)) as dev:
        before = dict(dev.ready), {path.name: path.read_text() for path in dev.data_dir.glob("dev-*.json")}
        authority = open(dev.ca_file).read()
        dev.restart()
        after = dict(dev.ready), {path.name: path.read_text() for path in dev.data_dir.glob("dev-*.json")}
        assert open(dev.ca_file).read() == authority
        for name in ("dev-emulators.json", "dev-places.json", "dev-world.json"):
            assert before[1][name] == after[1][name]
        assert {k: v for k, v in before[0].items() if k != "pid"} == {k: v for k, v in after[0].items() if k != "pid"}
