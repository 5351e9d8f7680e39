"""Contract §5, "Workload token": a workload's own token, as actor and as subject; and "Actor token": our own."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import ACCESS_TOKEN, ID_TOKEN, JWT, client_credentials, exchange, workload_sign_in
from support.world import entry, unique


def as_actor(broker, actor, kind=JWT, **params):
    return exchange(broker, actor_token=actor, actor_token_type=kind, **params)


def test_a_workload_token_proves_the_actor(dev_broker):
    made = permitted(dev_broker, as_actor(dev_broker, workload_sign_in(dev_broker, "invoice-agent")))
    assert made.claims["act"] == {"iss": dev_broker.issuer, "sub": "invoice-agent", "sub_profile": "ai_agent"}
    assert made.record["actor_from"] == "actor_token"


def test_a_workload_token_may_be_presented_again(broker):
    actor = tokens.workload_token(broker)
    issued(as_actor(broker, actor))
    issued(as_actor(broker, actor))


def test_a_workload_token_needs_no_jti_and_no_typ(broker):
    issued(as_actor(broker, tokens.workload_token(broker, header={"typ": tokens.DROP})))


@pytest.mark.parametrize("typ", ["at+jwt", "client-authentication+jwt", "dpop+jwt", "JOSE", "", 1])
def test_another_typ_is_no_workload_token(broker, typ):
    refused(broker, as_actor(broker, tokens.workload_token(broker, header={"typ": typ})), "LCM-ACTOR-INVALID")


@pytest.mark.parametrize("sub", ["wl/nobody", "wl/invoice-agen", "wl/invoice-agent/x", "wl/*", "invoice-agent", "*", "",
                                 "WL/invoice-agent"])
def test_a_workload_that_matches_no_agent_is_no_actor(broker, sub):
    refused(broker, as_actor(broker, tokens.workload_token(broker, sub=sub)), "LCM-ACTOR-INVALID")


def test_every_registered_claim_must_match(broker, world):
    name = unique("w")
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])],
                        workload={"issuer": "demo-workloads", "claims": {"sub": f"wl/{name}", "env": "prod"}})
    world.permit(agent.id, "sap")
    issued(as_actor(broker, tokens.workload_token(broker, name, env="prod"), agent=agent))
    for env in ("test", tokens.DROP, ["prod"], None):
        actor = tokens.workload_token(broker, name, env=env)
        refused(broker, as_actor(broker, actor, agent=agent), "LCM-ACTOR-INVALID")


@pytest.mark.parametrize("aud", ["demo-app", "https://other.example", [], 5, tokens.DROP])
def test_a_workload_token_for_another_audience_is_refused(broker, aud):
    refused(broker, as_actor(broker, tokens.workload_token(broker, aud=aud)), "LCM-ACTOR-INVALID")


def test_an_actor_token_older_than_an_hour_is_refused(broker):
    t = tokens.now()
    issued(as_actor(broker, tokens.workload_token(broker, iat=t - 3500)))
    refused(broker, as_actor(broker, tokens.workload_token(broker, iat=t - 3700)), "LCM-ACTOR-INVALID")


def test_a_persons_token_is_no_actor_token(broker):
    for actor in (tokens.id_token(broker), tokens.idp_access_token(broker)):
        refused(broker, as_actor(broker, actor), "LCM-ACTOR-INVALID")


def test_a_workload_token_is_no_persons_token(broker):
    for kind in (ID_TOKEN, ACCESS_TOKEN):
        refused(broker, exchange(broker, tokens.workload_token(broker), kind), "LCM-SUBJECT-INVALID")


def test_a_workload_token_offered_as_our_actor_token_is_refused(broker):
    refused(broker, as_actor(broker, tokens.workload_token(broker), ACCESS_TOKEN), "LCM-ACTOR-INVALID")


def test_the_actor_token_of_another_agent_than_the_client_is_a_mismatch(broker):
    refused(broker, as_actor(broker, tokens.workload_token(broker, "hr-agent")), "LCM-ACTOR-MISMATCH")


def test_overlapping_registrations_of_a_workload_are_422(broker, world):
    name, key = unique("w"), tokens.new_jwk()
    plain = {"sub": f"wl/{name}"}
    world.agent(workload={"issuer": "demo-workloads", "claims": plain})
    for claims in (plain, plain | {"env": "prod"}):
        body = world.agent_body(unique("agent"), key, workload={"issuer": "demo-workloads", "claims": claims})
        assert world.admin.post("/agents", body).status_code == 422


def test_a_workload_registration_needs_an_exact_sub(broker, world):
    for claims in ({}, {"env": "prod"}, {"sub": ""}, {"sub": ["wl/x"]}):
        workload = {"issuer": "demo-workloads", "claims": claims}
        body = world.agent_body(unique("agent"), tokens.new_jwk(), workload=workload)
        assert world.admin.post("/agents", body).status_code == 422


def test_a_workload_as_subject_that_matches_an_agent_is_that_agent(broker, world):
    target, name = world.target(), unique("w")
    agent = world.agent(ceiling=[entry(target.id, ["thing.read"], ["thing.read"], alone=["thing.read"])],
                        workload={"issuer": "demo-workloads", "claims": {"sub": f"wl/{name}"}}, subject_issuers=[])
    world.permit(agent.id, target.id, actions=("exchange",))
    answer = exchange(broker, tokens.workload_token(broker, name), JWT, agent=agent, audience=target.audience)
    made = permitted(broker, answer)
    assert made.claims["sub"] == agent.id and "act" not in made.claims
    assert made.claims["del"]["basis"] == "self"


def test_a_workload_that_matches_no_agent_never_acts_self(broker, world):
    target = world.target()
    agent = world.agent(ceiling=[entry(target.id, ["thing.read"], ["thing.read"], alone=["thing.read"])],
                        subject_issuers=["demo-workloads"])
    world.permit(agent.id, target.id, actions=("exchange",))
    answer = exchange(broker, tokens.workload_token(broker, "stranger"), JWT, agent=agent, audience=target.audience)
    refused(broker, answer, "LCM-CONSENT-MISSING")
    world.permit(agent.id, target.id, actions=("pre_authorise",))
    made = issued(exchange(broker, tokens.workload_token(broker, "stranger"), JWT, agent=agent, audience=target.audience))
    assert made.claims["sub"] == "demo-workloads:wl/stranger" and made.claims["act"]["sub"] == agent.id


def test_our_own_actor_token_proves_the_actor(broker):
    actor = issued(client_credentials(broker, audience=broker.issuer)).token
    made = permitted(broker, as_actor(broker, actor, ACCESS_TOKEN))
    assert made.claims["act"]["sub"] == "invoice-agent" and made.record["actor_from"] == "actor_token"


def test_our_own_token_for_a_target_is_no_actor_token(broker):
    actor = issued(exchange(broker)).token
    refused(broker, as_actor(broker, actor, ACCESS_TOKEN), "LCM-ACTOR-INVALID")
    refused(broker, as_actor(broker, actor, JWT), "LCM-ACTOR-INVALID")


def test_our_own_actor_token_is_good_for_nothing_else(broker):
    actor = issued(client_credentials(broker, audience=broker.issuer)).token
    answer = exchange(broker, actor, ACCESS_TOKEN)
    refused(broker, answer, "LCM-SUBJECT-INVALID", "LCM-ACTOR-MISMATCH", "LCM-TARGET-REFUSED")


def test_a_token_of_a_trust_domain_has_no_iss_or_a_text_that_is_not_ours(broker, world):
    key, domain = tokens.new_jwk() | {"use": "jwt-svid"}, f"spiffe://{unique('domain')}"
    issuer = world.issuer("workload", [key], kind="spiffe", issuer=domain)
    target = world.target()
    agent = world.actor(target, workload={"issuer": issuer.id, "claims": {"sub": f"{domain}/bot"}})

    def ask(**iss):
        t = tokens.now()
        claims = {"sub": f"{domain}/bot", "aud": [broker.issuer], "iat": t, "exp": t + 300} | iss
        return exchange(broker, agent=agent, actor_token=tokens.sign(claims, key), actor_token_type=JWT,
                        audience=target.audience, scope="thing.read")

    for said in ({}, {"iss": "https://spire.example"}, {"iss": domain}):
        issued(ask(**said))
    for iss in (None, 5, [], {}, "", broker.issuer):
        refused(broker, ask(iss=iss), "LCM-ACTOR-INVALID")
