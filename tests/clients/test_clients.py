"""Every unmodified client gets ada's token through the agent, and tells its caller why not."""

import pytest
from libraries import ALONE, CLIENTS
from trial import Refused

from support import checks, client, tokens
from support.process import Member

each = pytest.mark.parametrize("library", CLIENTS, ids=lambda library: library.name)
SUCCESSES = [pytest.param(c, {"way": way}, id=f"{c.name}, {way}") for c in CLIENTS for way in c.ways]
SUCCESSES += [pytest.param(c, {"actor": True}, id=f"{c.name}, actor_token")
              for c in CLIENTS if c.actor and ALONE not in c.ways]
SUCCESSES += [pytest.param(c, {"subject": "access_token"}, id=f"{c.name}, jwt") for c in CLIENTS]
ANSWER = {"token_type": "bearer", "issued_token_type": client.ACCESS_TOKEN, "scope": "invoice.read"}
"""What its caller is told of the token, by a client that passes it on."""


def said(broker, ask):
    """The token endpoint's refusal of the same request."""
    me = Member(client_id=ask.client_id, client_secret=ask.client_secret)
    pairs = client.form(ask.subject_token, ask.subject_token_type, audience=ask.audience, scope=ask.scope, **ask.actor)
    return client.token(broker, pairs, me, None if ask.way == ALONE else "basic")


def refused(library, ask) -> Refused:
    """What the library raised."""
    with pytest.raises(Refused) as refusal:
        library.get(ask)
    return refusal.value


@pytest.mark.parametrize("library, how", SUCCESSES)
def test_a_client_gets_a_token_that_names_the_agent_and_opens_the_target(broker, ask, tried, library, how):
    asked = ask(library, **how)
    got = library.get(asked)
    token = got["access_token"]
    tokens.verify(token, checks.key_of(broker, token))
    for name, value in ANSWER.items():
        assert "".join(got.get(name, value)).lower() == value, name  # some make a list of the scope
    assert 0 < int(got.get("expires_in", 1)) <= 300
    told = client.introspect(broker, token, broker.resource_server("sap")).json()
    claims = tokens.decode(token)
    agent = claims["client_id"]
    for seen in (told, claims):
        assert (seen["iss"], seen["aud"], seen["sub"]) == (broker.issuer, asked.audience, "demo:ada")
        assert checks.actors(seen) == [agent] and seen["act"]["iss"] == broker.issuer
        assert seen["scope"] == "invoice.read"
    assert told["active"] is True
    record = client.admin(broker).decision(claims["del"]["id"]).json()
    assert record["actor_from"] == ("actor_token" if asked.actor else "client")
    assert (agent == asked.client_id) == (asked.way != ALONE)
    bearer = {"Authorization": f"Bearer {token}"}
    opened = got.get("seen") or client.http.get(asked.target_url, headers=bearer, timeout=client.TIMEOUT_S).json()
    assert opened["seen"]["sub"] == "demo:ada" and opened["seen"]["act"]["sub"] == agent
    tried.note(library, "got", how)


@each
def test_a_client_that_needs_consent_says_so(broker, ask, tried, library):
    asked = ask(library, scope="invoice.post")
    answer = said(broker, asked)
    assert (answer.status_code, answer.json()["error"]) == (400, "consent_required")
    message, more = refused(library, asked).shows(answer)
    assert {"error", "error_description"} <= {*message, *more}
    tried.note(library, "refusal", (message, more))


@each
def test_a_client_shows_what_would_pass(broker, ask, library):
    asked = ask(library, scope="invoice.shred")
    answer = said(broker, asked)
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_scope")
    message, more = refused(library, asked).shows(answer)
    assert {"error", "error_description"} <= {*message, *more}
    assert "invoice.read" in answer.json()["error_description"]


@each
def test_a_client_with_a_wrong_proof_hears_401(broker, ask, tried, library):
    asked = ask(library, secret="wrong")
    answer = said(broker, asked)
    assert (answer.status_code, answer.json()["error"]) == (401, "invalid_client")
    message, more = refused(library, asked).shows(answer)
    assert {"error", "error_description"} <= {*message, *more}
    tried.note(library, "wrong proof", (message, more))
