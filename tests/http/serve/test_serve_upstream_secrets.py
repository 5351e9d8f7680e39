"""Contract §15: upstream secrets in files, read at the start and at a reload; what a backup holds."""

import base64
import os
import shutil
import signal

import pytest

from support import client
from support.scene import problem, until
from support.serving import ADMIN_TOKEN, ISSUER, Serving, run

SETTING = '[downstream]\nallow = ["sap.example", "10.1.0.0/16"]\nsecrets_dir = "upstream"\n'
VENDOR = """
[[targets]]
id = "vendor"
audience = "urn:test:vendor"
scopes = { "thing.read" = { risk = "low" } }
[targets.connector]
kind = "jwt_bearer"
profile = "xsuaa"
base_url = "https://sap.example"
parameters = { client_id = "sb-x", scopes = { "thing.read" = "app.Read" } }
secrets = { client = "btp-client" }
"""
CANARY = "canary-of-a-file-8d2b"


@pytest.fixture
def home():
    """A folder whose configuration names a folder of secrets with one in it, not served yet."""
    with Serving(more=SETTING) as folder:
        folder.write("upstream/btp-client", CANARY + "\n")
        yield folder


def check(home):
    """`locum config check`."""
    return run("config", "check", "--config", home.config)


def reload(home) -> None:
    """Read the files again; all of them are well."""
    answer = home.admin.post("/reload")
    assert answer.status_code == 200, answer.text


def put(home, name, value="of-the-api"):
    """Have the API take a secret."""
    return home.admin.put(f"/secrets/{name}", {"value": value, "reason": "a test"})


def test_a_file_is_the_secret_of_its_name_and_the_api_changes_none_of_it(home):
    home.write("conf.d/vendor.toml", VENDOR)
    assert check(home).returncode == 0 and "warning" not in check(home).stderr
    home.start()
    records = home.records()
    shown = home.admin.get("/secrets/btp-client").json()
    assert shown["managed_by"] == "file" and shown["used_by"] == ["vendor"] and shown["created_at"], shown
    assert home.admin.get("/secrets").json()["items"] == [shown]
    for answer in (put(home, "btp-client"), home.admin.call("DELETE", "/secrets/btp-client")):
        assert problem(answer, 409)["code"] == "LCM-MANAGED-BY-FILE"
    assert put(home, "other").status_code == 201
    assert [s["name"] for s in home.admin.get("/secrets").json()["items"]] == ["btp-client", "other"]
    assert home.records() == records + 1, "what a file holds is on no record"
    for file in (f for f in (home.home / "data").rglob("*") if f.is_file()):
        assert CANARY.encode() not in file.read_bytes()
    assert CANARY not in home.log()


def test_a_file_that_comes_changes_and_goes_is_followed_at_a_hangup(home):
    home.start()
    assert put(home, "late").status_code == 201
    home.write("upstream/late", "x")
    home.process.send_signal(signal.SIGHUP)
    until(lambda: home.admin.get("/secrets/late").json().get("managed_by") == "file")
    problem(put(home, "late"), 409)
    (home.home / "upstream" / "late").unlink()
    (home.home / "upstream" / "btp-client").unlink()
    reload(home)
    assert "managed_by" not in home.admin.get("/secrets/late").json(), "what the API took is there again"
    problem(home.admin.get("/secrets/btp-client"), 404)
    assert put(home, "late").status_code == 200
    home.change("locum.toml", 'secrets_dir = "upstream"', "")
    home.write("upstream/late", "x")
    reload(home)
    assert "managed_by" not in home.admin.get("/secrets/late").json()


def test_a_secret_as_kubernetes_mounts_it_is_read_and_swapped(home):
    folder = home.home / "upstream"
    (folder / "btp-client").unlink()

    def lay(data, **files):
        (folder / data).mkdir()
        for name, text in files.items():
            home.write(f"upstream/{data}/{name}", text)
        (folder / "..data_tmp").symlink_to(data)
        (folder / "..data_tmp").rename(folder / "..data")

    lay("..2026_11_30", one="a", two="b")
    for name in ("one", "two"):
        (folder / name).symlink_to(f"..data/{name}")
    assert check(home).returncode == 0, check(home).stderr
    home.start()
    assert [s["name"] for s in home.admin.get("/secrets").json()["items"]] == ["one", "two"]
    before = home.admin.get("/secrets/one").json()["created_at"]
    os.utime(folder / "..2026_11_30" / "one", (1, 1))
    lay("..2026_12_01", one="c", three="d")
    (folder / "two").unlink()
    (folder / "three").symlink_to("..data/three")
    reload(home)
    assert [s["name"] for s in home.admin.get("/secrets").json()["items"]] == ["one", "three"]
    assert home.admin.get("/secrets/one").json()["created_at"] >= before


