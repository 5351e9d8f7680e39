"""Contract §5, "Access token of another issuer": a person's access token from another issuer as subject token."""

import pytest

from support import tokens
from support.checks import issued, permitted, refused
from support.client import ACCESS_TOKEN, ID_TOKEN, JWT, exchange, sign_in
from support.world import World, entry, unique


def foreign(broker, issuer, **changes):
    base = {"iss": issuer.issuer, "aud": broker.issuer, "scope": "their.read"}
    return tokens.idp_access_token(broker, key=issuer.key, **(base | changes))


@pytest.fixture(scope="module")
def setting(broker):
    world = World(broker)
    issuer = world.issuer(scope_map={"their.read": ["sap:invoice.read"], "their.post": ["sap:invoice.post"],
                                     "their.both": ["sap:invoice.read", "workday:worker.read"]})
    agent = world.agent(ceiling=[entry("sap", ["invoice.read", "invoice.post"], ["invoice.read"])],
                        subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")
    return issuer, agent


def test_an_access_token_of_the_demo_provider_is_accepted_as_jwt(dev_broker):
    made = permitted(dev_broker, exchange(dev_broker, sign_in(dev_broker)["access_token"], JWT))
    assert made.claims["sub"] == "demo:ada" and made.claims["scope"] == "invoice.read"


def test_its_scope_goes_through_the_scope_map(broker, setting):
    issuer, agent = setting
    for scope in ("their.read", "their.both", "noise their.read"):
        made = issued(exchange(broker, foreign(broker, issuer, scope=scope), JWT, agent=agent))
        assert made.claims["scope"] == "invoice.read"


def test_a_scope_that_the_subject_token_lacks_is_refused(broker, setting):
    issuer, agent = setting
    answer = exchange(broker, foreign(broker, issuer), JWT, agent=agent, scope="invoice.read invoice.post")
    body = refused(broker, answer, "LCM-SCOPE-REFUSED")
    assert "`invoice.post`" in body["error_description"]
    assert body["would_pass"]["scope"] == "invoice.read"


@pytest.mark.parametrize("scope", ["unmapped", "", "Their.Read", "their.read.more", "sap:invoice.read"])
def test_an_unmapped_scope_gives_nothing(broker, setting, scope):
    issuer, agent = setting
    answer = exchange(broker, foreign(broker, issuer, scope=scope), JWT, agent=agent)
    refused(broker, answer, "LCM-TARGET-REFUSED", "LCM-SCOPE-REFUSED", "LCM-SCOPE-REQUIRED")


def test_a_subject_token_without_scope_gives_nothing(broker, setting):
    issuer, agent = setting
    answer = exchange(broker, foreign(broker, issuer, scope=tokens.DROP), JWT, agent=agent)
    refused(broker, answer, "LCM-TARGET-REFUSED", "LCM-SCOPE-REFUSED", "LCM-SCOPE-REQUIRED", "LCM-SUBJECT-INVALID")


def test_without_a_scope_map_it_is_refused(broker, world):
    issuer = world.issuer(scope_map=None)
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")
    refused(broker, exchange(broker, foreign(broker, issuer), JWT, agent=agent), "LCM-SUBJECT-INVALID")


def test_a_target_the_subject_token_does_not_lead_to_is_target_refused(broker, world, setting):
    issuer, _ = setting
    agent = world.agent(ceiling=[entry("workday", ["worker.read"], ["worker.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "workday")
    answer = exchange(broker, foreign(broker, issuer), JWT, agent=agent, audience="workday")
    refused(broker, answer, "LCM-TARGET-REFUSED")


@pytest.mark.parametrize("typ", ["at+jwt", "AT+JWT", "application/at+jwt"])
def test_rfc9068_4_the_typ_of_an_access_token_is_a_media_type(broker, setting, typ):
    issuer, agent = setting
    issued(exchange(broker, foreign(broker, issuer, header={"typ": typ}), JWT, agent=agent))


@pytest.mark.parametrize("typ", ["JWT", tokens.DROP, "logout+jwt", "secevent+jwt", "dpop+jwt", "at+jwtx", ""])
def test_another_typ_is_no_access_token(broker, setting, typ):
    issuer, agent = setting
    answer = exchange(broker, foreign(broker, issuer, header={"typ": typ}), JWT, agent=agent)
    refused(broker, answer, "LCM-SUBJECT-INVALID")


def test_accept_untyped_allows_typ_jwt_and_nothing_else(broker, world):
    issuer = world.issuer(scope_map={"their.read": ["sap:invoice.read"]}, accept_untyped=True)
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")
    issued(exchange(broker, foreign(broker, issuer, header={"typ": "JWT"}), JWT, agent=agent))
    for typ in ("logout+jwt", "dpop+jwt"):
        answer = exchange(broker, foreign(broker, issuer, header={"typ": typ}), JWT, agent=agent)
        refused(broker, answer, "LCM-SUBJECT-INVALID")


def test_an_id_token_does_not_pass_as_an_untyped_access_token(broker, world):
    issuer = world.issuer(scope_map={"their.read": ["sap:invoice.read"]}, accept_untyped=True)
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    token = tokens.id_token(broker, key=issuer.key, iss=issuer.issuer, aud="test-app")
    refused(broker, exchange(broker, token, JWT, agent=agent), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("aud", ["test-app", "demo-app", "urn:demo:sap", "https://other.example", [], 7])
def test_an_audience_outside_access_audiences_is_refused(broker, setting, aud):
    issuer, agent = setting
    answer = exchange(broker, foreign(broker, issuer, aud=aud), JWT, agent=agent)
    refused(broker, answer, "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("claims", [{"client_id": "svc", "sub": "svc"}, {"client_id": tokens.DROP, "azp": "svc", "sub": "svc"},
                                    {"client_id": "x", "azp": "svc", "sub": "svc"}])
def test_a_clients_own_access_token_is_no_persons(broker, setting, claims):
    issuer, agent = setting
    answer = exchange(broker, foreign(broker, issuer, **claims), JWT, agent=agent)
    refused(broker, answer, "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("kind", [ACCESS_TOKEN, ID_TOKEN])
def test_a_foreign_access_token_offered_as_another_type_is_refused(broker, kind):
    refused(broker, exchange(broker, tokens.idp_access_token(broker), kind), "LCM-SUBJECT-INVALID")


def test_the_two_audience_lists_of_an_issuer_may_not_overlap(broker, world):
    body = world.issuer().body | {"issuer": "https://overlap.example", "audiences": ["a", "b"], "access_audiences": ["b"]}
    assert world.admin.put(f"/issuers/{unique('iss')}", body).status_code == 422
