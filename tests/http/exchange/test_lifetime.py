"""Contract §6, "Lifetime": the least of everything; invariant 1, "never longer"."""

import pytest

from support import tokens
from support.checks import issued, refused
from support.client import ACCESS_TOKEN, JWT, client_credentials, exchange
from support.world import entry, stamp, unique


def ask(broker, agent, target, **params):
    return issued(exchange(broker, agent=agent, audience=target.audience, **params))


def test_expires_in_is_an_upper_bound_and_never_a_wish(broker):
    assert issued(exchange(broker, expires_in=60)).body["expires_in"] == 60
    assert issued(exchange(broker, expires_in=100000)).body["expires_in"] == 300
    assert issued(exchange(broker, expires_in=1)).body["expires_in"] == 1
    for most in (2**32 - 1, 2**32, 2**32 + 60, 10**11, 2**64 - 1, "00060"):
        least = min(int(most), 300)
        assert issued(exchange(broker, expires_in=most)).body["expires_in"] == least, most


def test_the_target_sets_a_maximum(broker, world):
    target = world.target(max_lifetime=120)
    assert ask(broker, world.actor(target), target).body["expires_in"] == 120


def test_a_target_that_says_nothing_means_300_seconds(broker, world):
    target = world.target(max_lifetime=tokens.DROP)
    assert ask(broker, world.actor(target, max_lifetime=3600), target).body["expires_in"] == 300


def test_a_target_may_not_exceed_an_hour(broker, world):
    target = world.target(max_lifetime=3600)
    body = target.body | {"max_lifetime": 3601, "audience": "urn:test:" + unique()}
    assert world.admin.put(f"/targets/{unique('target')}", body).status_code == 422
    subject = tokens.id_token(broker, exp=tokens.now() + 9000)
    assert ask(broker, world.actor(target, max_lifetime=3600), target, subject_token=subject).body["expires_in"] == 3600


def test_the_ceiling_sets_a_maximum(broker, world):
    target = world.target()
    assert ask(broker, world.actor(target, max_lifetime=90), target).body["expires_in"] == 90


def test_a_token_never_outlives_its_subject_token(broker):
    exp = tokens.now() + 45
    assert issued(exchange(broker, tokens.id_token(broker, exp=exp))).claims["exp"] <= exp


def test_a_token_never_outlives_its_actor_token(broker):
    exp = tokens.now() + 45
    actor = tokens.workload_token(broker, exp=exp)
    assert issued(exchange(broker, actor_token=actor, actor_token_type=JWT)).claims["exp"] <= exp


def test_a_token_never_outlives_its_parent(broker):
    parent = issued(exchange(broker, delegate_to="hr-agent", expires_in=50))
    child = issued(exchange(broker, parent.token, ACCESS_TOKEN, agent="hr-agent", expires_in=300))
    assert child.claims["exp"] <= parent.claims["exp"]


def test_a_token_never_outlives_the_grant_that_carries_it(broker, world):
    target = world.target()
    agent = world.actor(target, actions=("exchange",))
    world.grant(agent.id, {target.id: ["thing.read"]}, expires_at=stamp(80))
    assert ask(broker, agent, target).body["expires_in"] <= 80


def test_a_grant_that_is_not_chosen_does_not_limit(broker, world):
    target = world.target()
    agent = world.actor(target, ["thing.read", "thing.write"], actions=("exchange",))
    world.grant(agent.id, {target.id: ["thing.read"]}, expires_at=stamp(80))
    world.grant(agent.id, {target.id: ["thing.write"]}, expires_at=stamp(8000))
    assert ask(broker, agent, target, scope="thing.write").body["expires_in"] == 300


def test_a_token_never_outlives_the_agents_certification(broker, world):
    target = world.target()
    agent = world.draft(ceiling=[entry(target.id, ["thing.read"], ["thing.read"])])
    world.certify(agent.id, until=stamp(70))
    world.permit(agent.id, target.id)
    assert ask(broker, agent, target).body["expires_in"] <= 70


def test_a_newer_certification_ends_the_one_before(broker, world):
    target = world.target()
    agent = world.actor(target)
    newer = world.certify(agent.id, world.version(agent.id, "2"))
    assert ask(broker, agent, target).claims["del"]["ver"] == [newer]


def test_exp_and_expires_in_agree(broker):
    made = issued(exchange(broker, expires_in=77))
    assert made.claims["exp"] - made.claims["iat"] == made.body["expires_in"] == 77


def test_an_actor_token_of_ours_lives_300_seconds(broker):
    assert issued(client_credentials(broker, audience=broker.issuer)).body["expires_in"] == 300


@pytest.mark.parametrize("seconds", [0, -5])
def test_a_subject_token_at_its_end_gives_nothing(broker, seconds):
    t = tokens.now()
    refused(broker, exchange(broker, tokens.id_token(broker, iat=t - 60, exp=t + seconds)), "LCM-SUBJECT-INVALID")
