"""Contract §10: every refusal is on record before it is sent; what that may cost on disk."""

import pytest

from support import client, ledger, tokens
from support.checks import refused
from support.scene import problem
from support.world import World, entry

SINGLY, RECORD_MAX = 60, 8_192
TRIES = 3 * SINGLY
"""A minute may turn once while they are made: one of the two has more than 60 of them."""


@pytest.fixture
def broker(fresh_broker):
    """A broker whose ledger is the test's own."""
    return fresh_broker


def asking(broker, agent="invoice-agent", **params):
    """An exchange that is refused for its scope, with the mark of an assertion."""
    return client.exchange(broker, agent=agent, auth="private_key_jwt", **({"scope": "nonesuch"} | params))


def decisions(broker, code):
    """The records of refusals of that code."""
    return ledger.of_type(broker.data_dir, "decision", code=code)


@pytest.mark.parametrize("params, code", [
    ({"scope": "s" * 60_000}, "LCM-SCOPE-REFUSED"),
    ({"scope": " ".join(f"scope-{n}" for n in range(64))}, "LCM-SCOPE-REFUSED"),
    ({"authorization_details": "[" * 15_000}, "LCM-DETAILS"),
    ({"audience": ["a" * 700] * 80}, "LCM-TARGET-UNKNOWN"),
    ({"purpose": "\u0001" * 10_000}, "LCM-REQUEST"),
    ({"task_id": "t" * 60_000}, "LCM-REQUEST"),
    ({name: '"' * 3_000 for name in ("scope", "task_id", "delegate_to", "requested_token_type", "purpose")}, None),
])
def test_whatever_was_asked_a_refusal_is_recorded_in_8_kb(broker, params, code):
    answer = asking(broker, **params)
    body = refused(broker, answer, *([code] if code else ["LCM-REQUEST", "LCM-SCOPE-REFUSED"]))
    record = ledger.of_type(broker.data_dir, "decision", request_id=body["request_id"])[0]
    assert record["bytes"] <= RECORD_MAX
    assert len(str(record["body"]["requested"])) <= 2_048


def test_groups_of_a_person_do_not_fill_the_record_of_a_refusal(broker):
    groups = [f"a-group-of-people-{n}" for n in range(286)]
    answer = client.exchange(broker, tokens.id_token(broker, groups=groups), scope="nonesuch")
    body = refused(broker, answer, "LCM-SCOPE-REFUSED")
    record = ledger.of_type(broker.data_dir, "decision", request_id=body["request_id"])[0]
    assert record["bytes"] <= RECORD_MAX
    assert set(record["side"]["groups"]) == {"bytes", "sha256"} or len(record["side"]["groups"]) == 286


def test_what_a_permit_asked_is_recorded_up_to_2_kb_and_the_rest_by_digest(broker):
    answer = client.exchange(broker, audience=["urn:demo:sap"] * 60, purpose="p" * 500)
    assert answer.status_code == 200, answer.text
    record = ledger.of_type(broker.data_dir, "decision", outcome="permit")[-1]
    assert len(str(record["body"]["requested"])) <= 2_048
    assert set(record["body"]["requested"]["audience"]) == {"bytes", "sha256"}


def test_beyond_60_a_minute_the_rest_stands_in_a_summary_that_is_opened_first_and_closed_at_the_stop(broker):
    bodies = [asking(broker).json() for _ in range(TRIES)]
    assert {body["code"] for body in bodies} == {"LCM-SCOPE-REFUSED"}
    broker.stop()
    alone = {r["body"]["request_id"]: r for r in decisions(broker, "LCM-SCOPE-REFUSED")}
    assert SINGLY <= len(alone) <= 2 * SINGLY
    opened = ledger.of_type(broker.data_dir, "summary", state="opened", client_id="invoice-agent")
    closed = ledger.of_type(broker.data_dir, "summary", state="closed", client_id="invoice-agent")
    assert 1 <= len(opened) <= 2 and {r["index"] for r in opened} == {r["body"]["opened"] for r in closed}
    assert sum(r["body"]["total"] for r in closed) == TRIES - len(alone)
    for record in closed:
        counts, = record["body"]["counts"]
        assert (counts["code"], counts["target"], counts["count"]) == ("LCM-SCOPE-REFUSED", "sap", record["body"]["total"])
        assert len(counts["subject"]) == 22 and record["side"] is None
    # Each of them left its mark before it was answered, and no more than that.
    marked = ledger.of_type(broker.data_dir, "summary", state="marked")
    assert {r["body"]["request_id"] for r in marked} == {b["request_id"] for b in bodies} - alone.keys()
    assert all(r["bytes"] <= 512 for r in marked)
    for record in marked:
        assert any(o["index"] < record["index"] or o["body"]["minute_ms"] <= record["time_ms"] for o in opened)


