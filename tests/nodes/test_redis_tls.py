"""Contract §16: Redis over TLS, and with a user that may do no more than the nodes need."""

from ipaddress import ip_address

import pytest
from cryptography import x509

from support.authority import Authority
from support.nodes import Cluster, at, scene_of
from support.process import kept_port
from support.redis import Redis
from support.scene import until

COMMANDS = """auth info select ping eval wait multi exec xadd xdel xlen xrange xread xsetid hdel hexists hget hgetall
hincrby hlen hmget hset get set del pexpire time zadd zrangebyscore zrem zscore""".split()
"""What the nodes need in Redis; all else is closed to them."""


class Tls:
    """A Redis that speaks TLS at one port, with a certificate of an authority of ours, and in the clear to the test."""

    def __init__(self, tmp_path, *more: str, name="127.0.0.1"):
        self.authority, self.port = Authority(), kept_port()
        issued = self.authority.certify(x509.IPAddress(ip_address(name)))
        for file, text in (("ca.pem", self.authority.pem()), ("redis.pem", issued.cert), ("redis.key", issued.key)):
            (tmp_path / file).write_text(text)
        self.redis = Redis("--tls-port", str(self.port), "--tls-cert-file", str(tmp_path / "redis.pem"),
                           "--tls-key-file", str(tmp_path / "redis.key"), "--tls-ca-cert-file", str(tmp_path / "ca.pem"),
                           "--tls-auth-clients", "no", *more)

    def __enter__(self) -> "Tls":
        self.redis.start()
        return self

    def __exit__(self, *_):
        self.redis.__exit__()

    def named_by(self, node, ca: str | None = None, more: str = "") -> None:
        """That node reaches it over TLS, and trusts this authority."""
        node.redis = f"rediss://127.0.0.1:{self.port}/0"
        node.write("redis-ca.pem", ca or self.authority.pem())
        node.more = f'ca_file = "redis-ca.pem"\n{more}'


def test_nodes_that_reach_redis_over_tls_as_a_user_with_few_rights_are_one_broker(tmp_path):
    with Tls(tmp_path) as tls, Cluster(tls.redis) as cluster:
        rights = [f"+{command}" for command in COMMANDS]
        tls.redis.ask("ACL", "SETUSER", "locum", "on", ">right", "resetkeys", "~locum:*", "resetchannels", "-@all", *rights)
        for node in cluster:
            node.write("redis.password", "right")
            tls.named_by(node, more='user = "locum"\npassword_file = "redis.password"')
        scene = scene_of(cluster.start())
        grant = scene.world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person, max_uses=3)
        for node in cluster:
            there = at(scene, node)
            made = there.token(auth="private_key_jwt")
            used = there.token(grant, "urn:locum:token-type:grant", scope="thing.write")
            assert [at(scene, other).active(used.token) for other in cluster] == [True] * 3
            confirmed = node.world.revoke("token", made.claims["jti"]).confirmed
            assert (confirmed["replicas"], confirmed["of"]) == (3, 3)
            node.world.lift(node.world.lock("agent", scene.agent.id))
        assert scene.exchange(grant, "urn:locum:token-type:grant", scope="thing.write").status_code == 400
        cluster.nodes[1].restart()
        cluster.add("d")
        tls.named_by(cluster.nodes[3], more='user = "locum"\npassword_file = "redis.password"')
        cluster.nodes[3].write("redis.password", "right")
        cluster.nodes[3].start()
        assert tls.redis.ask("ACL", "LOG") == [], "nothing was asked that it may not"
        assert "tls" not in cluster.nodes[0].output().lower()


def test_nodes_come_back_over_tls_after_a_restart_of_redis(tmp_path):
    with Tls(tmp_path) as tls, Cluster(tls.redis, ("a",)) as cluster:
        node = cluster.nodes[0]
        tls.named_by(node)
        scene = scene_of(cluster.start())
        tls.redis.kill9()
        until(lambda: not node.is_ready())
        tls.redis.start()
        assert until(lambda: scene.exchange().status_code == 200)


def test_a_node_that_trusts_another_authority_ends_and_names_the_setting(tmp_path):
    with Tls(tmp_path) as tls, Cluster(tls.redis, ("a",)) as cluster:
        tls.named_by(cluster.nodes[0], ca=Authority().pem())
        said = cluster.nodes[0].begin().ends()
        assert "store.ca_file" in said and "certificate" in said
        assert tls.redis.ask("KEYS", "*") == []


def test_a_node_without_the_authority_ends_and_names_the_setting(tmp_path):
    with Tls(tmp_path) as tls, Cluster(tls.redis, ("a",)) as cluster:
        cluster.nodes[0].redis = f"rediss://127.0.0.1:{tls.port}/0"
        said = cluster.nodes[0].begin().ends()
        assert "store.ca_file" in said and "certificate" in said


def test_a_certificate_for_another_address_ends_the_start_and_names_the_setting(tmp_path):
    with Tls(tmp_path, name="127.0.0.2") as tls, Cluster(tls.redis, ("a",)) as cluster:
        tls.named_by(cluster.nodes[0])
        said = cluster.nodes[0].begin().ends()
        assert "store.ca_file" in said and "certificate" in said


@pytest.mark.parametrize("text", ["", "no certificate at all", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"])
def test_a_file_of_authorities_that_holds_none_ends_the_start_and_is_named(tmp_path, text):
    with Tls(tmp_path) as tls, Cluster(tls.redis, ("a",)) as cluster:
        tls.named_by(cluster.nodes[0], ca=text or " ")
        assert "ca_file" in cluster.nodes[0].begin().ends()


def test_redis_spoken_to_in_the_clear_at_its_tls_port_keeps_a_node_waiting_or_ends_it_and_it_says_why(tmp_path):
    with Tls(tmp_path) as tls, Cluster(tls.redis, ("a",)) as cluster:
        node = cluster.nodes[0]
        node.redis = f"redis://127.0.0.1:{tls.port}/0"
        node.begin()
        until(lambda: "Redis" in (node.flaw() or "") or not node.running)
        assert not node.is_ready() and "Redis" in (node.flaw() or node.output())
