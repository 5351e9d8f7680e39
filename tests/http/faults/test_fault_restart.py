"""Restarts keep ids, secrets, keys and states; a torn tail costs at most what was torn."""

import os
from pathlib import Path

import pytest

from support import client, tokens
from support.broker import Broker
from support.checks import refused
from support.client import admin as admin_client
from support.scene import Scene, problem
from support.world import World, stamp

# One worker for the whole file: the restarted broker is filled once.
pytestmark = pytest.mark.xdist_group("restart")


# ------------------------------------------------------------------- restarts

@pytest.fixture(scope="module")
def restarted():
    """A broker that was filled, stopped and started again; what it was filled with."""
    with Broker() as broker:
        world = World(broker)
        scene, kept = Scene(world), {}
        kept["token"], kept["dead"] = scene.token(), scene.token()
        world.revoke("token", kept["dead"].claims["jti"])
        kept["grant"] = world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
        kept["locked"] = Scene(world)
        kept["lock"] = world.lock("agent", kept["locked"].agent.id)
        kept["retired"] = world.agent()
        world.agent_state(kept["retired"].id, "retire")
        kept["suspended"] = world.agent()
        world.agent_state(kept["suspended"].id, "suspend")
        made = world.admin.post("/credentials", {"role": "auditor", "name": "n", "expires_at": stamp(3600)})
        kept["credential"] = made.json()["token"]
        kept["policies"] = world.admin.get("/policies").json()
        kept["agents"] = world.admin.get("/agents?limit=100").json()
        kept["jwks"] = client.http.get(f"{broker.issuer}/jwks", timeout=30).json()
        kept["assertion"] = client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                                        client_assertion=tokens.client_assertion(broker, scene.agent),
                                        client_assertion_type=client.ASSERTION_TYPE)
        assert client.token(broker, kept["assertion"], auth=None).status_code == 200
        assert broker.stop() == 0
        broker.start()
        yield broker, scene, kept


def test_ids_states_and_policies_survive(restarted):
    broker, _, kept = restarted
    admin = admin_client(broker)
    assert admin.get("/agents?limit=100").json() == kept["agents"]
    assert admin.get("/policies").json() == kept["policies"]
    assert admin.get(f"/agents/{kept['suspended'].id}").json()["state"] == "suspended"
    assert admin.get(f"/grants/{kept['grant']}").json()["state"] == "active"


def test_a_token_from_before_is_verifiable_and_active_and_its_decision_is_there(restarted):
    broker, scene, kept = restarted
    jwks = client.http.get(f"{broker.issuer}/jwks", timeout=30).json()["keys"]
    assert {k["kid"] for k in kept["jwks"]["keys"]} <= {k["kid"] for k in jwks}
    made = kept["token"]
    key = next(k for k in jwks if k["kid"] == made.header["kid"])
    tokens.verify(made.token, key)
    assert scene.active(made.token)
    assert scene.admin.decision(made.body["delegation_id"]).json()["jti"] == made.claims["jti"]


def test_what_was_revoked_locked_or_retired_stays_so(restarted):
    broker, scene, kept = restarted
    assert not scene.active(kept["dead"].token)
    refused(broker, kept["locked"].exchange(), "LCM-LOCKED")
    refused(broker, client.exchange(broker, agent=kept["retired"]), "LCM-CLIENT-AUTH")
    body = {"id": kept["retired"].id, "name": "again", "owner": {"kind": "team", "id": "t"}, "risk": "low",
            "auth": [{"method": "client_secret"}], "workload": None, "presenters": [], "subject_issuers": [],
            "max_depth": 4, "ceiling": []}
    problem(scene.admin.post("/agents", body), 409)
    assert scene.admin.post(f"/locks/{kept['lock']}/lift", {"reason": "r"}).status_code == 200
    assert kept["locked"].exchange().status_code == 200


def test_an_assertion_from_before_is_spent(restarted):
    broker, _, kept = restarted
    assert client.token(broker, kept["assertion"], auth=None).status_code == 401


