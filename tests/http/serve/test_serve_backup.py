"""A backup of production holds no secret that opens it, and is restored with the same master key (§12)."""

import shutil

import pytest

from support import client
from support.serving import ADMIN_TOKEN, AGENT_SECRET, SERVER_SECRET, Serving, run

BOT = {"client_id": "bot", "client_secret": AGENT_SECRET}
SERVER = {"client_id": "sap-rs", "client_secret": SERVER_SECRET}


def issued(home) -> str:
    """A token of the agent for itself."""
    answer = client.client_credentials(home, BOT, audience="urn:test:sap")
    assert answer.status_code == 200, answer.text
    return answer.json()["access_token"]


def active(home, token: str) -> bool:
    """What the target's server is told."""
    url = f"http://{home.at['public']}/introspect"
    return client.call(home, url, [("token", token)], SERVER).json()["active"]


@pytest.fixture
def lost():
    """A home that was backed up and lost its data: the home, the backup, a token that lived and one that was revoked."""
    with Serving() as home:
        home.start()
        alive, dead = issued(home), issued(home)
        what = {"what": {"kind": "token", "id": client.decode(dead)["jti"]}, "reason": "r"}
        assert home.admin.post("/revocations", what).status_code == 200
        answer = client.http.get(f"http://{home.at['public']}/admin/v1/backup", timeout=60,
                                 headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
        assert answer.status_code == 200
        home.stop()
        shutil.rmtree(home.home / "data")
        file = home.home / "backup.tar"
        file.write_bytes(answer.content)
        yield home, file, alive, dead


def test_what_was_backed_up_is_there_again_after_a_restore(lost):
    home, file, alive, dead = lost
    told = run("restore", file, "--data", home.home / "data")
    assert told.returncode == 0 and "restored" in told.stdout, told.stderr
    home.start()
    assert active(home, alive) and not active(home, dead)
    assert active(home, issued(home))


def test_no_secret_is_in_the_backup_and_another_master_key_does_not_open_it(lost):
    home, file, *_ = lost
    raw = file.read_bytes()
    key = (home.home / "master.key").read_bytes().strip()
    for secret in (key, ADMIN_TOKEN.encode(), AGENT_SECRET.encode(), SERVER_SECRET.encode()):
        assert secret not in raw
    assert run("restore", file, "--data", home.home / "data").returncode == 0
    (home.home / "master.key").write_text("A" * 43 + "=\n")
    with pytest.raises((AssertionError, RuntimeError)):
        home.start()
    assert "master key" in (home.home / "stderr").read_text()
