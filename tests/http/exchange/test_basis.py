"""Contract §6, "Basis": `self`, `may_act`, a grant, a policy, or consent is missing."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import ACCESS_TOKEN, ID_TOKEN, JWT, client_credentials, exchange
from support.world import stamp

BOTH = ("thing.read", "thing.write")


def me(broker, name="invoice-agent"):
    return {"iss": broker.issuer, "sub": name}


def eve(broker, **claims):
    return tokens.idp_access_token(broker, "eve", **claims)


def test_a_policy_permitting_pre_authorise_is_a_basis(broker):
    assert permitted(broker, exchange(broker)).record["basis"] == "policy"


def test_without_any_basis_consent_is_required(broker):
    refused(broker, exchange(broker, tokens.id_token(broker, "eve")), "LCM-CONSENT-MISSING")
    refused(broker, exchange(broker, eve(broker), JWT), "LCM-CONSENT-MISSING")


def test_a_high_scope_never_goes_by_policy(broker, world):
    refused(broker, exchange(broker, scope="invoice.post"), "LCM-CONSENT-MISSING")
    target = world.target()
    agent = world.actor(target, BOTH)
    refused(broker, exchange(broker, agent=agent, audience=target.audience, scope="thing.write"), "LCM-CONSENT-MISSING")
    answer = exchange(broker, agent=agent, audience=target.audience, scope="thing.read thing.write")
    refused(broker, answer, "LCM-CONSENT-MISSING")


def test_may_act_of_an_issuer_with_trust_may_act_is_a_basis_even_for_high(broker):
    made = permitted(broker, exchange(broker, eve(broker, may_act=me(broker)), JWT, scope="invoice.post"))
    assert made.claims["del"]["basis"] == made.record["basis"] == "may_act"


def test_may_act_goes_before_policy_and_grant(broker, world):
    agent = world.actor("sap", ["invoice.read"])
    world.grant(agent.id, {"sap": ["invoice.read"]})
    token = tokens.idp_access_token(broker, may_act=me(broker, agent.id))
    assert issued(exchange(broker, token, JWT, agent=agent)).claims["del"]["basis"] == "may_act"


def test_may_act_in_an_id_token_only_restricts(broker):
    issued_basis = issued(exchange(broker, tokens.id_token(broker, may_act=me(broker)))).claims["del"]["basis"]
    assert issued_basis == "policy"
    refused(broker, exchange(broker, tokens.id_token(broker, "eve", may_act=me(broker))), "LCM-CONSENT-MISSING")
    answer = exchange(broker, tokens.id_token(broker, may_act=me(broker)), scope="invoice.post")
    refused(broker, answer, "LCM-CONSENT-MISSING")


@pytest.mark.parametrize("kind", [ID_TOKEN, JWT])
def test_a_may_act_that_names_someone_else_always_refuses(broker, kind):
    make = tokens.id_token if kind == ID_TOKEN else tokens.idp_access_token
    for may_act in (me(broker, "hr-agent"), {"iss": broker.idp.issuer, "sub": "invoice-agent"},
                    {"iss": broker.issuer + "/", "sub": "invoice-agent"}, me(broker, "Invoice-Agent")):
        refused(broker, exchange(broker, make(broker, may_act=may_act), kind), "LCM-MAY-ACT")


@pytest.mark.parametrize("kind", [ID_TOKEN, JWT])
def test_a_may_act_without_iss_means_the_tokens_own_issuer(broker, kind):
    make = tokens.id_token if kind == ID_TOKEN else tokens.idp_access_token
    refused(broker, exchange(broker, make(broker, may_act={"sub": "invoice-agent"}), kind), "LCM-MAY-ACT")


@pytest.mark.parametrize("may_act", [{}, {"iss": "x"}, {"sub": 5}, [], "invoice-agent", 1, {"sub": None}], ids=str)
def test_a_may_act_of_another_form_never_permits(broker, may_act):
    answer = exchange(broker, eve(broker, may_act=may_act), JWT)
    refused(broker, answer, "LCM-MAY-ACT", "LCM-SUBJECT-INVALID")


def test_a_grant_does_not_outweigh_a_may_act_for_someone_else(broker, world):
    agent = world.actor("sap", ["invoice.read"])
    world.grant(agent.id, {"sap": ["invoice.read"]})
    token = tokens.idp_access_token(broker, may_act=me(broker))
    refused(broker, exchange(broker, token, JWT, agent=agent), "LCM-MAY-ACT")


def test_may_act_of_an_issuer_without_trust_may_act_is_no_basis(broker, world):
    issuer = world.issuer(scope_map={"r": ["sap:invoice.read"]})
    agent = world.actor("sap", ["invoice.read"], actions=("exchange",), subject_issuers=[issuer.id])

    def ask(may_act):
        token = tokens.idp_access_token(broker, key=issuer.key, iss=issuer.issuer, scope="r", may_act=may_act)
        return exchange(broker, token, JWT, agent=agent)

    refused(broker, ask(me(broker, agent.id)), "LCM-CONSENT-MISSING")
    refused(broker, ask(me(broker, "hr-agent")), "LCM-MAY-ACT")


def test_a_live_grant_is_a_basis_for_high_scopes(broker, world):
    target = world.target()
    agent = world.actor(target, BOTH, actions=("exchange",))
    grant = world.grant(agent.id, {target.id: BOTH})
    made = permitted(broker, exchange(broker, agent=agent, audience=target.audience, scope="thing.write"))
    assert made.claims["del"]["basis"] == "grant" and made.claims["del"]["grant"] == grant


def test_a_grant_that_does_not_cover_the_whole_request_is_no_basis(broker, world):
    target = world.target()
    agent = world.actor(target, BOTH, actions=("exchange",))
    world.grant(agent.id, {target.id: ["thing.read"]})
    answer = exchange(broker, agent=agent, audience=target.audience, scope="thing.read thing.write")
    refused(broker, answer, "LCM-CONSENT-MISSING")


def test_two_grants_are_not_added_up(broker, world):
    target = world.target()
    agent = world.actor(target, BOTH, actions=("exchange",))
    for scope in BOTH:
        world.grant(agent.id, {target.id: [scope]})
    answer = exchange(broker, agent=agent, audience=target.audience, scope="thing.read thing.write")
    refused(broker, answer, "LCM-CONSENT-MISSING")


def test_a_grant_of_another_person_agent_or_target_is_no_basis(broker, world):
    target = world.target()
    agent, second = world.actor(target, actions=("exchange",)), world.actor(target, actions=("exchange",))
    world.grant(agent.id, {target.id: ["thing.read"]}, person="demo:bob")
    world.grant(second.id, {target.id: ["thing.read"]})
    world.grant(agent.id, {"sap": ["invoice.read"]})
    refused(broker, exchange(broker, agent=agent, audience=target.audience), "LCM-CONSENT-MISSING")


def test_the_covering_grant_that_expires_first_is_chosen(broker, world):
    target = world.target()
    agent = world.actor(target, BOTH, actions=("exchange",))
    world.grant(agent.id, {target.id: BOTH}, expires_at=stamp(9000))
    world.grant(agent.id, {target.id: ["thing.read"]}, expires_at=stamp(5000))
    first = world.grant(agent.id, {target.id: BOTH}, expires_at=stamp(7000))
    made = issued(exchange(broker, agent=agent, audience=target.audience, scope="thing.write"))
    assert made.claims["del"]["grant"] == first


def test_among_grants_that_expire_together_the_lowest_id_is_chosen(broker, world):
    target, until = world.target(), stamp(5000)
    agent = world.actor(target, actions=("exchange",))
    grants = [world.grant(agent.id, {target.id: ["thing.read"]}, expires_at=until) for _ in range(3)]
    made = issued(exchange(broker, agent=agent, audience=target.audience))
    assert made.claims["del"]["grant"] == min(grants)


def test_only_the_chosen_grant_loses_a_use(broker, world):
    target = world.target()
    agent = world.actor(target, actions=("exchange",))
    once = world.grant(agent.id, {target.id: ["thing.read"]}, expires_at=stamp(1000), max_uses=1)
    spare = world.grant(agent.id, {target.id: ["thing.read"]}, expires_at=stamp(2000), max_uses=1)
    used = [issued(exchange(broker, agent=agent, audience=target.audience)).claims["del"]["grant"] for _ in range(2)]
    assert used == [once, spare]
    refused(broker, exchange(broker, agent=agent, audience=target.audience), "LCM-CONSENT-MISSING")


def test_a_revoked_grant_is_no_basis(broker, world):
    target = world.target()
    agent = world.actor(target, actions=("exchange",))
    grant = world.grant(agent.id, {target.id: ["thing.read"]})
    world.revoke("grant", grant)
    refused(broker, exchange(broker, agent=agent, audience=target.audience), "LCM-CONSENT-MISSING")


def test_a_grant_does_not_replace_the_policy_for_exchange(broker, world):
    target = world.target()
    agent = world.actor(target, actions=())
    world.grant(agent.id, {target.id: ["thing.read"]})
    refused(broker, exchange(broker, agent=agent, audience=target.audience), "LCM-POLICY-DENIED")


def test_nothing_may_be_done_alone_in_the_dev_world(broker):
    answer = client_credentials(broker, audience="urn:demo:sap", scope="invoice.read")
    refused(broker, answer, "LCM-SCOPE-REFUSED", "LCM-CONSENT-MISSING")


def test_dropping_the_person_is_no_way_around_consent(broker, world):
    target = world.target()
    agent = world.actor(target, BOTH, alone=["thing.read"])
    answer = client_credentials(broker, agent, audience=target.audience, scope="thing.write")
    refused(broker, answer, "LCM-SCOPE-REFUSED", "LCM-CONSENT-MISSING")
    world.grant(agent.id, {target.id: BOTH})
    answer = client_credentials(broker, agent, audience=target.audience, scope="thing.write")
    refused(broker, answer, "LCM-SCOPE-REFUSED", "LCM-CONSENT-MISSING")


def test_the_basis_of_a_descendant_is_the_roots(broker, world):
    target = world.target()
    first, second = world.actor(target, BOTH, actions=("exchange",)), world.actor(target, BOTH, actions=("exchange",))
    grant = world.grant(first.id, {target.id: BOTH})
    token = issued(exchange(broker, agent=first, audience=target.audience, scope="thing.write", delegate_to=second.id)).token
    made = issued(exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience, scope="thing.write"))
    assert made.claims["del"]["basis"] == "grant" and made.claims["del"]["grant"] == grant
