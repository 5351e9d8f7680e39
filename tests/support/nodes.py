"""Several brokers of one issuer that share a Redis."""

import base64
import copy
import os
import shutil
import subprocess
import urllib.error
import urllib.request
from datetime import datetime, timedelta, timezone
from pathlib import Path

from support import cast, client
from support.broker import Cast
from support.process import STOP_DEADLINE_S, Member, binary, kept_port
from support.redis import Redis
from support.scene import Scene, until
from support.world import World

READY_WITHIN_S = 60
LIVES = timedelta(seconds=3)
"""A node lives while it was heard of within that (contract §16)."""
SETTINGS = """
issuer = "{issuer}"
data_dir = "data"
[listen]
public = "127.0.0.1:{public}"
operations = "127.0.0.1:{operations}"
[keys]
master_key_file = "master.key"
rotate_days = 3650
[admin]
bootstrap_token_file = "admin.token"
[limits]
requests_per_client_per_s = {rate}
[network]
allow_private = ["127.0.0.0/8", "::1/128"]
[grants]
allow_administrator = true
"""

STORE = """
[store]
redis = "{redis}"
node = "{node}"
peer = "http://127.0.0.1:{operations}"
{more}
"""


class Node(Cast):
    """`locum serve` of a cluster. What a test may know of it are attributes, as of a broker that stands alone."""

    def __init__(self, cluster: "Cluster", name: str):
        super().__init__()
        self.cluster, self.name = cluster, name
        self.data_dir = self._home / "data"
        self.ports = kept_port(), kept_port()
        self.redis, self.more, self.shared = None, "", True
        self.write("master.key", cluster.master)
        self.write("admin.token", cluster.admin_token)
        base = f"http://127.0.0.1:{self.ports[0]}"
        self.ready = Member(issuer=cluster.issuer or base, base=base, token_endpoint=f"{base}/token",
                            admin_api=f"{base}/admin/v1", admin_token=cluster.admin_token,
                            operations=f"http://127.0.0.1:{self.ports[1]}", data=str(self.data_dir))

    def __repr__(self):
        return f"node {self.name}"

    def write(self, name: str, text: str) -> Path:
        """A file beside its `locum.toml`, its owner's alone."""
        path = self._home / name
        path.write_text(text)
        path.chmod(0o600)
        return path

    @property
    def config(self) -> Path:
        """Its `locum.toml`."""
        return self._home / "locum.toml"

    def settings(self) -> str:
        """What its `locum.toml` says."""
        public, operations = self.ports
        out = SETTINGS.format(issuer=self.ready["issuer"], public=public, operations=operations, rate=self.cluster.rate)
        if self.shared:
            redis = self.redis or self.cluster.redis.url
            out += STORE.format(redis=redis, node=self.name, operations=operations, more=self.more)
        return out

    def start(self) -> "Node":
        """Start it and wait until it is ready."""
        return self.begin().until_ready()

    def begin(self) -> "Node":
        """Start it, and wait for nothing."""
        self.write("locum.toml", self.settings())
        with (self._home / "stdout").open("ab") as out, (self._home / "stderr").open("ab") as err:
            command = [binary(), "serve", "--config", str(self.config)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.ready["pid"] = self._process.pid
        return self

    def until_ready(self) -> "Node":
        """Wait until it is ready; it must not end before."""
        until(lambda: self.is_ready() or not self.running, READY_WITHIN_S)
        assert self.running, self.output()[-2000:]
        return self

    def ends(self) -> str:
        """Wait until it ends by itself, as what could not start; what it wrote."""
        assert self._process.wait(STOP_DEADLINE_S) not in (0, None), self.output()[-2000:]
        return self.output()

    def forget(self) -> "Node":
        """Empty its data folder; it must not run."""
        shutil.rmtree(self.data_dir, ignore_errors=True)
        return self

    def operation(self, path: str) -> tuple[int, str]:
        """Ask its operations listener; status 0 where nobody answers."""
        try:
            with urllib.request.urlopen(self.ready["operations"] + path, timeout=5) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as answer:
            return answer.code, answer.read().decode()
        except (urllib.error.URLError, OSError) as error:
            return 0, str(error)

    def is_ready(self) -> bool:
        """Whether it says that it is ready."""
        return self.operation("/readyz")[0] == 200

    def flaw(self) -> str | None:
        """What the line `store` of its readiness says is wrong; `None` where nothing is, or nobody answers."""
        _, text = self.operation("/readyz?verbose")
        lines = [line.removeprefix("[-]store ") for line in text.splitlines() if line.startswith("[-]store")]
        return lines[0] if lines else None

    def metric(self, name: str) -> float:
        """A figure of its metrics."""
        lines = (line.rsplit(" ", 1) for line in self.operation("/metrics")[1].splitlines())
        return float(next(value for found, value in lines if found == name))

    def introspect(self, token: str, agent) -> dict | int:
        """The answer of its /introspect, or the status of a no."""
        answer = client.introspect(self, token, agent)
        return answer.json() if answer.status_code == 200 else answer.status_code

    def locum(self, *words, **kwargs) -> subprocess.CompletedProcess:
        """An operator's command at this node."""
        environment = os.environ | {"LOCUM_ADMIN_API": self.ready["admin_api"], "LOCUM_ADMIN_TOKEN": self.cluster.admin_token}
        return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=60,
                              env=environment, **kwargs)

    @property
    def api(self) -> client.Admin:
        """Its admin API."""
        return client.admin(self)

    @property
    def world(self) -> World:
        """Makes objects at this node."""
        return World(self)


