"""A rate per client, after it proved itself (contract §10, `LCM-RATE`)."""

import pytest

from support import client, tokens
from support.broker import Broker

RATE = 5
TRIES = 40


@pytest.fixture(scope="module")
def limited():
    """A broker that holds each client to a rate."""
    with Broker(rate=RATE) as running:
        yield running


def over(broker, agent):
    """Asks at once, often; the answers over the rate, and how many were not."""
    person = tokens.id_token(broker)
    target = {"invoice-agent": "sap", "hr-agent": "workday", "soc-agent": "firewall"}[agent]
    answers = [client.exchange(broker, person, agent=agent, audience=f"urn:demo:{target}") for _ in range(TRIES)]
    held = [answer for answer in answers if answer.status_code == 429]
    return held, TRIES - len(held)


def test_a_client_over_its_rate_is_told_when_to_come_back(limited):
    held, within = over(limited, "invoice-agent")
    assert within >= RATE and held
    answer = held[-1]
    body = answer.json()
    assert body["error"] == "temporarily_unavailable" and body["code"] == "LCM-RATE" and body["retryable"] is True
    assert answer.headers["retry-after"] == "1" and answer.headers["cache-control"] == "no-store"
    assert body["error_uri"].endswith("/errors/LCM-RATE")


def test_it_is_on_the_record_once_a_minute_and_not_once_a_request(limited):
    held, _ = over(limited, "hr-agent")
    found = client.admin(limited).get("/decisions?agent=hr-agent&limit=100").json()["items"]
    page = client.admin(limited).get("/decisions?limit=100").json()["items"]
    told = [d for d in found + page if d["code"] == "LCM-RATE" and d["client_id"] == "hr-agent"]
    # A minute may turn while the test runs.
    assert 1 <= len({d["request_id"] for d in told}) <= 2 < len(held)
    assert told[0]["outcome"] == "refusal"


def test_one_client_s_haste_does_not_slow_another(limited):
    held, _ = over(limited, "invoice-agent")
    assert held
    answer = client.exchange(limited, agent="soc-agent", audience="urn:demo:firewall")
    assert answer.status_code == 200, answer.text


def test_introspection_and_revocation_count_too(limited):
    secret = limited.targets["workday"]
    me = {"client_id": secret["rs_client_id"], "client_secret": secret["rs_client_secret"]}
    answers = [client.introspect(limited, "x", agent=me) for _ in range(TRIES)]
    assert {answer.status_code for answer in answers} == {200, 429}
    assert client.call(limited, limited.issuer + "/revoke", [("token", "x")], me).status_code in (200, 429)


def test_an_assertion_turned_away_by_the_rate_may_be_sent_again(limited):
    me = limited.agents["soc-agent"]
    person, seen = tokens.id_token(limited), []
    for _ in range(TRIES):
        form = client.form(person, audience="urn:demo:firewall")
        form += [("client_assertion_type", client.ASSERTION_TYPE),
                 ("client_assertion", tokens.client_assertion(limited, me))]
        answer = client.token(limited, form, auth=None)
        seen.append((answer.status_code, form))
    turned_away = [form for status, form in seen if status == 429]
    assert turned_away
    again = client.token(limited, turned_away[-1], auth=None)
    while again.status_code == 429:
        again = client.token(limited, turned_away[-1], auth=None)
    assert again.status_code == 200, again.text


def test_without_a_rate_nobody_is_held_back(broker):
    person = tokens.id_token(broker)
    assert all(client.exchange(broker, person).status_code == 200 for _ in range(TRIES))
