"""Attack row 69: no token, secret, assertion or raw body in a log, the ledger, a decision or an error."""

import base64
import stat
from pathlib import Path

import pytest

from support import client, tokens
from support.broker import DevBroker
from support.client import admin as admin_client
from support.scene import Scene
from support.world import World, stamp, unique


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


def leaks(text: bytes, secrets: dict[str, bytes]) -> list[str]:
    """The names of the secrets found in it."""
    return [name for name, secret in secrets.items() if secret in text]


def token_parts(name: str, token: str) -> dict[str, bytes]:
    """A token whole, its signature as text, and its signature as bytes."""
    signature = token.rsplit(".", 1)[-1]
    return {name: token.encode(), f"{name}: signature": signature.encode(), f"{name}: raw": tokens.unb64(signature)}


def play(broker, scene, admin) -> dict[str, bytes]:
    """Good and bad requests of every kind, and every secret that took part."""
    secrets, canary = {}, "canary" + unique("").replace("-", "")
    subject, access = tokens.id_token(broker, sub=scene.sub, groups=["staff"]), tokens.idp_access_token(broker)
    workload, assertion = tokens.workload_token(broker), tokens.client_assertion(broker)
    made = scene.token(subject)
    client.exchange(broker, actor_token=workload, actor_token_type=client.JWT)
    client.token(broker, client.form(subject, client_assertion=assertion, client_assertion_type=client.ASSERTION_TYPE),
                 auth=None)
    client.exchange(broker, access, client.JWT)
    forged = tokens.tampered(subject, sub=canary)
    for bad in (forged, subject[:-6] + "AAAAAA", canary + ".x.y", canary):
        scene.exchange(bad)
    scene.exchange(actor_token=tokens.tampered(workload, sub=canary), actor_token_type=client.JWT)
    client.exchange(broker, agent={"client_id": "invoice-agent", "client_secret": canary + "-secret"})
    client.exchange(broker, data=[("grant_type", "unknown"), ("subject_token", subject)])
    client.call(broker, broker.token_endpoint, [], headers={"Content-Type": "application/json"})
    scene.introspect(made.token)
    client.introspect(broker, made.token, agent="hr-agent")
    client.revoke(broker, made.token, agent=scene.agent)
    credential = admin.post("/credentials", {"role": "auditor", "name": "n", "expires_at": stamp(600)}).json()["token"]
    admin_client(broker, credential).get("/decisions")
    admin_client(broker, canary + "-bearer").get("/decisions")
    for name, token in {"subject": subject, "access": access, "workload": workload, "assertion": assertion,
                        "issued": made.token}.items():
        secrets |= token_parts(name, token)
    secrets |= {"forged": canary.encode(), "forged in base64": base64.b64encode(canary.encode())[:-4],
                "agent secret": scene.agent.client_secret.encode(), "credential": credential.encode(),
                "server secret": scene.target.server.client_secret.encode(),
                "admin token": broker.admin_token.encode()}
    for name, agent in broker.agents.items():
        secrets |= {f"secret of {name}": agent.client_secret.encode(),
                    f"key of {name}": agent.private_jwk["d"].encode()}
    for name in ("idp", "workloads"):
        secrets[f"key of {name}"] = broker.ready[name].private_jwk["d"].encode()
    for name, person in broker.people.items():
        secrets[f"password of {name}"] = person["password"].encode()
    return secrets


@pytest.fixture
def talkative(monkeypatch):
    """A broker of the test's own that logs all it can."""
    monkeypatch.setenv("LOCUM_LOG", "trace")
    with DevBroker(options=("--segment-bytes", "65536")) as running:
        yield running


def test_row_69_no_token_secret_or_assertion_reaches_log_ledger_or_decision(talkative):
    world = World(talkative)
    secrets = play(talkative, Scene(world), world.admin)
    folder = Path(talkative.data_dir) / "ledger"
    while not any(folder.glob("*.snap")):  # what is kept beside the segments is looked at too
        world.agent()
    found = {"log": leaks(talkative.output().encode(), secrets)}
    page = world.admin.get("/decisions", params={"limit": 100})
    found["decisions"] = leaks(page.content, secrets)
    for path in ("/agents", "/clients", "/targets", "/issuers", "/credentials", "/revocations", "/locks", "/policies"):
        found[path] = leaks(world.admin.get(path).content, secrets)
    talkative.stop()
    for file in sorted(p for p in Path(talkative.data_dir).rglob("*") if p.is_file()):
        if not file.name.startswith("dev-"):
            found[str(file.relative_to(talkative.data_dir))] = leaks(file.read_bytes(), secrets)
    assert {place: names for place, names in found.items() if names} == {}


def test_row_69_an_answer_never_repeats_what_could_not_be_verified(scene, broker):
    """§5: nothing from a token is echoed before its signature has been verified."""
    canary = unique("canary")
    for bad in (tokens.tampered(scene.subject(), iss=f"https://{canary}.example"), f"{canary}.b.c",
                tokens.tampered(scene.subject(), sub=canary)):
        assert canary not in scene.exchange(bad).text


def test_row_69_files_with_demo_secrets_are_for_their_owner_only(dev_broker):
    files = [p for p in Path(dev_broker.data_dir).rglob("*") if p.is_file()]
    assert files
    for file in files:
        if file.name.startswith("dev-"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(Path(dev_broker.ready_file).stat().st_mode) == 0o600
