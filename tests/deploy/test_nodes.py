"""Three brokers and a Redis with its replica: the composition says of each what it says of one broker alone, and
its files work as plain processes."""

import re
import secrets
import shutil
import subprocess
import tempfile
import tomllib
from hashlib import sha256
from pathlib import Path

import pytest
import yaml
from packages import CREDENTIALS, DATA, DEPLOY, REPO, compose, longest_stop_s
from packages import secrets as credentials
from support import client
from support.authority import Authority
from support.process import STOP_DEADLINE_S, binary, free_port
from support.scene import until
from support.serving import ADMIN_TOKEN, Serving

PAGE = REPO / "docs/how-to/many-nodes.md"
BROKERS = ("broker-1", "broker-2", "broker-3")


def composed() -> dict:
    """The composition of many nodes."""
    return yaml.safe_load((DEPLOY / "compose-nodes.yaml").read_text())


def alone() -> dict:
    """The one service of the composition of one broker."""
    [found] = compose()["services"].values()
    return found


def bound(service: str) -> dict[str, Path]:
    """Files that are bound into a service, by where they lie inside."""
    entries = composed()["services"][service]["volumes"]
    pairs = [entry.split(":") for entry in entries if entry.startswith("./")]
    return {inside: DEPLOY / source for source, inside, _ in pairs}


def targets(service: str) -> dict[str, str]:
    """Names of the secrets of a service, by where they lie inside."""
    return {entry["target"]: entry["source"] for entry in composed()["services"][service]["secrets"]}


def commands() -> str:
    """What the page lets the user of the nodes do at Redis."""
    [found] = re.findall(r'^commands="([^"]+)"$', PAGE.read_text(), re.M)
    return " ".join(found.split())


@pytest.mark.parametrize("name", BROKERS)
def test_a_broker_among_others_is_run_as_one_alone_is(name):
    found, one = composed()["services"][name], alone()
    own = {"ports", "volumes", "secrets", "depends_on"}
    assert {k: v for k, v in found.items() if k not in own} == {k: v for k, v in one.items() if k not in own}
    assert [entry for entry in found["secrets"] if entry in one["secrets"]] == one["secrets"]
    assert [e for e in found["volumes"] if not e.endswith(":ro")] == [f"data-{name[-1]}:{DATA}"]
    assert int(found["stop_grace_period"].removesuffix("s")) > longest_stop_s()


def test_each_broker_has_ports_of_its_own_on_loopback_alone_and_none_publishes_operations():
    published = [port for name in BROKERS for port in composed()["services"][name]["ports"]]
    found = [re.fullmatch(r"127\.0\.0\.1:(\d+):(8420|8424)", port) for port in published]
    assert all(found) and len({match[1] for match in found}) == 6


def test_every_file_of_the_nodes_is_there_and_every_secret_is_a_file_to_make():
    for name in composed()["services"]:
        assert [path for path in bound(name).values() if not path.exists() and path.name != "tls"] == []
        declared = composed()["secrets"]
        assert all(declared[source]["file"].startswith("./secrets/") for source in targets(name).values())
    head = (DEPLOY / "compose-nodes.yaml").read_text().partition("name:")[0]
    assert set(re.findall(r"secrets/\S+", head)) == {e["file"][2:] for e in composed()["secrets"].values()}


def test_no_redis_runs_as_root_or_writes_beside_its_data():
    for name in ("redis", "redis-replica"):
        found = composed()["services"][name]
        assert re.fullmatch(r"[1-9]\d+:[1-9]\d+", found["user"]) and found["read_only"] is True
        assert found["cap_drop"] == ["ALL"] and found["security_opt"] == ["no-new-privileges:true"]
        assert "ports" not in found
        assert [e for e in found["volumes"] if not e.endswith(":ro")] == [f"{name}:/data"]


def test_each_broker_names_itself_as_the_others_reach_it():
    for name in BROKERS:
        own = tomllib.loads(bound(name)["/etc/locum/conf.d/node.toml"].read_text())
        operations = tomllib.loads(bound(name)["/etc/locum/conf.d/listen.toml"].read_text())["listen"]["operations"]
        port = operations.rsplit(":", 1)[1]
        assert own == {"store": {"node": name, "peer": f"http://{name}:{port}"}}


