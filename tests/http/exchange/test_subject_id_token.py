"""Contract §5, "ID token": an ID token as subject token."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import ACCESS_TOKEN, JWT, exchange, sign_in
from support.world import entry


def test_an_id_token_of_the_demo_provider_is_accepted(dev_broker):
    made = permitted(dev_broker, exchange(dev_broker, sign_in(dev_broker, "ada")["id_token"]))
    assert made.claims["sub"] == dev_broker.people.ada.sub == "demo:ada"


def test_a_hand_made_id_token_of_the_same_issuer_is_accepted(broker):
    assert issued(exchange(broker, tokens.id_token(broker, "bob"))).claims["sub"] == "demo:bob"


def test_nothing_is_pre_authorised_for_eve(broker):
    refused(broker, exchange(broker, tokens.id_token(broker, "eve")), "LCM-CONSENT-MISSING")


def test_typ_may_be_absent_in_an_id_token(broker):
    issued(exchange(broker, tokens.id_token(broker, header={"typ": tokens.DROP})))


def test_the_typ_claim_id_is_fine(broker):
    issued(exchange(broker, tokens.id_token(broker, typ="ID")))


@pytest.mark.parametrize("claim, value", [
    ("scope", "erp.read"), ("scope", ""), ("scp", ["erp.read"]), ("client_id", ""), ("client_id", 5),
    ("cnf", {"jkt": "x" * 43}), ("typ", "Bearer"), ("typ", "Logout"), ("typ", "id"), ("typ", ""), ("typ", 5)])
def test_a_token_with_access_token_claims_is_no_id_token(broker, claim, value):
    refused(broker, exchange(broker, tokens.id_token(broker, **{claim: value})), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("claim", ["client_id", "azp"])
def test_a_client_id_or_azp_in_it_must_be_among_its_aud(broker, claim):
    issued(exchange(broker, tokens.id_token(broker, **{claim: "demo-app"})))
    issued(exchange(broker, tokens.id_token(broker, **{claim: "other", "aud": ["other", "demo-app"]})))
    refused(broker, exchange(broker, tokens.id_token(broker, **{claim: "other"})), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("typ", ["at+jwt", "application/at+jwt", "logout+jwt", "secevent+jwt", "dpop+jwt",
                                 "client-authentication+jwt", "id+jwt", "", 5])
def test_another_header_typ_is_no_id_token(broker, typ):
    refused(broker, exchange(broker, tokens.id_token(broker, header={"typ": typ})), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("aud", ["other-app", [], ["other-app", "third-app"], "Demo-App", "", None, 5, {"x": 1},
                                 ["demo-app", 5]])
def test_an_audience_outside_audiences_is_refused(broker, aud):
    refused(broker, exchange(broker, tokens.id_token(broker, aud=aud)), "LCM-SUBJECT-INVALID")


def test_an_id_token_meant_for_us_as_an_access_audience_is_refused(broker):
    refused(broker, exchange(broker, tokens.id_token(broker, aud=broker.issuer)), "LCM-SUBJECT-INVALID")


def test_one_of_several_audiences_is_enough(broker):
    issued(exchange(broker, tokens.id_token(broker, aud=["other-app", "demo-app"])))


def test_by_default_an_issuer_has_no_audiences(broker, world):
    issuer = world.issuer(audiences=tokens.DROP)
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")
    token = tokens.id_token(broker, key=issuer.key, iss=issuer.issuer, aud="test-app")
    refused(broker, exchange(broker, token, agent=agent), "LCM-SUBJECT-INVALID")


def test_an_audience_in_audience_agents_serves_only_those_agents(broker, world):
    ceiling = [entry("sap", ["invoice.read"], ["invoice.read"])]
    issuer = world.issuer(audiences=["app-1", "app-2"])
    named, other = (world.agent(ceiling=ceiling, subject_issuers=[issuer.id]) for _ in range(2))
    for agent in (named, other):
        world.permit(agent.id, "sap")
    world.change(f"/issuers/{issuer.id}", audience_agents={"app-1": [named.id]})

    def ask(agent, aud):
        return exchange(broker, tokens.id_token(broker, key=issuer.key, iss=issuer.issuer, aud=aud), agent=agent)

    issued(ask(named, "app-1"))
    issued(ask(other, "app-2"))
    refused(broker, ask(other, "app-1"), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("kind", [JWT, ACCESS_TOKEN])
def test_an_id_token_offered_as_another_type_is_refused(broker, kind):
    refused(broker, exchange(broker, tokens.id_token(broker), kind), "LCM-SUBJECT-INVALID")


def test_two_providers_alices_never_meet(broker, world):
    first, second = world.issuer(), world.issuer()
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])],
                        subject_issuers=[first.id, second.id])
    world.permit(agent.id, "sap")
    subs = {issued(exchange(broker, tokens.id_token(broker, "alice", key=i.key, iss=i.issuer, aud="test-app"),
                            agent=agent)).claims["sub"] for i in (first, second)}
    assert subs == {f"{first.id}:alice", f"{second.id}:alice"}


def test_an_issuer_nobody_registered_is_refused(broker):
    token = tokens.id_token(broker, key=tokens.new_jwk(), iss="https://stranger.example")
    refused(broker, exchange(broker, token), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("change", [lambda i: i + "/", lambda i: i.upper(), lambda i: i.replace("127.0.0.1", "localhost")])
def test_the_issuer_is_compared_whole(broker, change):
    token = tokens.id_token(broker, iss=change(broker.idp.issuer))
    refused(broker, exchange(broker, token), "LCM-SUBJECT-INVALID")
