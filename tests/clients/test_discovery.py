"""Clients that read the metadata find that of an issuer with a path, in either form (RFC 8414 §3.1)."""

import socket

import pytest
from libraries import ALONE, CLIENTS
from trial import Ask

from support import checks, client, tokens
from support.serving import Serving
from support.world import World

POLICY = """@id("roams") @reason("test")
permit(principal == Agent::"roamer", action, resource == Target::"there");
"""
WAYS = [pytest.param(c, way, id=f"{c.name}, {way}") for c in CLIENTS if c.discovers for way in c.ways]


@pytest.fixture(scope="module")
def tenant():
    """A broker served under a path, and what makes an `Ask` for it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        at = f"127.0.0.1:{free.getsockname()[1]}"
    with Serving(issuer=f"http://{at}/tenant/a", listen='admin = "127.0.0.1:0"') as home:
        home.change("locum.toml", 'public = "127.0.0.1:0"', f'public = "{at}"')
        home.write("policies/roamer.cedar", POLICY)
        home.start()
        world = World(home)
        people, workloads = world.issuer(), world.issuer("workload")
        target = world.target({"invoice.read": "low"}, "there")
        agent = world.actor(target, ("invoice.read",), (), agent_id="roamer", subject_issuers=[people.id],
                            actor_token_authenticates=True,
                            workload={"issuer": workloads.id, "claims": {"sub": "wl/roamer"}})

        def ask(way) -> Ask:
            now = tokens.now()
            life = {"iat": now, "exp": now + 600}
            ada = {"iss": people.issuer, "sub": "ada", "aud": "test-app", "auth_time": now} | life
            acts = {"iss": workloads.issuer, "sub": "wl/roamer", "aud": home.issuer} | life
            actor = {"actor_token": tokens.sign(acts, workloads.key), "actor_token_type": client.JWT}
            return Ask(
                issuer=home.issuer, token_endpoint="", client_id=agent.client_id, client_secret=agent.client_secret,
                private_jwk=agent.private_jwk, way=way, subject_token=tokens.sign(ada, people.key),
                subject_token_type=client.ID_TOKEN, token_file="", actor=actor if way == ALONE else {},
                audience=target.audience, scope="invoice.read", target_url="")

        yield home.issuer, f"{people.id}:ada", ask


@pytest.mark.parametrize("library, way", WAYS)
def test_a_client_finds_an_issuer_with_a_path(tenant, library, way):
    issuer, person, ask = tenant
    claims = tokens.decode(library.get(ask(way))["access_token"])
    assert (claims["iss"], claims["sub"], checks.actors(claims)) == (issuer, person, ["roamer"])
