"""The MCP SDKs' providers for agents find Locum from an MCP server's 401, and bring its token there."""

import asyncio
import json

import httpx2
import pytest
from cryptography.hazmat.primitives import serialization
from fastmcp.client import auth as fastmcp_auth
from jwt.algorithms import ECAlgorithm
from mcp.client.auth.extensions import client_credentials as mcp_auth
from mcpserver import METADATA, PATH, McpServer
from trial import Ask, Node

from support import checks, tokens
from support.world import World

SCOPE = "thing.read"
MESSAGE = {"jsonrpc": "2.0", "method": "notifications/roots/list_changed"}


@pytest.fixture
def server(broker):
    """An MCP server that is a target of the broker's."""
    with McpServer(broker.issuer, SCOPE) as running:
        yield running


@pytest.fixture
def ask(broker, server):
    """Makes an `Ask` for an agent that may get tokens for the server on its own."""
    world = World(broker)
    target = world.target(audience=server.url, resources=[server.url])
    agent = world.actor(target, (SCOPE,), alone=[SCOPE])

    def make(way) -> Ask:
        return Ask(issuer=broker.issuer, token_endpoint="", client_id=agent.client_id,
                   client_secret=agent.client_secret, private_jwk=agent.private_jwk, way=way, subject_token="",
                   subject_token_type="", token_file="", actor={}, audience="", scope=SCOPE, target_url=server.url)

    return make


class Storage:
    """Where the SDK keeps the token."""

    held = None

    async def get_tokens(self):
        """The token."""
        return self.held

    async def set_tokens(self, held):
        """Keeps it."""
        self.held = held

    async def get_client_info(self):
        """Nothing: the agent is registered at Locum."""

    async def set_client_info(self, _):
        """Refuses: no SDK is to register another client."""
        raise AssertionError("expected the agent that was configured, found a registration")


def signer(ask):
    """The SDK's own signer with the agent's key."""
    key = ECAlgorithm.from_jwk(json.dumps(dict(ask.private_jwk)))
    pem = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    return mcp_auth.SignedJWTParameters(issuer=ask.client_id, subject=ask.client_id, signing_key=pem.decode(),
                                        signing_algorithm="ES256").create_assertion_provider()


def mcp_python(ask) -> None:
    """`mcp`, the provider for HTTP clients."""
    if ask.way == "private_key_jwt":
        provider = mcp_auth.PrivateKeyJWTOAuthProvider(
            ask.target_url, Storage(), ask.client_id, signer(ask), issuer=ask.issuer)
    else:
        provider = mcp_auth.ClientCredentialsOAuthProvider(
            ask.target_url, Storage(), ask.client_id, ask.client_secret, f"client_secret_{ask.way}", issuer=ask.issuer)
    asyncio.run(post(ask, provider))


def fastmcp(ask) -> None:
    """`fastmcp`, whose providers wrap those of `mcp`."""
    if ask.way == "private_key_jwt":
        provider = fastmcp_auth.PrivateKeyJWTOAuthProvider(
            ask.target_url, client_id=ask.client_id, assertion_provider=signer(ask), issuer=ask.issuer)
    else:
        provider = fastmcp_auth.ClientCredentialsOAuthProvider(
            ask.target_url, client_id=ask.client_id, client_secret=ask.client_secret, issuer=ask.issuer,
            token_endpoint_auth_method=f"client_secret_{ask.way}")
    asyncio.run(post(ask, provider))


async def post(ask, provider) -> None:
    """One message to the MCP server."""
    async with httpx2.AsyncClient(auth=provider, trust_env=False) as http:
        (await http.post(ask.target_url, json=MESSAGE)).raise_for_status()


# A provider that is not told which issuer is Locum's finds it through the MCP server alone.
TYPESCRIPT = ("basic", "private_key_jwt", "basic, unnamed", "private_key_jwt, unnamed")
SDKS = [pytest.param(get, way, id=f"{name}, {way}") for name, get, ways in (
    ("mcp", mcp_python, ("basic", "post", "private_key_jwt")),
    ("fastmcp", fastmcp, ("basic", "post", "private_key_jwt")),
    ("@modelcontextprotocol/client", Node("mcp_client.mjs"), TYPESCRIPT),
    ("@modelcontextprotocol/sdk", Node("mcp_sdk.mjs"), TYPESCRIPT),
) for way in ways]


@pytest.mark.parametrize("get, way", SDKS)
def test_an_mcp_sdk_brings_the_mcp_server_a_token_and_no_proof_of_the_agent(broker, server, ask, get, way):
    asked = ask(way)
    get(asked)
    assert {request.path for request in server.seen} == {PATH, METADATA}
    for request in server.seen:
        told = f"{request.authorization} {request.body}"
        kept = asked.client_secret not in told and "client_assertion" not in told and "Basic " not in told
        assert kept, f"expected no proof of the agent, found one in {request.method} {request.path}"
    sent = [request.authorization for request in server.seen if request.path == PATH]
    schemes = [value and value.partition(" ")[0] for value in sent]
    assert schemes == [None, "Bearer"]
    token = sent[1].removeprefix("Bearer ")
    tokens.verify(token, checks.key_of(broker, token))
    claims = tokens.decode(token)
    assert (claims["iss"], claims["aud"], claims["scope"]) == (broker.issuer, server.url, SCOPE)
    assert claims["sub"] == claims["client_id"] == asked.client_id
