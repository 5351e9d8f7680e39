"""One broker, one upstream, and every gateway of the pages before it."""

import pytest
from gateways import HERE
from support import checks, client, tokens
from support.broker import DevBroker
from support.issuer import IssuerServer
from support.process import Member, free_port
from support.scene import until
from support.world import World
from upstream import Tls, Upstream


@pytest.fixture(scope="session")
def broker():
    """A dev broker; of its demo world nothing is changed but tokens revoked, and scopes and grants added."""
    with DevBroker() as running:
        yield running


@pytest.fixture(scope="session")
def own_key():
    """A key of the tests that gateways take for one of Locum's: with it, tokens can have one flaw alone."""
    return tokens.new_jwk()


@pytest.fixture(scope="session")
def jwks(broker, own_key):
    """The address of Locum's key set with the tests' own key in it."""
    published = client.http.get(f"{broker.issuer}/jwks").json()["keys"]
    with IssuerServer([*published, tokens.public(own_key)]) as server:
        yield f"{server.url}/jwks"


@pytest.fixture(scope="session")
def upstream():
    """What stands behind each gateway."""
    with Upstream() as server:
        yield server


@pytest.fixture(scope="session")
def secure(broker, jwks, tmp_path_factory):
    """The broker over https."""
    with Tls(broker, jwks, tmp_path_factory.mktemp("tls")) as server:
        yield server


@pytest.fixture(scope="session")
def started(broker, jwks, secure, upstream, tmp_path_factory):
    """Starts a gateway when it is first asked for; ends them all."""
    running = {}

    def get(kind):
        if lacking := kind.missing():
            pytest.skip(f"not installed: {lacking}")
        if kind not in running:
            folder = tmp_path_factory.mktemp(kind.__name__.lower())
            running[kind] = kind(folder, broker, jwks, secure, upstream.at).__enter__()
        return running[kind]

    yield get
    for gateway in running.values():
        gateway.__exit__()


@pytest.fixture(params=HERE, ids=lambda kind: kind.name)
def gateway(request, started):
    """Each gateway of the pages."""
    return started(request.param)


@pytest.fixture(params=[kind for kind in HERE if kind.asks], ids=lambda kind: kind.name)
def asking(request, started):
    """Each that asks the broker about every token."""
    return started(request.param)


@pytest.fixture(params=[kind for kind in HERE if kind.asks], ids=lambda kind: kind.name)
def unable(request, broker, jwks, secure, upstream, tmp_path):
    """The same before a broker that nobody reaches."""
    at = f"127.0.0.1:{free_port()}"
    gone = Member(issuer=f"http://{at}", target=broker.target)
    nobody = Member(url=f"https://{at}", authority=secure.authority)
    with request.param(tmp_path, gone, jwks, nobody, upstream.at) as gateway:
        yield gateway


@pytest.fixture(params=[kind for kind in HERE if not kind.asks], ids=lambda kind: kind.name)
def alone(request, started):
    """Each that checks tokens itself."""
    return started(request.param)


@pytest.fixture(scope="session")
def exchanged(broker):
    """Makes a token of Locum for sap, by invoice-agent on ada's behalf."""
    return lambda **params: checks.issued(client.exchange(broker, client.sign_in(broker)["id_token"], **params)).token


@pytest.fixture(scope="session")
def token(exchanged):
    """One that is good."""
    return exchanged()


@pytest.fixture(scope="session")
def expired(broker, exchanged):
    """One that was good for a second."""
    made = exchanged(expires_in=1)
    # Some gateways compare whole seconds, or cannot be told to allow the clocks less than one.
    until(lambda: tokens.now() > tokens.decode(made)["exp"] + 1)
    checks.dead(broker, made)
    return made


@pytest.fixture(scope="session")
def ours(broker, own_key):
    """Makes a token as Locum does, signed by the tests' own key; `changes` set or drop claims."""

    def make(header=None, key=None, alg=None, **changes) -> str:
        t = tokens.now()
        agent = {"iss": broker.issuer, "sub": "invoice-agent", "sub_profile": "ai_agent"}
        claims = {"iss": broker.issuer, "sub": "demo:ada", "aud": "urn:demo:sap", "client_id": "invoice-agent",
                  "iat": t, "exp": t + 300, "jti": "0" * 26, "scope": "invoice.read", "act": agent} | changes
        kept = {name: value for name, value in claims.items() if value is not tokens.DROP}
        return tokens.sign(kept, key or own_key, alg, {"typ": "at+jwt", "kid": own_key["kid"]} | (header or {}))

    return make


@pytest.fixture(scope="session")
def posting(broker, exchanged):
    """A token with the scope that changes something, on a grant of ada's."""
    grant = {"person": "demo:ada", "groups": ["demo:staff"], "agent": "invoice-agent", "reason": "test",
             "expires_at": "2099-12-31T00:00:00Z", "targets": [{"target": "sap", "scopes": ["invoice.post"]}]}
    made = client.admin(broker).post("/grants", grant)
    assert made.status_code == 201, made.text
    return exchanged(scope="invoice.post")


@pytest.fixture(scope="session")
def scoped(broker, exchanged):
    """Makes a token with these scopes, which sap and the agent have from now on, on a grant of ada's."""
    admin = client.admin(broker)
    World(broker).permit("invoice-agent", "sap", actions=("exchange",))

    def make(scope) -> str:
        names = scope.split()
        target, agent = admin.get("/targets/sap").json(), admin.get("/agents/invoice-agent").json()
        target["scopes"] |= {name: {"risk": "low"} for name in names if name not in target["scopes"]}
        sap = next(entry for entry in agent["ceiling"] if entry["target"] == "sap")
        sap["scopes"] = sorted({*sap["scopes"], *names})
        grant = {"person": "demo:ada", "groups": ["demo:staff"], "agent": "invoice-agent", "reason": "test",
                 "expires_at": "2099-12-31T00:00:00Z", "targets": [{"target": "sap", "scopes": names}]}
        for made in (admin.put("/targets/sap", target), admin.put("/agents/invoice-agent", agent),
                     admin.post("/grants", grant)):
            assert made.status_code in (200, 201), made.text
        token = exchanged(scope=scope)
        assert tokens.decode(token)["scope"].split() == sorted(names)
        return token

    return make
