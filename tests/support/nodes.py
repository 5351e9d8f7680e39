"""Several brokers of one issuer that share a Redis."""

import base64
import os
import subprocess
import urllib.error
import urllib.request
from pathlib import Path

from support import cast, client
from support.broker import Cast
from support.process import Member, binary, free_port
from support.redis import Redis

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
        self.ports = free_port(), free_port()
        self.redis, self.more, self.shared = None, "", True
        self._file("master.key", cluster.master)
        self._file("admin.token", cluster.admin_token)
        base = f"http://127.0.0.1:{self.ports[0]}"
        self.ready = Member(issuer=cluster.issuer or base, base=base, token_endpoint=f"{base}/token",
                            admin_api=f"{base}/admin/v1", admin_token=cluster.admin_token,
                            operations=f"http://127.0.0.1:{self.ports[1]}", data=str(self.data_dir))

    def _file(self, name: str, text: str) -> Path:
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
        self.begin()
        self._await(self.is_ready)
        return self

    def begin(self) -> None:
        """Start it, and wait for nothing."""
        self._file("locum.toml", self.settings())
        with (self._home / "stdout").open("ab") as out, (self._home / "stderr").open("ab") as err:
            command = [binary(), "serve", "--config", str(self.config)]
            self._process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=out, stderr=err)
        self.ready["pid"] = self._process.pid

    def ends(self) -> str:
        """Wait until it ends by itself; what it wrote."""
        self._process.wait(30)
        return self.output()

    def _await(self, holds) -> None:
        from support.scene import until

        until(lambda: holds() or not self.running, 60)
        assert self.running, self.output()[-2000:]

    def operation(self, path: str) -> tuple[int, str]:
        """Ask its operations listener."""
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

    def introspect(self, token: str, agent) -> dict | int:
        """The answer of its /introspect, or the status of a no."""
        answer = client.call(self, self.base + "/introspect", [("token", token)], agent)
        return answer.json() if answer.status_code == 200 else answer.status_code

    def revoke(self, token: str, agent):
        """Its /revoke."""
        return client.call(self, self.base + "/revoke", [("token", token)], agent)

    def locum(self, *words, **kwargs) -> subprocess.CompletedProcess:
        """An operator's command at this node."""
        environment = os.environ | {"LOCUM_ADMIN_API": self.ready["admin_api"], "LOCUM_ADMIN_TOKEN": self.cluster.admin_token}
        return subprocess.run([binary(), *map(str, words)], capture_output=True, text=True, timeout=60,
                              env=environment, **kwargs)

    @property
    def api(self) -> client.Admin:
        """Its admin API."""
        return client.admin(self)


class Cluster:
    """A Redis and the nodes that share it; the first declares the cast."""

    def __init__(self, redis: Redis, names=("a", "b", "c"), rate: int = 0):
        self.redis, self.rate = redis, rate
        self.master = base64.b64encode(os.urandom(32)).decode()
        self.admin_token = base64.urlsafe_b64encode(os.urandom(32)).decode()
        self.issuer = None
        self.nodes: list[Node] = []
        for name in names:
            self.add(name)

    def add(self, name: str) -> Node:
        """One more node, not yet started."""
        node = Node(self, name)
        self.issuer = self.issuer or node.ready["issuer"]
        self.nodes.append(node)
        return node

    def start(self) -> "Cluster":
        """Start all, one after another; the cast is known to all."""
        for node in self.nodes:
            node.start()
        self.declare()
        return self

    def declare(self) -> None:
        """The first declares the cast."""
        declared = cast.declared(self.nodes[0])
        for node in self.nodes:
            node.ready |= declared

    def __enter__(self) -> "Cluster":
        return self

    def __exit__(self, *_):
        for node in self.nodes:
            node.close()

    def __iter__(self):
        return iter(self.nodes)


