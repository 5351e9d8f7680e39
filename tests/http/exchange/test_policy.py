"""Contract §6 "Policy" and §13: what Cedar may say."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import ACCESS_TOKEN, GRANT, exchange
from support.world import unique

AB = {"a": "low", "b": "low"}


@pytest.fixture
def bare(broker, world):
    target = world.target(AB)
    return world.actor(target, ["a", "b"], actions=()), target


def ask(broker, bare, **params):
    agent, target = bare
    return exchange(broker, agent=agent, audience=target.audience, **({"scope": "a"} | params))


def allow(world, bare, when=""):
    world.permit(bare[0].id, bare[1].id, actions=("pre_authorise",))
    return world.permit(bare[0].id, bare[1].id, actions=("exchange",), when=when)


def test_without_a_permit_the_answer_is_no(broker, bare):
    refused(broker, ask(broker, bare), "LCM-POLICY-DENIED")


def test_a_permit_is_named_in_the_record(broker, world, bare):
    rule = allow(world, bare)
    policies = permitted(broker, ask(broker, bare)).record["policies"]
    assert f"{rule}-exchange" in policies and any(p.endswith("-pre-authorise") for p in policies)


def test_a_denial_says_which_scopes_would_pass(broker, world, bare):
    allow(world, bare, when='["a"].containsAll(context.scopes)')
    body = refused(broker, ask(broker, bare, scope="a b"), "LCM-POLICY-DENIED")
    assert body["would_pass"]["scope"] == "a"


def test_a_forbid_wins_and_its_reason_and_advice_reach_the_text(broker, world, bare):
    allow(world, bare)
    world.policy(f'@id("{unique("no")}") @reason("books are closed") @advice("come back on Monday")\n'
                 f'forbid(principal == Agent::"{bare[0].id}", action == Action::"exchange", resource);')
    text = refused(broker, ask(broker, bare), "LCM-POLICY-DENIED")["error_description"]
    assert "books are closed" in text and "come back on Monday" in text


def test_an_evaluation_error_refuses(broker, world, bare):
    allow(world, bare)
    world.permit(bare[0].id, bare[1].id, actions=("exchange",), when="context.depth + 9223372036854775807 > 0")
    refused(broker, ask(broker, bare), "LCM-POLICY-ERROR")


@pytest.mark.parametrize("when, params", [
    ('context.basis == "policy"', {}), ("context.depth == 1", {}), ('context.scopes == ["a"]', {}),
    ('context.chain.contains(principal)', {}), ("context.detail_types.isEmpty()", {}), ('context.risk != ""', {}),
    ('context has purpose && context.purpose == "pay 4711"', {"purpose": "pay 4711"}), ("!(context has purpose)", {}),
    ('context has task_id && context.task_id == "t-1"', {"task_id": "t-1"}), ("!(context has task_id)", {}),
    ('context has acr && context.acr == "pwd"', {}), ('context.amr.contains("pwd")', {}), ("!(context has delegate_to)", {}),
    ("context has auth_age_s && context.auth_age_s >= 60 && context.auth_age_s < 600", {}), ("!(context has presenter)", {}),
    ("context.hour_utc >= 0 && context.hour_utc < 24", {}), ("context has person", {}), ("!(context has workload)", {}),
    ('context has person && context.person in Group::"demo:staff"', {})])
def test_the_context_says(broker, world, bare, when, params):
    refused(broker, ask(broker, bare, **params), "LCM-POLICY-DENIED")
    allow(world, bare, when)
    issued(ask(broker, bare, **params))


def test_the_context_names_the_agent_a_chain_is_passed_to(broker, world, bare):
    other = world.actor(bare[1], ["a"])
    allow(world, bare, "context has delegate_to")
    refused(broker, ask(broker, bare), "LCM-POLICY-DENIED")
    issued(ask(broker, bare, delegate_to=other.id))


def test_a_policy_over_groups_sees_the_groups_of_the_token(broker, world, bare):
    allow(world, bare, 'context has person && context.person in Group::"demo:board"')
    refused(broker, ask(broker, bare), "LCM-POLICY-DENIED")
    issued(ask(broker, bare, subject_token=tokens.id_token(broker, groups=["staff", "board"])))


def test_another_providers_group_of_the_same_name_is_another_group(broker, world):
    target, issuer = world.target(AB), world.issuer()
    agent = world.actor(target, ["a"], actions=("pre_authorise",), subject_issuers=[issuer.id])
    world.permit(agent.id, target.id, actions=("exchange",), when='context has person && context.person in Group::"demo:staff"')
    token = tokens.id_token(broker, key=issuer.key, iss=issuer.issuer, aud="test-app")
    refused(broker, exchange(broker, token, agent=agent, audience=target.audience), "LCM-POLICY-DENIED")


def test_groups_are_those_of_the_root_for_every_descendant(broker, world, bare):
    allow(world, bare)
    second = world.actor(bare[1], ["a"], actions=())
    world.permit(second.id, bare[1].id, actions=("exchange",), when='context has person && context.person in Group::"demo:staff"')
    token = issued(ask(broker, bare, delegate_to=second.id)).token
    issued(exchange(broker, token, ACCESS_TOKEN, agent=second, audience=bare[1].audience, scope="a"))


def test_where_groups_are_unknown_no_permit_that_names_one_matches(broker, world, bare):
    world.permit(bare[0].id, bare[1].id, actions=("exchange",), when='context has person && context.person in Group::"demo:staff"')
    known = world.grant(bare[0].id, {bare[1].id: ["a"]}, groups=["demo:staff"])
    unknown = world.grant(bare[0].id, {bare[1].id: ["a"]})
    issued(ask(broker, bare, subject_token=known, subject_token_type=GRANT))
    refused(broker, ask(broker, bare, subject_token=unknown, subject_token_type=GRANT), "LCM-POLICY-DENIED", "LCM-POLICY-ERROR")


def test_where_groups_are_unknown_every_forbid_that_names_one_refuses(broker, world, bare):
    allow(world, bare)
    world.policy(f'@id("{unique("no")}") @reason("x")\nforbid(principal == Agent::"{bare[0].id}", action == Action::"exchange", '
                 f'resource) when {{ context has person && context.person in Group::"demo:interns" }};')
    known = world.grant(bare[0].id, {bare[1].id: ["a"]}, groups=["demo:staff"])
    unknown = world.grant(bare[0].id, {bare[1].id: ["a"]})
    issued(ask(broker, bare, subject_token=known, subject_token_type=GRANT))
    refused(broker, ask(broker, bare, subject_token=unknown, subject_token_type=GRANT), "LCM-POLICY-DENIED", "LCM-POLICY-ERROR")


def test_the_strictest_max_lifetime_among_determining_permits_wins(broker, world, bare):
    allow(world, bare)
    for seconds in ("120", "60", "90"):
        world.permit(bare[0].id, bare[1].id, actions=("exchange",), max_lifetime=seconds)
    assert issued(ask(broker, bare)).body["expires_in"] == 60


def test_require_acr_asks_for_a_step_up(broker, world, bare):
    allow(world, bare)
    world.permit(bare[0].id, bare[1].id, actions=("exchange",), require_acr="mfa hwk")
    body = refused(broker, ask(broker, bare), "LCM-STEP-UP")
    assert set(body["acr_values"].split()) == {"mfa", "hwk"}
    for acr in ("mfa", "hwk"):
        issued(ask(broker, bare, subject_token=tokens.id_token(broker, acr=acr)))
    refused(broker, ask(broker, bare, subject_token=tokens.id_token(broker, acr=tokens.DROP)), "LCM-STEP-UP")


def test_pre_authorise_is_not_asked_where_a_grant_covers(broker, world, bare):
    world.permit(bare[0].id, bare[1].id, actions=("exchange",), when='context.basis == "grant"')
    world.grant(bare[0].id, {bare[1].id: ["a"]})
    made = permitted(broker, ask(broker, bare))
    assert not [p for p in made.record["policies"] if "pre-authorise" in p]


def test_a_broken_bundle_changes_nothing(broker, world, bare):
    allow(world, bare)
    before = world.admin.get("/policies")
    for text in ("permit(principal", 'permit(principal == Stranger::"x", action, resource);',
                 'permit(principal, action == Action::"exchange", resource) when { context.nothing == 1 };'):
        answer = world.admin.put("/policies", {"files": {"x.cedar": text}}, headers={"If-Match": before.headers["ETag"]})
        assert answer.status_code == 422
    assert world.admin.get("/policies").headers["ETag"] == before.headers["ETag"]
    issued(ask(broker, bare))
