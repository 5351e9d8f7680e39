"""The Python libraries, each used as its own documentation has it. The page prints the bodies."""

from support.client import EXCHANGE


def google_sts(ask):
    import google.auth.transport.requests
    from google.oauth2 import sts, utils

    way = {"basic": utils.ClientAuthType.basic, "post": utils.ClientAuthType.request_body}[ask.way]
    proof = utils.ClientAuthentication(way, ask.client_id, ask.client_secret)
    return sts.Client(ask.token_endpoint, proof).exchange_token(
        google.auth.transport.requests.Request(), EXCHANGE, ask.subject_token, ask.subject_token_type,
        audience=ask.audience, scopes=[ask.scope], **ask.actor)


def google_identity_pool(ask):
    from google.auth import identity_pool
    from google.auth.transport.requests import AuthorizedSession

    credentials = identity_pool.Credentials.from_info({
        "type": "external_account",
        "token_url": ask.token_endpoint,
        "client_id": ask.client_id,
        "client_secret": ask.client_secret,
        "audience": ask.audience,
        "subject_token_type": ask.subject_token_type,
        "credential_source": {"file": ask.token_file},
    }).with_scopes([ask.scope])
    seen = AuthorizedSession(credentials).get(ask.target_url).json()
    return {"access_token": credentials.token, "seen": seen}


def authlib_requests(ask):
    from authlib.integrations.requests_client import OAuth2Session

    way = {"basic": "client_secret_basic", "post": "client_secret_post"}[ask.way]
    with OAuth2Session(ask.client_id, ask.client_secret, token_endpoint_auth_method=way) as session:
        token = session.fetch_token(
            ask.token_endpoint, grant_type=EXCHANGE,
            subject_token=ask.subject_token, subject_token_type=ask.subject_token_type,
            audience=ask.audience, scope=ask.scope, **ask.actor)
        return token | {"seen": session.get(ask.target_url).json()}


def authlib_httpx(ask):
    import asyncio

    from authlib.integrations.httpx_client import AsyncOAuth2Client

    async def main():
        way = {"basic": "client_secret_basic", "post": "client_secret_post"}[ask.way]
        async with AsyncOAuth2Client(ask.client_id, ask.client_secret, token_endpoint_auth_method=way) as client:
            token = await client.fetch_token(
                ask.token_endpoint, grant_type=EXCHANGE,
                subject_token=ask.subject_token, subject_token_type=ask.subject_token_type,
                audience=ask.audience, scope=ask.scope, **ask.actor)
            return token | {"seen": (await client.get(ask.target_url)).json()}

    return asyncio.run(main())


def requests_oauthlib(ask):
    from oauthlib.oauth2 import BackendApplicationClient
    from requests_oauthlib import OAuth2Session

    client = BackendApplicationClient(ask.client_id, scope=ask.scope)
    client.grant_type = EXCHANGE
    with OAuth2Session(client=client) as session:
        token = session.fetch_token(
            ask.token_endpoint, client_secret=ask.client_secret, include_client_id=ask.way == "post",
            subject_token=ask.subject_token, subject_token_type=ask.subject_token_type,
            audience=ask.audience, **ask.actor)
        return token | {"seen": session.get(ask.target_url).json()}


def httpx_auth(ask):
    import httpx
    from httpx_auth import OAuth2ClientCredentials

    auth = OAuth2ClientCredentials(
        ask.token_endpoint, ask.client_id, ask.client_secret, grant_type=EXCHANGE,
        subject_token=ask.subject_token, subject_token_type=ask.subject_token_type,
        audience=ask.audience, scope=ask.scope, **ask.actor)
    answer = httpx.get(ask.target_url, auth=auth)
    return {"access_token": answer.request.headers["Authorization"].removeprefix("Bearer "), "seen": answer.json()}


def keycardai_oauth(ask):
    from keycardai.oauth import Client
    from keycardai.oauth.http.auth import BasicAuth

    with Client(ask.issuer, auth=BasicAuth(ask.client_id, ask.client_secret)) as client:
        token = client.exchange_token(
            subject_token=ask.subject_token, subject_token_type=ask.subject_token_type,
            audience=ask.audience, scope=ask.scope, **ask.actor)
        return token.raw


def agentsts_core(ask):
    import asyncio

    from agentsts.core.client import STSClient, STSConfig, TokenType

    async def main():
        config = STSConfig(well_known_uri=f"{ask.issuer}/.well-known/oauth-authorization-server")
        async with STSClient(config) as client:
            token = await client.delegate(
                ask.subject_token, TokenType(ask.subject_token_type), ask.actor["actor_token"], TokenType.JWT,
                audience=ask.audience, scope=ask.scope)
            return token.model_dump()

    return asyncio.run(main())


def pyjwt(ask):
    import jwt

    key = jwt.PyJWKClient(ask.jwks_uri).get_signing_key_from_jwt(ask.token)
    return jwt.decode(ask.token, key, algorithms=["ES256"], issuer=ask.issuer, audience=ask.audience)


def fastmcp_jwt(ask):
    import asyncio

    from fastmcp.server.auth.providers.jwt import JWTVerifier

    verifier = JWTVerifier(
        jwks_uri=ask.jwks_uri, issuer=ask.issuer, audience=ask.audience, algorithm="ES256",
        required_scopes=["invoice.read"])
    return asyncio.run(verifier.verify_token(ask.token)).claims


def fastmcp_introspection(ask):
    import asyncio

    from fastmcp.server.auth.providers.introspection import IntrospectionTokenVerifier

    verifier = IntrospectionTokenVerifier(
        introspection_url=ask.introspection_endpoint, client_id=ask.client_id, client_secret=ask.client_secret,
        audience=ask.audience, required_scopes=["invoice.read"])
    return asyncio.run(verifier.verify_token(ask.token)).claims
