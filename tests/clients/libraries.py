"""The libraries, what each is asked to do, and a word for its users."""

import inspect
import json
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path

import pythons
from trial import HERE, Node, python


@dataclass(frozen=True)
class Library:
    """A library under one entry of its interface."""

    package: str
    entry: str
    """What of the package is called."""
    get: Callable
    source: Callable | Path
    """The function or the script whose body the page prints."""
    note: str = ""

    @property
    def name(self) -> str:
        """How tests and headings call it."""
        return f"{self.package} {self.entry}"

    @property
    def version(self) -> str:
        """The version that is installed."""
        if isinstance(self.source, Path):
            return json.loads((HERE / "node_modules" / self.package / "package.json").read_text())["version"]
        return metadata.version(self.package)

    @property
    def code(self) -> str:
        """What a user writes: what ran, without what carried it here."""
        if isinstance(self.source, Path):
            imports, _, body = self.source.read_text().partition("serve(async (ask) => {\n")
            imports = imports.replace("import { serve } from './serve.mjs'\n", "")
            return imports + textwrap.dedent(body.removesuffix("})\n")).rstrip()
        return textwrap.dedent("\n".join(inspect.getsource(self.source).splitlines()[1:])).strip()


@dataclass(frozen=True)
class Client(Library):
    """Gets tokens."""

    ways: tuple[str, ...] = ("basic",)
    """How it proves itself, the usual way first."""
    actor: bool = True
    """Whether its caller can send an `actor_token`."""
    discovers: bool = False
    """Whether it reads the issuer's metadata."""


@dataclass(frozen=True)
class Verifier(Library):
    """Looks at tokens."""

    asks: bool = False
    """Whether it asks the broker about each one, and so learns of a revocation."""


def _python(kind, package, entry, get, note="", **more):
    return kind(package, entry, python(get), get, note, **more)


def _node(kind, package, entry, script, note="", **more):
    node = Node(script)
    return kind(package, entry, node, node.path, note, **more)


SECRET = ("basic", "post")
ALONE = "actor token"
"""The way of a client that sends nothing else to prove itself."""

CLIENTS = (
    _python(Client, "google-auth", "sts.Client", pythons.google_sts, ways=SECRET),
    _python(Client, "google-auth", "identity_pool.Credentials", pythons.google_identity_pool, actor=False, note="""
        Reads the subject token from a file (or a URL, or a command) each time it renews; it renews 3 min 45 s before
        the token ends."""),
    _python(Client, "authlib", "OAuth2Session", pythons.authlib_requests, ways=SECRET),
    _python(Client, "authlib", "AsyncOAuth2Client", pythons.authlib_httpx, ways=SECRET),
    _python(Client, "requests-oauthlib", "OAuth2Session", pythons.requests_oauthlib, ways=SECRET, note="""
        Against `http` on loopback it wants `OAUTHLIB_INSECURE_TRANSPORT=1` in the environment."""),
    _python(Client, "httpx-auth", "OAuth2ClientCredentials", pythons.httpx_auth, note="""
        Keeps the token and renews it 30 s before it ends, with the same subject token: make a new one for each."""),
    _python(Client, "keycardai-oauth", "Client.exchange_token", pythons.keycardai_oauth, discovers=True),
    _python(Client, "agentsts-core", "STSClient.delegate", pythons.agentsts_core, ways=(ALONE,), discovers=True,
            note="""
        Sends no proof of its own, so the agent needs `actor_token_authenticates` and the actor token must be a
        workload's. The library offers subject tokens as `jwt` unless told otherwise: say `ID_TOKEN` for an ID
        token."""),
    _node(Client, "google-auth-library", "ExternalAccountClient", "google_auth_library.mjs", actor=False, note="""
        Renews five minutes before a token ends, which is the whole life of one: without
        `eagerRefreshThresholdMillis` every request makes an exchange."""),
    _node(Client, "openid-client", "genericGrantRequest", "openid_client.mjs",
          ways=("post", "basic", "oidc"), discovers=True, note="""
        `oidc` reads `/.well-known/openid-configuration`, the others `/.well-known/oauth-authorization-server`. On a 401
        it keeps what the `WWW-Authenticate` header says, in `error.cause`."""),
    _node(Client, "oauth4webapi", "genericTokenEndpointRequest", "oauth4webapi.mjs",
          ways=(*SECRET, "private_key_jwt"), discovers=True, note="""
        On a 401 it keeps what the `WWW-Authenticate` header says, in `error.cause`."""),
    _node(Client, "simple-oauth2", "ClientCredentials", "simple_oauth2.mjs", ways=SECRET, note="""
        Its message is the HTTP status alone; what Locum said is in `error.data.payload`."""),
    _node(Client, "@badgateway/oauth2-client", "OAuth2Client.request", "badgateway.mjs", ways=SECRET, note="""
        What Locum said is whole in `error.parsedBody`. It looks for the metadata at the root of the host: with an
        issuer that has a path, say `tokenEndpoint`."""),
)

VERIFIERS = (
    _python(Verifier, "pyjwt", "PyJWKClient", pythons.pyjwt),
    _python(Verifier, "fastmcp", "JWTVerifier", pythons.fastmcp_jwt, note="""
        `algorithm` must be said: it expects RS256 otherwise."""),
    _python(Verifier, "fastmcp", "IntrospectionTokenVerifier", pythons.fastmcp_introspection, asks=True, note="""
        With the id and the secret of the target's resource server. It caches nothing unless told to."""),
    _node(Verifier, "jose", "jwtVerify", "jose.mjs"),
    _node(Verifier, "oauth4webapi", "validateJwtAccessToken", "oauth4webapi_verify.mjs"),
)
