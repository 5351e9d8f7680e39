"""What Keycloak really issues, and what an exchange makes of it."""

import pytest
from trust import Trust

from support.checks import issued, refused
from support.client import ID_TOKEN, JWT
from support.tokens import decode, header

EITHER = pytest.mark.parametrize(("kind", "name"), [(ID_TOKEN, "id_token"), (JWT, "access_token")],
                                 ids=["id_token", "access_token"])


@pytest.fixture(scope="session")
def trust(world, realm):
    """The shared realm, trusted as the page says."""
    return Trust(world, realm)


def test_an_id_token_of_a_direct_grant_is_exchanged_for_one_that_names_person_and_agent(trust, realm):
    found = issued(trust.exchange(realm.sign_in().id_token)).claims
    assert found["sub"] == f"{trust.id}:{realm.person('ada')}"
    assert found["act"]["sub"] == trust.agent.id and found["scope"] == "invoice.read"


def test_an_id_token_of_an_authorization_code_with_pkce_is_exchanged(trust, realm):
    token = realm.browsed().id_token
    assert {"sid", "auth_time", "nonce", "at_hash", "acr"} <= decode(token).keys()
    assert issued(trust.exchange(token)).claims["sub"] == f"{trust.id}:{realm.person('ada')}"


def test_what_is_issued_never_outlives_keycloaks_token(trust, realm):
    token = realm.sign_in().id_token
    assert issued(trust.exchange(token)).claims["exp"] <= decode(token)["exp"]


def test_an_access_token_leads_where_the_scope_map_says_and_no_further(trust, realm):
    token = realm.sign_in().access_token
    assert header(token)["typ"] == "at+jwt"
    assert issued(trust.exchange(token, JWT, scope="invoice.read")).claims["scope"] == "invoice.read"
    refused(trust.broker, trust.exchange(token, JWT, scope="invoice.post"), "LCM-SCOPE-REFUSED")


def test_an_access_token_without_the_switch_is_refused_unless_the_issuer_takes_untyped_ones(world, fresh_realm):
    client = fresh_realm.client(clientId="plain", attributes={})
    token = fresh_realm.sign_in(client_id=client["clientId"]).access_token
    assert header(token)["typ"] == "JWT"
    trust = Trust(world, fresh_realm)
    refused(trust.broker, trust.exchange(token, JWT), "LCM-SUBJECT-INVALID")
    trust.change(accept_untyped=True)
    issued(trust.exchange(token, JWT))


def test_an_access_token_that_was_not_asked_for_with_the_scope_is_for_somebody_else(trust, realm):
    token = realm.sign_in(scope="openid").access_token
    refused(trust.broker, trust.exchange(token, JWT), "LCM-SUBJECT-INVALID")


def test_an_access_token_without_keycloaks_scope_basic_has_no_sub_and_is_refused_for_that(trust, realm):
    client = realm.client(clientId="sub-less", defaultClientScopes=["profile"])
    token = realm.sign_in(client_id=client["clientId"]).access_token
    assert "sub" not in decode(token)
    refusal = refused(trust.broker, trust.exchange(token, JWT), "LCM-SUBJECT-INVALID")
    assert "`sub`" in refusal["error_description"]


def test_a_token_under_the_others_type_is_refused(trust, realm):
    session = realm.sign_in()
    for token, kind in ((session.id_token, JWT), (session.access_token, ID_TOKEN)):
        refused(trust.broker, trust.exchange(token, kind), "LCM-SUBJECT-INVALID")


def test_an_id_token_of_another_client_of_the_realm_is_refused(trust, realm):
    client = realm.client(clientId="other-application")
    token = realm.sign_in(client_id=client["clientId"]).id_token
    refused(trust.broker, trust.exchange(token), "LCM-SUBJECT-INVALID")


@EITHER
def test_a_group_by_its_full_path_decides(trust, realm, kind, name):
    agent = trust.agent_for("/staff/finance")
    issued(trust.exchange(realm.sign_in("ada")[name], kind, agent))
    refused(trust.broker, trust.exchange(realm.sign_in("bob")[name], kind, agent), "LCM-CONSENT-MISSING")


def test_a_group_above_those_that_a_person_is_in_does_not_count(trust, realm):
    agent = trust.agent_for("/staff")
    refused(trust.broker, trust.exchange(realm.sign_in("ada").id_token, agent=agent), "LCM-CONSENT-MISSING")
    issued(trust.exchange(realm.sign_in("bob").id_token, agent=agent))


def test_realm_roles_decide_where_the_claim_is_a_pointer_to_them(world, fresh_realm):
    trust = Trust(world, fresh_realm, groups_claim="/realm_access/roles")
    agent = trust.agent_for("invoice-reader")
    issued(trust.exchange(fresh_realm.sign_in("ada").access_token, JWT, agent))
    refused(trust.broker, trust.exchange(fresh_realm.sign_in("bob").access_token, JWT, agent), "LCM-CONSENT-MISSING")


@EITHER
def test_a_service_account_is_no_person_by_its_name(world, fresh_realm, kind, name):
    job = fresh_realm.job()
    trust = Trust(world, fresh_realm, audiences=[job.client_id], forbid=[])
    claims = decode(job[name])
    assert claims["preferred_username"] == f"service-account-{job.client_id}" and claims["sub"]
    refused(trust.broker, trust.exchange(job[name], kind), "LCM-SUBJECT-INVALID")


@EITHER
def test_a_service_account_without_a_name_is_no_person_by_the_claim_the_page_forbids(world, fresh_realm, kind, name):
    job = fresh_realm.job(defaultClientScopes=["basic"])
    trust = Trust(world, fresh_realm, audiences=[job.client_id])
    claims = decode(job[name])
    assert "preferred_username" not in claims and claims["client_id"] == job.client_id
    refused(trust.broker, trust.exchange(job[name], kind), "LCM-SUBJECT-INVALID")


@EITHER
def test_no_token_of_a_person_has_the_claim_that_the_page_forbids(realm, kind, name):
    assert "client_id" not in decode(realm.sign_in()[name]).keys() | decode(realm.browsed()[name]).keys()
