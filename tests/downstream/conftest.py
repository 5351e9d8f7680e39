"""A dev world over https, each emulator at an origin of its own."""

import json
from pathlib import Path

import pytest

from support import checks, client
from support.broker import DevBroker
from support.process import Member
from support.scene import until
from support.tokens import b64, decode, now, unb64
from support.world import World

RS256 = {"kind": "issue", "alg": "RS256"}


@pytest.fixture(scope="session")
def broker():
    """The dev world; whoever asks it trusts its authority."""
    with DevBroker(options=("--tls",)) as running:
        client.http.verify = running.ca_file
        yield running


@pytest.fixture(scope="session")
def origins(broker):
    """Where each emulator is."""
    places = json.loads((Path(broker.data) / "dev-places.json").read_text())["emulators"]
    return Member({name: f"https://{place}" for name, place in places.items()})


@pytest.fixture(scope="session")
def accounts(broker):
    """Locum's accounts at the emulators."""
    return json.loads((Path(broker.data) / "dev-emulators.json").read_text(), object_hook=Member)


@pytest.fixture(scope="session")
def asserted(broker, accounts):
    """Makes a token of Locum's by the RS256 key that it publishes: an assertion to whoever is its audience."""
    world = World(broker)
    audiences = {"uaa": accounts.sap_btp.client_id, "another": "urn:test:another"}
    targets = {name: world.target({"thing.read": "low"}, audience=audience, connector=RS256)
               for name, audience in audiences.items()}
    agents = {name: world.actor(target) for name, target in targets.items()}

    def make(audience: str = "uaa", **params) -> str:
        answer = client.exchange(broker, agent=agents[audience], audience=audiences[audience], scope="thing.read",
                                 **params)
        return checks.issued(answer).token

    return make


@pytest.fixture(scope="session")
def outlived(asserted):
    """One that was good for a second."""
    made = asserted(expires_in=1)
    until(lambda: now() > decode(made)["exp"])
    return made


@pytest.fixture
def busy():
    """Tells an emulator to be busy; afterwards it is not."""
    told = []

    def tell(origin: str, times: int, status: int = 429, retry_after: int | None = 2):
        told.append(origin)
        answer = client.http.post(f"{origin}/-/busy", timeout=client.TIMEOUT_S,
                                  json={"times": times, "status": status, "retry_after": retry_after})
        assert answer.status_code == 204, answer.text

    yield tell
    for origin in set(told):
        tell(origin, 0)


def tampered(token: str) -> str:
    """For somebody else, by the same signature."""
    header, claims, signature = token.split(".")
    return ".".join((header, b64(json.dumps(json.loads(unb64(claims)) | {"sub": "bob"}).encode()), signature))
