"""Contract §5: an `act` inside a foreign token."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import JWT, admin, exchange, introspect
from support.world import World, entry

THEIRS = {"iss": "https://partner.example", "sub": "their-agent", "sub_profile": "ai_agent"}


@pytest.fixture(scope="module")
def setting(broker):
    world = World(broker)
    issuer = world.issuer(accept_act=True, scope_map={"their.read": ["sap:invoice.read"]})
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")
    return issuer, agent


def ask(broker, setting, act):
    issuer, agent = setting
    token = tokens.idp_access_token(broker, key=issuer.key, iss=issuer.issuer, scope="their.read", act=act)
    return exchange(broker, token, JWT, agent=agent)


@pytest.mark.parametrize("make", [tokens.id_token, tokens.idp_access_token])
def test_by_default_an_act_in_a_foreign_token_refuses_it(broker, make):
    kind = JWT if make is tokens.idp_access_token else "urn:ietf:params:oauth:token-type:id_token"
    refused(broker, exchange(broker, make(broker, act=THEIRS), kind), "LCM-SUBJECT-INVALID")


def test_an_act_in_a_workload_token_refuses_it(broker):
    actor = tokens.workload_token(broker, act=THEIRS)
    refused(broker, exchange(broker, actor_token=actor, actor_token_type=JWT), "LCM-ACTOR-INVALID")


def test_with_accept_act_it_is_wrapped_whole_beneath_ours(broker, setting):
    inner = THEIRS | {"act": {"iss": "https://partner.example", "sub": "first"}}
    made = permitted(broker, ask(broker, setting, inner))
    assert made.claims["act"] == {"iss": broker.issuer, "sub": setting[1].id, "sub_profile": "ai_agent", "act": inner}
    ver = made.claims["del"]["ver"]
    assert ver[0].startswith("ver_") and ver[1:] == [None, None]


def test_a_foreign_chain_is_told_to_introspection_and_stands_in_the_decision(broker, setting):
    made = permitted(broker, ask(broker, setting, THEIRS))
    told = introspect(broker, made.token, agent=setting[1]).json()
    assert told["active"] is True and told["act"] == made.claims["act"]
    decision = admin(broker).get(f"/decisions/{made.body['delegation_id']}").json()
    assert [link["sub"] for link in decision["chain"]] == [setting[1].id, THEIRS["sub"]]


@pytest.mark.parametrize("act", [
    {"sub": "x"}, {"iss": "https://partner.example"}, {}, "x", [], None, 5, THEIRS | {"exp": 1}, THEIRS | {"cnf": {}},
    THEIRS | {"sub": 5}, THEIRS | {"sub_profile": 5}, THEIRS | {"act": {}}, THEIRS | {"act": {"sub": "x"}},
    THEIRS | {"act": None}, THEIRS | {"aud": "x"}, THEIRS | {"client_id": "x"}], ids=str)
def test_an_act_of_another_form_is_refused(broker, setting, act):
    refused(broker, ask(broker, setting, act), "LCM-SUBJECT-INVALID")


def test_an_act_that_names_our_issuer_is_refused(broker, setting):
    ours = {"iss": broker.issuer, "sub": "hr-agent", "sub_profile": "ai_agent"}
    refused(broker, ask(broker, setting, ours), "LCM-SUBJECT-INVALID")
    refused(broker, ask(broker, setting, THEIRS | {"act": ours}), "LCM-SUBJECT-INVALID")


def test_a_foreign_act_counts_towards_the_depth(broker, setting):
    act = None
    for n in range(4):
        act = {"iss": "https://partner.example", "sub": f"a{n}"} | ({"act": act} if act else {})
    refused(broker, ask(broker, setting, act), "LCM-CHAIN-DEPTH")
    assert issued(ask(broker, setting, act["act"])).claims["act"]["act"] == act["act"]


def test_a_foreign_chain_that_names_one_actor_twice_is_a_cycle(broker, setting):
    act = {"iss": "https://p.example", "sub": "a", "act": {"iss": "https://p.example", "sub": "b",
                                                           "act": {"iss": "https://p.example", "sub": "a"}}}
    refused(broker, ask(broker, setting, act), "LCM-CHAIN-CYCLE")


def test_a_foreign_actor_is_never_an_agent_in_policy(broker, world):
    issuer = world.issuer(accept_act=True, scope_map={"their.read": ["sap:invoice.read"]})
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap", when='!(context.chain.contains(Agent::"hr-agent"))')
    token = tokens.idp_access_token(broker, key=issuer.key, iss=issuer.issuer, scope="their.read",
                                    act={"iss": "https://partner.example", "sub": "hr-agent"})
    issued(exchange(broker, token, JWT, agent=agent))