def test_another_clients_refusals_are_recorded_one_by_one_meanwhile(broker):
    for _ in range(TRIES):
        asking(broker)
    body = asking(broker, agent="hr-agent", audience="urn:demo:workday").json()
    assert client.admin(broker).decision(body["request_id"]).json()["code"] == "LCM-SCOPE-REFUSED"


def test_a_request_that_may_stand_in_a_summary_is_not_found_and_the_answer_says_why(broker):
    bodies = [asking(broker).json() for _ in range(TRIES)]
    answers = [client.admin(broker).decision(body["request_id"]) for body in bodies]
    missing = [answer for answer in answers if answer.status_code == 404]
    opened = ledger.of_type(broker.data_dir, "summary", state="opened", client_id="invoice-agent")
    told = [f"record {record['index']} of `invoice-agent`" for record in opened]
    assert missing and all(any(one in problem(answer, 404)["detail"] for one in told) for answer in missing)
    assert "summary" not in problem(client.admin(broker).decision("req_" + "0" * 26), 404)["detail"]


def test_what_an_operator_learns_beside_the_description_is_a_sentence(broker):
    for claims, told in [({"iss": "https://other.example"}, "the token's `iss` is `https://other.example`"),
                         ({"exp": tokens.now() - 7}, "the token's `exp` is "),
                         ({"typ": "Refresh"}, "expected an ID token, found claim `typ`"),
                         ({"cnf": {"jkt": "x"}}, "expected a token without `cnf`")]:
        body = refused(broker, client.exchange(broker, tokens.id_token(broker, **claims)), "LCM-SUBJECT-INVALID")
        detail = client.admin(broker).decision(body["request_id"]).json().get("detail")
        assert detail.startswith(told), detail
        assert "other.example" not in body["error_description"]


@pytest.mark.parametrize("kill", [False, True])
def test_an_assertion_refused_in_a_summary_is_used_up_over_a_restart(broker, kill):
    me = broker.agent("invoice-agent")
    forms = [client.form(tokens.id_token(broker), scope="nonesuch", client_assertion_type=client.ASSERTION_TYPE,
                         client_assertion=tokens.client_assertion(broker, me)) for _ in range(TRIES)]
    for form in forms:
        assert client.token(broker, form, auth=None).json()["code"] == "LCM-SCOPE-REFUSED"
    broker.restart(kill=kill)
    for form in forms[-3:]:
        assert client.token(broker, form, auth=None).status_code == 401
    # A summary that nobody closed is recognised by that, and does not keep the broker from starting.
    opened = ledger.of_type(broker.data_dir, "summary", state="opened")
    closed = {r["body"]["opened"] for r in ledger.of_type(broker.data_dir, "summary", state="closed")}
    assert (opened[-1]["index"] in closed) is not kill


def test_all_of_them_are_counted(broker):
    name = 'locum_exchanges_total{code="LCM-SCOPE-REFUSED"'
    for _ in range(TRIES):
        asking(broker)
    text = client.http.get(broker.operations + "/metrics", timeout=10).text
    lines = [line for line in text.splitlines() if "LCM-SCOPE-REFUSED" in line and line.startswith("locum_exchanges_total")]
    assert sum(float(line.rpartition(" ")[2]) for line in lines) == TRIES, name


def test_faults_stand_in_the_summary_too_and_their_requests_may_run_again(broker):
    world = World(broker)
    with_keys = tokens.new_jwk()
    issuer = world.issuer(issuer="http://127.0.0.1:9/nobody", jwks=None, jwks_uri="http://127.0.0.1:9/jwks")
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    subject = tokens.id_token(broker, iss=issuer.issuer, aud="test-app", key=with_keys)
    for _ in range(TRIES):
        form = client.form(subject, client_assertion_type=client.ASSERTION_TYPE,
                           client_assertion=tokens.client_assertion(broker, agent))
        assert client.token(broker, form, auth=None).status_code == 503
    broker.restart(kill=True)
    assert ledger.of_type(broker.data_dir, "summary", state="opened", client_id=agent.id)
    assert client.token(broker, form, auth=None).status_code == 503, "the identical request runs again"
    other = [pair if pair[0] != "audience" else ("audience", "urn:demo:workday") for pair in form]
    assert client.token(broker, other, auth=None).status_code == 401