@pytest.mark.parametrize("name, text, mode, said", [
    ("long", "x" * 70_000, 0o600, "expected at most 65538 bytes"),
    ("empty", "\n", 0o600, "found nothing"),
    ("open", CANARY, 0o644, "found mode 0644"),
    ("pem", f"-----BEGIN PRIVATE KEY-----\n{CANARY}\n-----END PRIVATE KEY-----\n", 0o600, "expected PEM"),
])
def test_a_file_that_is_no_secret_ends_the_start_and_stays_out_at_a_reload(home, name, text, mode, said):
    home.write(f"upstream/{name}", "fine")
    home.start()
    home.write(f"upstream/{name}", text).chmod(mode)
    home.write("upstream/btp-client", "rotated")
    home.write("upstream/new", "x")
    body = problem(home.admin.post("/reload"), 422, f"/downstream/secrets_dir/{name}")
    assert said in body["errors"][0]["detail"] and CANARY not in str(body)
    names = [s["name"] for s in home.admin.get("/secrets").json()["items"]]
    assert names == sorted(["btp-client", "new", name]), "the others are followed, and this one is as it was"
    home.stop()
    for command in (["serve", "--config", home.config], ["config", "check", "--config", home.config]):
        done = run(*command)
        assert done.returncode == 1 and said in done.stderr and CANARY not in done.stderr, done.stderr
        assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("target", ["../master.key", "/etc/hostname", "../../../../../../../../etc/passwd", "gone"])
def test_a_link_leads_nowhere_outside_the_folder(home, target):
    (home.home / "upstream" / "out").symlink_to(target)
    done = check(home)
    assert done.returncode == 1, done.stderr
    assert "leads out of it" in done.stderr or "cannot be read" in done.stderr


def test_a_folder_that_is_not_there_is_refused_and_other_names_are_passed_over(home):
    home.write("upstream/READ.me", "x")
    done = check(home)
    assert done.returncode == 0 and "`READ.me`" in done.stderr, done.stderr
    shutil.rmtree(home.home / "upstream")
    done = check(home)
    assert done.returncode == 1 and "`secrets_dir`" not in done.stderr and "cannot be read" in done.stderr


@pytest.mark.parametrize("allow, fine", [
    ('["sap.example"]', True), ('["10.1.0.0/16", "::1/128"]', True), ("[]", True), ('["10.1.0.1/16"]', False),
    ('["https://sap.example"]', False), ('["*.example"]', False), ('["sap.example:443"]', False), ('[""]', False),
    ('"sap.example"', False), ("[5]", False),
])
def test_what_may_be_reached_downstream_is_a_list_of_hosts_and_blocks(home, allow, fine):
    home.change("locum.toml", '["sap.example", "10.1.0.0/16"]', allow)
    done = check(home)
    assert (done.returncode == 0) is fine, done.stderr
    if not fine:
        assert "`downstream.allow`: expected " in done.stderr
    said = run("config", "explain", "downstream", "--config", home.config).stdout if fine else ""
    assert not fine or "downstream.secrets_dir = " in said


def test_a_target_of_a_file_names_a_secret_that_is_there(home):
    home.write("conf.d/vendor.toml", VENDOR.replace("btp-client", "nobodys"))
    done = check(home)
    assert done.returncode == 0 and "targets.vendor.connector.secrets.client" in done.stderr, done.stderr
    done = run("serve", "--config", home.config)
    assert done.returncode == 1 and "/targets/vendor/connector/secrets/client: expected the name" in done.stderr, done.stderr
    home.write("upstream/nobodys", "x")
    home.start()
    # Once it is known, a start takes it as it is, and doctor warns.
    home.stop()
    (home.home / "upstream" / "nobodys").unlink()
    home.start()
    ready = home.get("operations", "/readyz?verbose=references")[2]
    assert "[!]references /targets/vendor/connector/secrets/client: expected the name" in ready, ready


def test_a_backup_keeps_what_the_api_took_and_another_master_key_opens_none_of_it(home):
    home.start()
    assert put(home, "kept", "canary-of-the-api").status_code == 201
    tag = home.admin.get("/secrets/kept").headers["ETag"]
    answer = client.http.get(f"{home.admin_api}/backup", timeout=60, headers={"Authorization": f"Bearer {ADMIN_TOKEN}"})
    home.stop()
    file = home.home / "backup.tar"
    file.write_bytes(answer.content)
    assert b"canary-of-the-api" not in answer.content and CANARY.encode() not in answer.content
    shutil.rmtree(home.home / "data")
    assert run("restore", file, "--data", home.home / "data").returncode == 0
    home.start()
    assert home.admin.get("/secrets/kept").headers["ETag"] == tag
    home.stop()
    home.write("master.key", base64.b64encode(os.urandom(32)).decode())
    assert run("serve", "--config", home.config).returncode == 1


def test_the_command_sets_from_standard_input_and_prints_no_value(home):
    home.start()
    env = os.environ | {"LOCUM_ISSUER": ISSUER, "LOCUM_ADMIN_API": home.admin_api, "LOCUM_ADMIN_TOKEN": ADMIN_TOKEN}
    words = ("secrets", "set", "by-hand", "--reason", "a test", "--origin", "https://sap.example", "-o", "table")
    done = run(*words, env=env, input="canary-of-a-pipe\n")
    assert done.returncode == 0 and done.stdout == "by-hand is taken\n", done.stderr
    done = run("secrets", "list", "-o", "table", env=env)
    assert "by-hand" in done.stdout and "https://sap.example" in done.stdout and "file" in done.stdout
    assert "canary" not in done.stdout
    done = run("secrets", "delete", "btp-client", "--reason", "x", env=env)
    assert done.returncode != 0 and "canary" not in done.stderr
    assert run("secrets", "delete", "by-hand", "--reason", "x", env=env).returncode == 0
