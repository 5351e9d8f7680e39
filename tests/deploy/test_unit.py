"""The systemd unit: its own command lines, environment, credentials and signals."""

import re
import shutil
import ssl
import subprocess

import pytest
from packages import CREDENTIALS, DEPLOY, Installed, longest_stop_s, one, unit
from support import client, tokens
from support.scene import until
from support.world import World

@pytest.fixture
def host(monkeypatch):
    """The unit's installation, not started; the clients of this test trust its authority."""
    with Installed() as home:
        monkeypatch.setattr(client.http, "verify", str(home.home / "ca.pem"))
        yield home


def subject(issuer, **claims) -> str:
    """A person's ID token."""
    t = tokens.now()
    base = {"iss": issuer.issuer, "sub": "ada", "aud": "test-app", "iat": t, "exp": t + 600}
    return tokens.sign(base | claims, issuer.key, header={"typ": "JWT"})


def test_the_unit_starts_exchanges_reloads_stops_and_finds_its_records_again(host):
    world = World(host.start())
    issuer, target = world.issuer(), world.target()
    agent = world.actor(target, subject_issuers=[issuer.id])

    def asked():
        return client.exchange(host, subject(issuer), agent=agent, audience=target.audience, scope="thing.read")

    first = asked()
    assert first.status_code == 200, first.text
    decision = host.admin.decision(first.json()["delegation_id"])
    assert decision.status_code == 200 and decision.json()["outcome"] == "permit"

    host.authority.issue(host, "etc/tls/cert.pem", "etc/tls/key.pem")
    host.reload()
    address = host.at["public"].split(":")
    until(lambda: ssl.get_server_certificate(address) == (host.home / "etc/tls/cert.pem").read_text())

    assert host.stop() == 0
    host.start()
    again = host.admin.decision(first.json()["delegation_id"])
    assert again.json() == decision.json()
    assert asked().status_code == 200
    assert host.stop() == 0


def test_without_the_bootstrap_token_its_credential_is_empty_and_opens_nothing(host):
    assert host.start().admin.get("/agents").status_code == 200
    host.stop()
    host.write("etc/bootstrap-token", "")
    text = host.config.read_text()
    host.config.write_text(re.sub(r"^(\[admin\]|bootstrap_token_file.*)\n", "", text, flags=re.M))
    assert host.start().admin.get("/agents").status_code == 401
    assert host.stop() == 0


def test_what_the_check_refuses_does_not_start(host):
    host.command()
    (host.home / "credentials" / "master-key").write_text("short\n")
    done = host.check()
    assert done.returncode == 1 and "`keys.master_key_file`: expected 32 bytes" in done.stderr


def test_what_the_sample_shows_in_comments_passes_the_check_too(host):
    text, shown = re.subn(r"^# (?=\[|\w+ = )", "", host.config.read_text(), flags=re.M)
    assert shown == 4
    host.config.write_text(text)
    host.write("etc/policies/a.cedar", '@id("a") @reason("test") forbid(principal, action, resource);')
    host.command()


def test_its_records_are_nobody_elses(host):
    host.start()
    assert host.stop() == 0
    modes = {path: path.stat().st_mode & 0o077 for path in (host.home / "state").rglob("*")}
    assert modes and not any(modes.values()), modes


def test_the_manager_waits_longer_than_the_broker_needs_to_stop():
    assert int(one("TimeoutStopSec")) > longest_stop_s()


def test_credentials_and_paths_are_those_of_the_configuration():
    named = {f"{CREDENTIALS}/{value.split(':')[0]}" for value in unit()["LoadCredential"]}
    assert named == set(re.findall(rf"{CREDENTIALS}/[\w-]+", (DEPLOY / "locum.toml").read_text()))
    assert f"u {one('User')} " in (DEPLOY / "locum.sysusers").read_text()
    assert one("User") == one("Group")


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd-analyze here")
def test_systemd_understands_the_unit_and_finds_it_shut(host):
    path = host.write("locum.service", host.here((DEPLOY / "locum.service").read_text()))
    done = subprocess.run(["systemd-analyze", "verify", "--man=no", path], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0 and "locum.service" not in done.stdout + done.stderr, done.stderr
    security = ["systemd-analyze", "security", "--offline=true", "--no-pager", "--threshold=15", path]
    done = subprocess.run(security, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stdout[-300:] + done.stderr