class Server:
    """A Redis of the composition as a plain process."""

    def __init__(self, service: str, ports: dict[str, int], users: str, password: str):
        self.home, self.port = Path(tempfile.mkdtemp(prefix="locum-redis-")), ports[service]
        texts = {"redis-users": users, "redis-replica": f"masterauth {password}\n"}
        for inside, path in bound(service).items():
            self.write(inside, path.read_text().replace("redis 6379", f"127.0.0.1 {ports['redis']}"))
        for inside, source in targets(service).items():
            self.write(inside, texts[source])
        [program, config] = composed()["services"][service]["command"]
        words = [program, f"{self.home}{config}", "--bind", "127.0.0.1", "--port", str(self.port), "--dir", str(self.home)]
        self.process = subprocess.Popen(words, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL)

    def write(self, inside: str, text: str) -> None:
        """A file of the container, below the folder."""
        path = Path(f"{self.home}{inside}")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(re.sub(r"(?<= )(/run/secrets|/etc/redis)(?=/)", rf"{self.home}\1", text))

    def close(self) -> None:
        """End it."""
        self.process.kill()
        self.process.wait(STOP_DEADLINE_S)
        shutil.rmtree(self.home, ignore_errors=True)


class Node(Serving):
    """A broker of the composition as a plain process: its files, its paths below one folder, free ports."""

    scheme = "https"

    def __init__(self, name: str, redis: int, held: dict[str, str], authority: Authority):
        self.home, self.name = Path(tempfile.mkdtemp(prefix="locum-node-")), name
        self.admin_token, self.process, self.at = ADMIN_TOKEN, None, {}
        self.operations = free_port()
        for inside, path in bound(name).items():
            if path.is_file():
                self.write(self.inside(inside), self.here(path.read_text(), redis))
        for inside, source in targets(name).items():
            self.write(self.inside(inside), held[source])
        authority.issue(self, "etc/locum/tls/cert.pem", "etc/locum/tls/key.pem")
        self.config = self.home / "etc/locum/locum.toml"

    def inside(self, path: str) -> str:
        """A path of the container, below the folder."""
        return path.lstrip("/")

    def here(self, text: str, redis: int) -> str:
        """A text with the places of the container as they are here."""
        changed = {CREDENTIALS: str(self.home / CREDENTIALS.lstrip("/")), DATA: str(self.home / "state"),
                   "0.0.0.0:8423": f"127.0.0.1:{self.operations}", f"{self.name}:8423": f"127.0.0.1:{self.operations}",
                   "redis:6379": f"127.0.0.1:{redis}"}
        for place, so in changed.items():
            text = text.replace(place, so)
        return re.sub(r"0\.0\.0\.0:84\d\d", "127.0.0.1:0", text)


@pytest.fixture
def cluster(monkeypatch):
    """Both Redis servers and the three brokers, started as the composition does."""
    held = credentials() | {"redis-password": secrets.token_urlsafe(32)}
    password, ports = secrets.token_urlsafe(32), {"redis": free_port(), "redis-replica": free_port()}
    users = "\n".join(["user default off ~* &* +@all",
                       f"user locum on #{sha256(held['redis-password'].encode()).hexdigest()} ~locum:* resetchannels -@all {commands()}",
                       f"user replica on #{sha256(password.encode()).hexdigest()} -@all +psync +replconf +ping", ""])
    authority, started = Authority(), []
    try:
        started += [Server(service, ports, users, password) for service in ports]
        nodes = [Node(name, ports["redis"], held, authority) for name in BROKERS]
        monkeypatch.setattr(client.http, "verify", str(nodes[0].write("ca.pem", authority.pem())))
        for node in nodes:
            node.start()
        yield nodes
        for node in nodes:
            assert node.stop() == 0, node.log()
    finally:
        for server in started:
            server.close()
        for node in locals().get("nodes", []):
            node.__exit__()


@pytest.mark.skipif(not shutil.which("redis-server"), reason="no redis-server here")
def test_three_brokers_on_a_redis_with_a_replica_are_one(cluster):
    first, *_, last = cluster
    def ready():
        items = last.admin.get("/nodes").json()["items"]
        return [item["node"] for item in items if item["ready"]] == list(BROKERS)
    until(ready)
    assert "locum_store_replicas_acked 1" in first.get("operations", "/metrics")[2]
    made = first.admin.post("/locks", {"what": {"kind": "all"}, "reason": "test"})
    assert made.status_code == 201, made.text
    assert [made.json()["confirmed"][k] for k in ("replicas", "of")] == [3, 3]
    assert [lock["id"] for lock in last.admin.get("/locks").json()["items"]] == [made.json()["id"]]
    for node in cluster:
        health = [binary(), *composed()["services"][node.name]["healthcheck"]["test"][2:-1], f"http://127.0.0.1:{node.operations}"]
        done = subprocess.run(health, capture_output=True, text=True, timeout=60)
        assert done.returncode == 0 and "[+]store ok" in done.stdout, done.stdout + done.stderr
