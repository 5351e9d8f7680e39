"""Secrets in files (contract §14): who may have a right to them, and what happens to one that changes or goes."""

import signal
import threading

import pytest

from support import client
from support.authority import Authority
from support.scene import until
from support.serving import ADMIN_TOKEN, AGENT_SECRET, Serving, run

OTHER = "another-token-of-a-test-9876543210-abc"
TLS = '[tls]\ncert_file = "tls.pem"\nkey_file = "tls.key"\n'
SECRETS = ["master.key", "admin.token", "agent.secret", "server.secret"]


def alone(home) -> int:
    """What the agent gets for itself, which policy and ceiling allow."""
    bot = {"client_id": "bot", "client_secret": AGENT_SECRET}
    return client.client_credentials(home, bot, audience="urn:test:sap").status_code


def admitted(home, token: str) -> bool:
    """Whether a bearer token is an administrator."""
    answer = client.Admin(home, token).get("/agents")
    assert answer.status_code in (200, 401), answer.text
    return answer.status_code == 200


# ------------------------------------------------------------ who may read and write them

@pytest.mark.parametrize("mode", [0o644, 0o604, 0o602, 0o660, 0o620])
@pytest.mark.parametrize("name", SECRETS)
def test_a_file_of_a_secret_that_others_may_read_or_write_is_refused(folder, name, mode):
    (folder.home / name).chmod(mode)
    for command in (["serve"], ["config", "check"]):
        done = run(*command, "--config", folder.config)
        assert done.returncode == 1
        assert f"found mode {mode:04o}; run `chmod 600 " in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1


def test_the_key_of_tls_is_one_of_them():
    with Serving(more=TLS) as home:
        Authority().issue(home)
        assert run("config", "check", "--config", home.config).returncode == 0
        (home.home / "tls.pem").chmod(0o644)
        assert run("config", "check", "--config", home.config).returncode == 0, "a certificate is no secret"
        (home.home / "tls.key").chmod(0o644)
        for command in (["serve"], ["config", "check"]):
            done = run(*command, "--config", home.config)
            assert done.returncode == 1 and "`tls.key_file`: " in done.stderr and "found mode 0644" in done.stderr


@pytest.mark.parametrize("mode", [0o400, 0o440, 0o640])
def test_a_group_may_read_them(folder, mode):
    for name in SECRETS:
        (folder.home / name).chmod(mode)
    assert run("config", "check", "--config", folder.config).returncode == 0


@pytest.mark.parametrize("name", ["agent.secret", "master.key"])
def test_at_a_reload_too_and_what_was_in_force_stays(folder, name):
    folder.start()
    (folder.home / name).chmod(0o644)
    answer = folder.admin.post("/reload")
    assert answer.status_code == 422 and "found mode 0644" in answer.text
    assert alone(folder) == 200


# ------------------------------------------------------------ the bootstrap token

def test_another_bootstrap_token_takes_the_place_of_the_first_at_a_reload(folder):
    folder.start()
    folder.write("admin.token", OTHER)
    assert admitted(folder, ADMIN_TOKEN) and not admitted(folder, OTHER), "before it"
    assert folder.admin.post("/reload").status_code == 200
    assert not admitted(folder, ADMIN_TOKEN) and admitted(folder, OTHER)


def test_an_emptied_bootstrap_token_is_gone_at_a_reload_and_after_a_restart(folder):
    folder.start()
    folder.write("admin.token", "")
    assert folder.admin.post("/reload").status_code == 200
    assert not admitted(folder, ADMIN_TOKEN) and folder.admin.post("/reload").status_code == 401
    folder.stop()
    folder.start()
    assert not admitted(folder, ADMIN_TOKEN)


