"""OpenBao, configured as its page says, gives its own token for the right ones of Locum alone."""

import pytest
from gateways import OpenBao
from support import checks, client, tokens
from test_gateways import FLAWS


@pytest.fixture(scope="module")
def bao(started):
    """A server in memory."""
    return started(OpenBao)


def login(bao, token):
    """Logs in."""
    return client.http.post(f"http://{bao.at}/v1/auth/jwt/login", json={"role": "invoices", "jwt": token},
                            timeout=client.TIMEOUT_S)


def test_person_and_actor_stand_in_what_openbao_gives(bao, token):
    answer = login(bao, token)
    assert answer.status_code == 200, answer.text
    given = answer.json()["auth"]
    assert given["metadata"]["actor"] == "invoice-agent" and given["metadata"]["jti"] == tokens.decode(token)["jti"]
    assert given["token_policies"] == ["invoices"] and given["lease_duration"] <= 300
    alias = client.http.get(f"http://{bao.at}/v1/identity/entity/id/{given['entity_id']}",
                            headers={"X-Vault-Token": "root"}, timeout=client.TIMEOUT_S)
    assert alias.json()["data"]["aliases"][0]["name"] == "demo:ada"


def test_an_actor_that_the_role_does_not_name_gets_nothing(bao, broker):
    other = checks.issued(client.exchange(broker, agent="hr-agent", scope="invoice.read")).token
    assert login(bao, other).status_code == 400


def test_a_token_for_another_target_gets_nothing(bao, broker):
    other = checks.issued(client.exchange(broker, agent="hr-agent", audience="urn:demo:workday")).token
    assert login(bao, other).status_code == 400


@pytest.mark.parametrize("kind", ["id_token", "access_token"])
def test_a_token_of_the_provider_gets_nothing(bao, broker, kind):
    assert login(bao, client.sign_in(broker)[kind]).status_code in (400, 403)


def test_a_changed_or_expired_token_gets_nothing(bao, token, expired):
    for bad in (tokens.tampered(token, sub="demo:eve"), expired):
        assert login(bao, bad).status_code in (400, 403)


@pytest.mark.parametrize("flaw", FLAWS)
def test_one_flaw_is_enough_where_the_page_does_not_say_that_openbao_cannot_see_it(bao, broker, ours, flaw):
    changes = dict(FLAWS[flaw])
    if flaw == "the issuer with a slash":
        changes["iss"] = broker.issuer + "/"
    seen = login(bao, ours(**changes)).status_code == 200
    assert seen == (flaw in bao.blind)
