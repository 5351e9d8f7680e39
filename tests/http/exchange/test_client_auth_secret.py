"""Contract §11: client secrets, and exactly one method per request."""

import base64
import re

import pytest

from support import tokens
from support.checks import issued, refused
from support.client import basic, exchange, introspect, revoke


@pytest.mark.parametrize("auth", ["basic", "post", "private_key_jwt"])
def test_each_method_authenticates(broker, auth):
    assert issued(exchange(broker, auth=auth)).claims["client_id"] == "invoice-agent"


def test_a_generated_secret_has_256_bits_and_an_alphabet_no_client_spoils(broker, world):
    for secret in (broker.agent("invoice-agent").client_secret, world.agent().client_secret, world.client().client_secret):
        assert re.fullmatch(r"[A-Za-z0-9_-]{43,}", secret)


def test_two_agents_never_share_a_secret(broker):
    assert len({a.client_secret for a in broker.agents.values()}) == len(broker.agents)


@pytest.mark.parametrize("change", [lambda s: s[:-1], lambda s: s + "x", lambda s: s.swapcase(), lambda s: "", lambda s: " " + s,
                                    lambda s: s + "\n", lambda s: s + "\x00", lambda s: s * 50, lambda s: s[::-1]])
@pytest.mark.parametrize("how", ["basic", "post"])
def test_a_secret_that_is_not_exact_is_refused(broker, how, change):
    secret = change(broker.agent("invoice-agent").client_secret)
    if how == "basic":
        answer = exchange(broker, auth=None, headers={"Authorization": basic("invoice-agent", secret)})
    else:
        answer = exchange(broker, auth=None, client_id="invoice-agent", client_secret=secret)
    refused(broker, answer, "LCM-CLIENT-AUTH")


def test_a_secret_of_another_client_is_refused(broker):
    secret = broker.agent("hr-agent").client_secret
    answer = exchange(broker, auth=None, headers={"Authorization": basic("invoice-agent", secret)})
    refused(broker, answer, "LCM-CLIENT-AUTH")


def test_the_scheme_is_case_insensitive(broker):
    me = broker.agent("invoice-agent")
    issued(exchange(broker, auth=None, headers={"Authorization": basic(me.client_id, me.client_secret).replace("Basic", "bAsIc")}))


def test_basic_that_is_not_form_encoded_works_for_generated_secrets(broker):
    me = broker.agent("invoice-agent")
    raw = base64.b64encode(f"{me.client_id}:{me.client_secret}".encode()).decode()
    issued(exchange(broker, auth=None, headers={"Authorization": f"Basic {raw}"}))


def test_a_client_secret_without_a_client_id_is_no_authentication(broker):
    refused(broker, exchange(broker, auth=None, client_secret=broker.agent("invoice-agent").client_secret), "LCM-CLIENT-AUTH")


def test_a_rotated_secret_and_its_predecessor_overlap(broker, world):
    target = world.target()
    agent = world.actor(target)
    made = world.admin.post(f"/agents/{agent.id}/secrets", {"overlap_seconds": 3600})
    assert made.status_code == 201
    fresh = agent | {"client_secret": made.json()["client_secret"]}
    assert fresh["client_secret"] != agent.client_secret
    for who in (agent, fresh):
        issued(exchange(broker, agent=who, audience=target.audience))


def test_without_an_overlap_the_old_secret_ends_at_once(broker, world):
    target = world.target()
    agent = world.actor(target)
    made = world.admin.post(f"/agents/{agent.id}/secrets", {"overlap_seconds": 0})
    issued(exchange(broker, agent=agent | {"client_secret": made.json()["client_secret"]}, audience=target.audience))
    refused(broker, exchange(broker, agent=agent, audience=target.audience), "LCM-CLIENT-AUTH")


@pytest.mark.parametrize("method, wrong", [("client_secret", "private_key_jwt"), ("private_key_jwt", "basic")])
def test_a_method_that_is_not_registered_does_not_authenticate(broker, world, method, wrong):
    key = tokens.new_jwk()
    auth = {"method": method} | ({"jwks": {"keys": [tokens.public(key)]}} if method == "private_key_jwt" else {})
    agent = world.draft(auth=[auth])
    agent["private_jwk"] = key
    agent["client_secret"] = agent["client_secret"] or "s" * 43
    refused(broker, exchange(broker, agent=agent, auth=wrong), "LCM-CLIENT-AUTH")


@pytest.mark.parametrize("call", [introspect, revoke], ids=["introspect", "revoke"])
def test_the_other_endpoints_authenticate_alike(broker, call):
    token = issued(exchange(broker)).token
    assert call(broker, token, auth=None).status_code == 401
    assert call(broker, token, {"client_id": "invoice-agent", "client_secret": "wrong"}).status_code == 401
    for auth in ("basic", "post", "private_key_jwt"):
        assert call(broker, token, auth=auth).status_code == 200


def test_no_secret_is_ever_printed(dev_broker):
    for auth in ("basic", "post", "private_key_jwt"):
        made = issued(exchange(dev_broker, auth=auth))
        assert made.token not in dev_broker.output()
    secrets = [a.client_secret for a in dev_broker.agents.values()] + [dev_broker.admin_token]
    secrets += [p.password for p in dev_broker.people.values()]
    assert not [s for s in secrets if s in dev_broker.output()]