class Cluster:
    """A Redis and the nodes that share it; the first declares the cast."""

    def __init__(self, redis: Redis, names=("a", "b", "c"), rate: int = 0, like: "Cluster | None" = None):
        self.redis, self.rate = redis, rate
        self.master = like.master if like else base64.b64encode(os.urandom(32)).decode()
        self.admin_token = base64.urlsafe_b64encode(os.urandom(32)).decode()
        self.issuer = like.issuer if like else None
        self.nodes: list[Node] = []
        self._cast = {}
        for name in names:
            self.add(name)

    def add(self, name: str) -> Node:
        """One more node, not yet started."""
        node = Node(self, name)
        node.ready |= self._cast
        self.issuer = self.issuer or node.ready["issuer"]
        self.nodes.append(node)
        return node

    def start(self) -> "Cluster":
        """Start all; the cast is known to all."""
        first, *others = self.nodes
        first.start()
        for node in others:
            node.begin()
        for node in others:
            node.until_ready()
        return self.declare()

    def declare(self) -> "Cluster":
        """The first declares the cast."""
        self._cast = cast.declared(self.nodes[0])
        for node in self.nodes:
            node.ready |= self._cast
        return self

    def live(self, node: Node) -> set[str]:
        """The nodes that are ready, as one of them lists them."""
        return {item["node"] for item in node.api.get("/nodes").json()["items"] if item["ready"]}

    def until_gone(self, name: str) -> None:
        """Wait until a node that ended lives no longer for the others: it was not heard of for 3 s."""
        def silent() -> bool:
            items = {item["node"]: item for item in self.nodes[0].api.get("/nodes").json()["items"]}
            return name not in items or datetime.now(timezone.utc) - _time(items[name]["seen_at"]) > LIVES

        until(silent)

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.close()

    def __iter__(self):
        return iter(self.nodes)


def _time(text: str) -> datetime:
    return datetime.fromisoformat(text.replace("Z", "+00:00"))


def at(scene: Scene, node: Node) -> Scene:
    """The same agent, target and person, at that node."""
    there = copy.copy(scene)
    there.world, there.broker, there.admin = node.world, node, node.api
    return there


def scene_of(cluster: Cluster) -> Scene:
    """An agent, a target and a person, made at the first node and known to all: an answer waits for the other nodes
    for a moment only."""
    scene = Scene(cluster.nodes[0].world)
    for node in (node for node in cluster if node.running):
        until(lambda node=node: at(scene, node).exchange().status_code == 200)
    return scene
