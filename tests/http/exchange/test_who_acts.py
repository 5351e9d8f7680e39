"""Contract §6, "Who acts" and "Who it is for"; the states of an agent (§10)."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import ACCESS_TOKEN, JWT, client_credentials, exchange
from support.world import unique


def test_without_an_actor_token_the_client_acts(broker):
    made = permitted(broker, exchange(broker))
    assert made.claims["client_id"] == made.claims["act"]["sub"] == "invoice-agent"
    assert made.record["actor_from"] == "client"


def test_a_client_that_is_no_agent_may_not_act(broker, world):
    for kind in ("resource_server", "presenter"):
        refused(broker, exchange(broker, agent=world.client(kind=kind)), "LCM-CLIENT-NOT-ALLOWED")


def test_a_client_that_is_no_agent_gets_no_client_credentials(broker, world):
    answer = client_credentials(broker, world.client(), audience=broker.issuer)
    refused(broker, answer, "LCM-CLIENT-NOT-ALLOWED")


@pytest.fixture
def presented(broker, world):
    target, presenter, name = world.target(), world.client(kind="presenter"), unique("w")
    agent = world.actor(target, presenters=[presenter.client_id],
                        workload={"issuer": "demo-workloads", "claims": {"sub": f"wl/{name}"}})
    return agent, presenter, target, name


def test_a_presenter_may_hand_in_the_actor_token_and_the_record_says_so(broker, presented):
    agent, presenter, target, name = presented
    answer = exchange(broker, agent=presenter, audience=target.audience, actor_token_type=JWT,
                      actor_token=tokens.workload_token(broker, name))
    made = permitted(broker, answer)
    assert made.claims["client_id"] == made.claims["act"]["sub"] == agent.id
    assert made.record["client_id"] == presenter.client_id and made.record["actor_from"] == "presenter"


def test_a_client_that_is_no_presenter_of_the_agent_is_a_mismatch(broker, world, presented):
    _, _, target, name = presented
    for stranger in (world.client(kind="presenter"), broker.agent("hr-agent")):
        answer = exchange(broker, agent=stranger, audience=target.audience, actor_token_type=JWT,
                          actor_token=tokens.workload_token(broker, name))
        refused(broker, answer, "LCM-ACTOR-MISMATCH")


def test_a_presenter_may_use_our_own_actor_token_of_the_agent(broker, presented):
    agent, presenter, target, _ = presented
    actor = issued(client_credentials(broker, agent, audience=broker.issuer)).token
    made = issued(exchange(broker, agent=presenter, audience=target.audience, actor_token=actor,
                           actor_token_type=ACCESS_TOKEN))
    assert made.claims["client_id"] == agent.id


def test_an_actor_token_alone_is_no_client_authentication(broker):
    answer = exchange(broker, auth=None, actor_token=tokens.workload_token(broker), actor_token_type=JWT)
    refused(broker, answer, "LCM-CLIENT-AUTH")


def test_actor_token_authenticates_lets_a_workload_token_be_the_only_proof(broker, world):
    target, name = world.target(), unique("w")
    agent = world.actor(target, actor_token_authenticates=True,
                        workload={"issuer": "demo-workloads", "claims": {"sub": f"wl/{name}"}})
    ask = {"auth": None, "audience": target.audience, "actor_token_type": JWT}
    made = issued(exchange(broker, actor_token=tokens.workload_token(broker, name), **ask))
    assert made.claims["client_id"] == agent.id
    for bad in ({"exp": tokens.now() - 1}, {"key": tokens.new_jwk()}, {"aud": "x"}, {"sub": "wl/nobody"}):
        actor = tokens.workload_token(broker, name, **bad)
        refused(broker, exchange(broker, actor_token=actor, **ask), "LCM-CLIENT-AUTH")
    own = issued(client_credentials(broker, agent, audience=broker.issuer)).token
    answer = exchange(broker, actor_token=own, **(ask | {"actor_token_type": ACCESS_TOKEN}))
    refused(broker, answer, "LCM-CLIENT-AUTH")


def test_by_default_no_subject_issuer_is_allowed(broker, world):
    target = world.target()
    for changes in ({"subject_issuers": []}, {"subject_issuers": tokens.DROP}):
        agent = world.actor(target, **changes)
        refused(broker, exchange(broker, agent=agent, audience=target.audience), "LCM-SUBJECT-INVALID")


def test_the_root_subjects_issuer_is_looked_at_on_every_hop(broker, world):
    target = world.target()
    first, second = world.actor(target), world.actor(target, subject_issuers=[])
    token = issued(exchange(broker, agent=first, audience=target.audience, delegate_to=second.id)).token
    answer = exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience)
    refused(broker, answer, "LCM-SUBJECT-INVALID")


def test_the_agent_itself_is_always_an_allowed_subject(broker, world):
    target = world.target()
    agent = world.actor(target, alone=["thing.read"], subject_issuers=[])
    made = issued(client_credentials(broker, agent, audience=target.audience, scope="thing.read"))
    assert made.claims["sub"] == agent.id


def test_a_workload_on_whose_behalf_another_acts_is_a_subject_with_an_act(broker, world):
    target, name = world.target(), unique("w")
    one = world.actor(target, workload={"issuer": "demo-workloads", "claims": {"sub": f"wl/{name}"}})
    two = world.actor(target, subject_issuers=["demo-workloads"])
    answer = exchange(broker, tokens.workload_token(broker, name), JWT, agent=two, audience=target.audience)
    made = issued(answer)
    assert made.claims["sub"] == one.id and made.claims["act"]["sub"] == two.id and "act" not in made.claims["act"]


def test_a_draft_agent_is_uncertified(broker, world):
    refused(broker, exchange(broker, agent=world.draft()), "LCM-AGENT-UNCERTIFIED")


def test_a_suspended_agent_is_refused_until_it_is_resumed(broker, world):
    target = world.target()
    agent = world.actor(target)
    world.agent_state(agent.id, "suspend")
    refused(broker, exchange(broker, agent=agent, audience=target.audience), "LCM-AGENT-STATE")
    world.agent_state(agent.id, "resume")
    issued(exchange(broker, agent=agent, audience=target.audience))


def test_a_retired_agent_does_not_even_authenticate(broker, world):
    target = world.target()
    agent = world.actor(target)
    world.agent_state(agent.id, "retire")
    for auth in ("basic", "post", "private_key_jwt"):
        refused(broker, exchange(broker, agent=agent, auth=auth, audience=target.audience), "LCM-CLIENT-AUTH")


def test_a_suspended_agent_in_the_middle_of_a_chain_refuses_it(broker, world):
    target = world.target()
    first, second = world.actor(target), world.actor(target)
    token = issued(exchange(broker, agent=first, audience=target.audience, delegate_to=second.id)).token
    world.agent_state(first.id, "suspend")
    answer = exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience)
    refused(broker, answer, "LCM-AGENT-STATE", "LCM-LOCKED", "LCM-SUBJECT-REVOKED")
