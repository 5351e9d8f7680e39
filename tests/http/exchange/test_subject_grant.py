"""Contract §5, "Grant": a live grant as subject token, while the person is away."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import GRANT, exchange
from support.world import entry, stamp

BOTH = ["thing.read", "thing.write"]


@pytest.fixture
def setting(broker, world):
    target = world.target()
    agent = world.agent(ceiling=[entry(target.id, BOTH, ["thing.read"])])
    world.permit(agent.id, target.id, actions=("exchange",))
    return agent, target


def test_a_grant_id_is_a_subject_token(broker, world, setting):
    agent, target = setting
    grant = world.grant(agent.id, {target.id: BOTH})
    made = permitted(broker, exchange(broker, grant, GRANT, agent=agent, audience=target.audience, scope="thing.write"))
    assert made.claims["sub"] == "demo:ada" and made.claims["act"]["sub"] == agent.id
    assert made.claims["del"]["grant"] == grant and made.claims["del"]["basis"] == "grant"
    assert made.record["basis"] == "grant"


def test_the_grant_limits_the_scope(broker, world, setting):
    agent, target = setting
    grant = world.grant(agent.id, {target.id: ["thing.read"]})
    answer = exchange(broker, grant, GRANT, agent=agent, audience=target.audience, scope="thing.write")
    refused(broker, answer, "LCM-SCOPE-REFUSED", "LCM-CONSENT-MISSING")


def test_the_default_is_answered_when_no_scope_is_asked(broker, world, setting):
    agent, target = setting
    grant = world.grant(agent.id, {target.id: BOTH})
    assert issued(exchange(broker, grant, GRANT, agent=agent, audience=target.audience)).claims["scope"] == "thing.read"


def test_a_grant_serves_a_client_that_is_a_presenter_of_its_agent(broker, world):
    target, presenter = world.target(), world.client(kind="presenter")
    agent = world.agent(ceiling=[entry(target.id, BOTH, ["thing.read"])], presenters=[presenter.client_id],
                        workload={"issuer": "demo-workloads", "claims": {"sub": "wl/" + target.id}})
    world.permit(agent.id, target.id, actions=("exchange",))
    grant = world.grant(agent.id, {target.id: BOTH})
    answer = exchange(broker, grant, GRANT, agent=presenter, audience=target.audience,
                      actor_token=tokens.workload_token(broker, target.id),
                      actor_token_type="urn:ietf:params:oauth:token-type:jwt")
    made = permitted(broker, answer)
    assert made.claims["client_id"] == agent.id and made.record["client_id"] == presenter.client_id


def test_another_agents_unknown_and_dead_grants_are_one_answer(broker, world, setting):
    agent, target = setting
    other = world.agent(ceiling=[entry(target.id, BOTH, ["thing.read"])])
    world.permit(other.id, target.id)
    foreign = world.grant(other.id, {target.id: BOTH})
    revoked = world.grant(agent.id, {target.id: BOTH})
    world.revoke("grant", revoked)
    used = world.grant(agent.id, {target.id: BOTH}, max_uses=1)
    issued(exchange(broker, used, GRANT, agent=agent, audience=target.audience))
    unknown = foreign[:-1] + ("0" if foreign[-1] != "0" else "1")
    bodies = [refused(broker, exchange(broker, g, GRANT, agent=agent, audience=target.audience),
                      "LCM-SUBJECT-INVALID", "LCM-SUBJECT-REVOKED") for g in (foreign, revoked, used, unknown)]
    texts = {(b["code"], b["error_description"].replace(g, "G")) for b, g in zip(bodies, (foreign, revoked, used, unknown))}
    assert len(texts) == 1, texts


@pytest.mark.parametrize("value", ["grt_", "x", "grt_!!", "dlg_01k00000000000000000000000", "'; drop table grants"])
def test_what_is_no_grant_id_is_refused(broker, value):
    refused(broker, exchange(broker, value, GRANT), "LCM-SUBJECT-INVALID")


def test_a_use_is_taken_at_the_root_only(broker, world, setting):
    agent, target = setting
    second = world.agent(ceiling=[entry(target.id, BOTH, ["thing.read"])])
    world.permit(second.id, target.id, actions=("exchange",))
    grant = world.grant(agent.id, {target.id: BOTH}, max_uses=1)
    first = issued(exchange(broker, grant, GRANT, agent=agent, audience=target.audience, delegate_to=second.id))
    for _ in range(2):
        made = issued(exchange(broker, first.token, "urn:ietf:params:oauth:token-type:access_token", agent=second,
                               audience=target.audience))
        assert made.claims["del"]["grant"] == grant
    assert world.admin.get(f"/grants/{grant}").json()["state"] == "used"


def test_a_refusal_takes_no_use(broker, world, setting):
    agent, target = setting
    grant = world.grant(agent.id, {target.id: BOTH}, max_uses=1)
    refused(broker, exchange(broker, grant, GRANT, agent=agent, audience=target.audience, scope="nothing"),
            "LCM-SCOPE-REFUSED")
    issued(exchange(broker, grant, GRANT, agent=agent, audience=target.audience))


def test_a_token_never_outlives_its_grant(broker, world, setting):
    agent, target = setting
    grant = world.grant(agent.id, {target.id: BOTH}, expires_at=stamp(100))
    made = issued(exchange(broker, grant, GRANT, agent=agent, audience=target.audience))
    assert made.body["expires_in"] <= 100


def test_a_grant_of_an_administrator_tells_no_sign_in(broker, world, setting):
    agent, target = setting
    grant = world.grant(agent.id, {target.id: BOTH})
    claims = issued(exchange(broker, grant, GRANT, agent=agent, audience=target.audience)).claims
    assert claims.get("acr") is None and claims.get("amr") is None
