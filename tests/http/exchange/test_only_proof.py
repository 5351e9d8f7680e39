"""Contract §10, §11: a workload token that is the only proof, and what strangers without one learn and use up."""

import pytest

from support import tokens
from support.checks import issued, refused
from support.client import JWT, exchange
from support.issuer import IssuerServer
from support.world import unique

TRIES = 8
"""More than unknown `kid`s may cause fetches at once."""


@pytest.fixture
def server():
    """The key server of a workload issuer."""
    with IssuerServer([tokens.public(tokens.new_jwk())]) as server:
        yield server


def workloads(world, server, **changes):
    """The issuer, declared."""
    changes = {"issuer": server.url, "jwks": None, "jwks_uri": f"{server.url}/jwks"} | changes
    return world.issuer("workload", **changes)


def token_of(broker, iss, key, sub="x") -> str:
    """A workload's token."""
    t = tokens.now()
    return tokens.sign({"iss": iss, "sub": sub, "aud": broker.issuer, "iat": t, "exp": t + 600}, key)


def alone(broker, actor, **changes):
    """An exchange of somebody without client credentials."""
    return exchange(broker, auth=None, actor_token=actor, actor_token_type=JWT, **changes)


@pytest.mark.parametrize("authenticates", [False, True])
def test_a_stranger_cannot_tell_a_trusted_issuer_from_an_unknown_one(broker, world, server, authenticates):
    issuer = workloads(world, server)
    world.actor(world.target(), actor_token_authenticates=authenticates,
                workload={"issuer": issuer.id, "claims": {"sub": unique("w")}})
    told = set()
    for iss in [server.url] * TRIES + ["https://unknown.example"]:
        answer = alone(broker, token_of(broker, iss, tokens.new_jwk()))
        told.add(refused(broker, answer, "LCM-CLIENT-AUTH")["error_description"])
    assert len(told) == 1
    assert bool(server.asked) == authenticates, "only for agents whose token may be the only proof"


def test_strangers_do_not_delay_a_rotation_for_clients_or_an_operators_test(broker, world, server):
    issuer, target, name = workloads(world, server), world.target(), unique("w")
    agent = world.actor(target, actor_token_authenticates=True,
                        workload={"issuer": issuer.id, "claims": {"sub": name}})
    for _ in range(TRIES):
        refused(broker, alone(broker, token_of(broker, server.url, tokens.new_jwk(), name)), "LCM-CLIENT-AUTH")
    rotated = tokens.new_jwk()
    server.jwks.append(tokens.public(rotated))
    actor = token_of(broker, server.url, rotated, name)
    issued(exchange(broker, agent=agent, actor_token=actor, actor_token_type=JWT, audience=target.audience))
    issued(alone(broker, actor, audience=target.audience))
    assert world.admin.post(f"/issuers/{issuer.id}/test", {}).json()["fetched"] is True