def test_a_credential_from_before_works(restarted):
    broker, _, kept = restarted
    assert admin_client(broker, kept["credential"]).get("/decisions").status_code == 200


def test_agents_with_a_secret_or_a_key_from_before_exchange(restarted):
    broker, scene, kept = restarted
    assert scene.exchange().status_code == 200
    assert scene.exchange(auth="private_key_jwt").status_code == 200
    assert client.exchange(broker, scope="invoice.read").status_code == 200
    assert scene.token(scope="thing.write").claims["del"]["grant"] == kept["grant"]


def test_a_dev_world_is_found_as_it_was(dev_broker):
    before = dict(dev_broker.ready)
    dev_broker.restart()
    for group in ("agents", "people", "idp", "workloads", "targets", "admin_token", "issuer"):
        assert dev_broker.ready[group] == before[group], group
    signed_in = client.sign_in(dev_broker)["id_token"]
    token = client.exchange(dev_broker, signed_in, scope="invoice.read").json()["access_token"]
    answer = client.http.get(f"{dev_broker.target('sap').url}/invoices/4711", timeout=30,
                             headers={"Authorization": f"Bearer {token}"})
    assert answer.status_code == 200 and answer.json()["seen"]["sub"] == "demo:ada"


# ------------------------------------------------------------------ torn tails

def newest_segment(broker) -> Path:
    """The ledger's segment that was written last."""
    files = [p for p in (Path(broker.data_dir) / "ledger").rglob("*") if p.is_file() and p.stat().st_size]
    segments = [p for p in files if p.suffix == ".seg"] or files
    return max(segments, key=lambda p: (p.stat().st_mtime_ns, p.name))


def append(data: bytes):
    """Damage that adds bytes behind the last record."""
    def damage(path: Path):
        with path.open("ab") as file:
            file.write(data)
    return damage


def cut(count: int):
    """Damage that takes the last bytes."""
    return lambda path: os.truncate(path, path.stat().st_size - count)


def half_a_record(path: Path):
    """A beginning of what looks like a record: the first half of the last kilobyte again."""
    tail = path.read_bytes()[-1000:]
    append(tail[:len(tail) // 2])(path)


@pytest.mark.parametrize("damage, lost", [
    (append(b"\x00" * 37), 0), (append(b"\x00" * 4096), 0), (append(os.urandom(333)), 0), (append(b"{"), 0),
    (half_a_record, 0), (cut(1), 1), (cut(50), 1)],
    ids=["zeros", "page-of-zeros", "noise", "one-byte", "half-a-record", "last-byte-cut", "last-50-bytes-cut"])
def test_a_torn_tail_is_repaired_and_every_earlier_record_is_intact(fresh_broker, fresh_world, damage, lost):
    scene = Scene(fresh_world)
    made = [scene.token() for _ in range(12)]
    fresh_world.revoke("token", made[3].claims["jti"])
    last = scene.token()
    fresh_broker.kill9()
    damage(newest_segment(fresh_broker))
    fresh_broker.start()
    for token in made if lost else [*made, last]:
        found = scene.admin.decision(token.body["delegation_id"])
        assert found.status_code == 200 and found.json()["jti"] == token.claims["jti"]
    assert not scene.active(made[3].token) and scene.active(made[4].token)
    after = scene.token()
    assert scene.admin.decision(after.body["delegation_id"]).status_code == 200
    fresh_broker.restart(kill=True)
    assert scene.admin.decision(after.body["delegation_id"]).status_code == 200
    assert not scene.active(made[3].token)


def test_a_start_that_is_killed_at_once_harms_nothing(fresh_broker, fresh_world):
    scene = Scene(fresh_world)
    made = [scene.token() for _ in range(5)]
    for _ in range(3):
        fresh_broker.restart(kill=True)
    assert all(scene.active(t.token) for t in made)


def test_two_brokers_do_not_share_a_data_folder(fresh_broker):
    with pytest.raises(RuntimeError), Broker(data=fresh_broker.data_dir):
        pass
    assert fresh_broker.running and client.exchange(fresh_broker).status_code == 200
