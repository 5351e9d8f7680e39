"""Back up while serving, lose everything, restore: every decision is found again and every stop holds (§12)."""

import io
import shutil
import subprocess
import tarfile

import pytest

from support import client
from support.broker import DevBroker
from support.client import admin as admin_client
from support.load import Load
from support.process import binary
from support.scene import Scene, problem
from support.world import World, stamp

# One worker for the whole file: the broker is lost and restored once.
pytestmark = pytest.mark.xdist_group("backup")
SMALL_SEGMENTS = ("--segment-bytes", "65536")


def take(broker, token=None):
    """`GET /admin/v1/backup`."""
    return client.http.get(f"{broker.admin_api}/backup", timeout=60,
                           headers={"Authorization": f"Bearer {token or broker.admin_token}"})


def restore(file, data):
    """`locum restore FILE --data DIR`."""
    return subprocess.run([binary(), "restore", str(file), "--data", str(data)], capture_output=True, text=True, timeout=60)


@pytest.fixture(scope="module")
def restored(tmp_path_factory):
    """A broker that was backed up under load, wiped and restored; and what it was before."""
    file = tmp_path_factory.mktemp("backup") / "backup.tar"
    with DevBroker(options=SMALL_SEGMENTS) as broker:
        world, kept = World(broker), {"admin": broker.admin_token}
        kept["scene"], kept["asleep"] = Scene(world), Scene(world)
        kept["dead"], kept["sleeping"] = kept["scene"].token(), kept["asleep"].token()
        world.revoke("token", kept["dead"].claims["jti"])
        kept["lock"] = world.lock("agent", kept["asleep"].agent.id)
        load = Load(kept["scene"], 100).start()
        load.until_enough()
        with load.lock:
            kept["before"] = list(load.answered)
        answer = take(broker)
        load.end()
        assert answer.status_code == 200, answer.text
        file.write_bytes(answer.content)
        kept["answer"], kept["file"] = answer, file
        broker.kill9()
        shutil.rmtree(broker.data_dir)
        kept["restore"] = restore(file, broker.data_dir)
        assert kept["restore"].returncode == 0, kept["restore"].stderr
        broker.start()
        yield broker, world, kept


def test_a_backup_is_a_tar_file_that_others_read_too(restored):
    kept = restored[2]
    assert kept["answer"].headers["Content-Type"] == "application/x-tar"
    assert "no-store" in kept["answer"].headers["Cache-Control"]
    with tarfile.open(fileobj=io.BytesIO(kept["answer"].content)) as tar:
        members = tar.getmembers()
    names = [m.name for m in members]
    assert names[0] == "locum-backup.json" and names[-1] == "mode"
    assert "ledger/tree" in names and f"ledger/{0:020d}.seg" in names
    assert all(m.isfile() and m.mode == 0o600 for m in members)


def test_every_decision_answered_before_the_backup_is_found_again(restored):
    _, world, kept = restored
    assert len(kept["before"]) >= 100
    for body, _ in kept["before"]:
        answer = world.admin.decision(body["delegation_id"])
        assert answer.status_code == 200 and answer.json()["outcome"] == "permit"


def test_revocations_locks_and_spent_assertions_hold_in_the_copy(restored):
    broker, world, kept = restored
    assert not kept["scene"].active(kept["dead"].token)
    assert kept["asleep"].exchange().json()["code"] == "LCM-LOCKED"
    for _, pairs in kept["before"][-5:]:
        assert client.token(broker, pairs, auth=None).status_code == 401
    world.lift(kept["lock"])
    assert kept["asleep"].active(kept["sleeping"].token)


def test_tokens_from_before_live_and_new_ones_are_issued(restored):
    broker, _, kept = restored
    assert broker.admin_token == kept["admin"]
    assert kept["scene"].active(kept["before"][0][0]["access_token"])
    assert kept["scene"].active(kept["scene"].token().token)


def test_a_backup_is_restored_into_an_empty_folder_only(restored, tmp_path):
    kept = restored[2]
    (tmp_path / "thesis").write_text("x")
    refused = restore(kept["file"], tmp_path)
    assert refused.returncode == 1 and "empty" in refused.stderr
    assert [p.name for p in tmp_path.iterdir()] == ["thesis"]


def test_a_damaged_backup_is_refused_and_leaves_nothing(restored, tmp_path):
    raw = bytearray(restored[2]["answer"].content)
    place = raw.index(b'"type":"decision"')
    raw[place + 8] ^= 1
    file = tmp_path / "damaged.tar"
    file.write_bytes(raw)
    refused = restore(file, tmp_path / "data")
    assert refused.returncode == 1 and "damaged" in refused.stderr
    assert list((tmp_path / "data").iterdir()) == []
    file.write_bytes(restored[2]["answer"].content[:50_000])
    assert restore(file, tmp_path / "data").returncode == 1
    assert list((tmp_path / "data").iterdir()) == []


def test_only_an_administrator_takes_a_backup(restored):
    broker, world, _ = restored
    for role in ("auditor", "operator"):
        made = world.admin.post("/credentials", {"role": role, "name": role, "expires_at": stamp(3600)}).json()
        problem(take(broker, made["token"]), 403)
    problem(take(broker, "nonsense"), 401)
    assert admin_client(broker).get("/openapi.json").json()["paths"]["/backup"]["get"]