def test_a_bootstrap_token_whose_file_or_setting_is_gone_is_gone_at_a_reload(folder):
    folder.start()
    (folder.home / "admin.token").unlink()
    answer = folder.admin.post("/reload")
    assert answer.status_code == 422 and "admin.bootstrap_token_file" in answer.text
    assert not admitted(folder, ADMIN_TOKEN)
    folder.write("admin.token", ADMIN_TOKEN)
    folder.process.send_signal(signal.SIGHUP)
    until(lambda: admitted(folder, ADMIN_TOKEN))
    folder.change("locum.toml", 'bootstrap_token_file = "admin.token"', "")
    folder.process.send_signal(signal.SIGHUP)
    until(lambda: not admitted(folder, ADMIN_TOKEN))
    assert alone(folder) == 200


def test_an_emptied_bootstrap_token_is_gone_whatever_else_is_wrong(folder):
    folder.start()
    folder.write("admin.token", "")
    folder.write("conf.d/more.toml", "nonsense")
    assert folder.admin.post("/reload").status_code == 422
    assert not admitted(folder, ADMIN_TOKEN) and alone(folder) == 200


@pytest.mark.parametrize("token, mode", [("short", 0o600), (OTHER, 0o644)])
def test_a_bootstrap_token_that_is_refused_is_none(folder, token, mode):
    folder.start()
    folder.write("admin.token", token).chmod(mode)
    assert folder.admin.post("/reload").status_code == 422
    assert not admitted(folder, ADMIN_TOKEN) and not admitted(folder, token)


# ------------------------------------------------------------ ids and files

@pytest.mark.parametrize("id", ["local", "locum"])
def test_a_file_declares_no_issuer_under_an_id_of_locums_own(folder, id):
    folder.change("conf.d/objects.toml", '[[issuers]]\nid = "corp"', f'[[issuers]]\nid = "{id}"')
    folder.change("conf.d/objects.toml", 'subject_issuers = ["corp"]', "")
    done = run("serve", "--config", folder.config)
    assert done.returncode == 1
    assert f"/issuers/{id}/id: expected an id that is not reserved" in done.stderr, done.stderr


class Mover:
    """Puts two files in place, again and again, one move after the other; both say in which round."""

    def __init__(self, home, names, text):
        self.home, self.names, self.text, self.round = home, names, text, 0
        self._stop, self._thread = threading.Event(), threading.Thread(target=self._run)

    def move(self):
        """One round."""
        self.round += 1
        for name in self.names:
            (self.home / "next").write_text(self.text.format(round=self.round, file=name.rpartition("/")[2][0]))
            (self.home / "next").rename(self.home / name)

    def _run(self):
        while not self._stop.is_set():
            self.move()

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        self._thread.join(60)


def test_policies_that_are_moved_into_place_are_read_as_one_state_or_not_at_all(folder):
    folder.start()
    names = ["policies/p.cedar", "policies/q.cedar"]
    rule = '@id("{file}-{round}") @reason("test") permit(principal == Agent::"nobody", action, resource);\n'

    def rounds() -> set:
        files = folder.admin.get("/policies").json()["files"]
        return {text.partition('"')[2].partition('"')[0].partition("-")[2]
                for name, text in files.items() if name != "bot.cedar"}

    with Mover(folder.home, names, rule) as mover:
        for _ in range(2):
            answer = folder.admin.post("/reload")
            assert answer.status_code in (200, 422), answer.text
            assert "stand still" in answer.text or answer.status_code == 200
            assert len(rounds()) <= 1, "one state, or that of before"
    assert folder.admin.post("/reload").status_code == 200
    assert rounds() == {str(mover.round)} and alone(folder) == 200


def test_configuration_files_that_are_moved_into_place_are_read_as_one_state_or_not_at_all(folder):
    names = ["conf.d/p.toml", "conf.d/q.toml"]
    entry = '[[targets]]\nid = "{file}-{round}"\naudience = "urn:test:{file}:{round}"\n'
    with Mover(folder.home, names, entry):
        done = run("config", "check", "--config", folder.config)
        assert done.returncode == 1 and "expected files that stand still" in done.stderr, done.stderr
    done = run("config", "check", "--config", folder.config)
    assert done.returncode == 0, done.stderr
