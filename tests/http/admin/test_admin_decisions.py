"""Contract §12, decisions: each record by either id, filters, pages."""

import json

import pytest

from support import client, tokens
from support.checks import permitted, refused
from support.scene import jti_ms, problem, rfc3339_ms
from support.world import unique


def listed(admin, **query) -> list[dict]:
    """All items over all pages, two at a time."""
    items, cursor = [], None
    for _ in range(100):
        answer = admin.get("/decisions", params=query | {"limit": 2} | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        page = answer.json()
        assert len(page["items"]) <= 2
        items += page["items"]
        cursor = page["next"]
        if cursor is None:
            return items
    raise AssertionError("no last page after 100")


def test_a_permit_s_record_has_every_member(scene, admin, broker):
    made = permitted(broker, scene.exchange(purpose="month end", task_id="t:1"))
    record = made.record
    assert record["id"] == made.body["delegation_id"] and record["request_id"].startswith("req_")
    assert (record["outcome"], record["code"]) == ("permit", None)
    assert (record["client_id"], record["actor_from"]) == (scene.agent.id, "client")
    assert record["subject"] == {"iss": broker.issuer, "sub": scene.person} or record["subject"]["sub"] == scene.person
    assert [(a["iss"], a["sub"]) for a in record["chain"]] == [(broker.issuer, scene.agent.id)]
    assert (record["target"], record["basis"]) == (scene.target.id, "policy")
    assert record["requested"]["scope"] == "thing.read"
    assert (record["granted"]["scope"], record["granted"]["expires_in"]) == ("thing.read", made.body["expires_in"])
    assert record["checks"] and all(c["name"] and c["result"] == "passed" for c in record["checks"])
    assert record["policies"], "the determining ids of both actions"
    assert record["bundle"] == admin.get("/policies").json()["bundle"]
    assert (record["jti"], record["parent"]) == (made.claims["jti"], None)
    assert record["record"]["tree"] and isinstance(record["record"]["index"], int)
    assert record["time"].endswith("Z")


def test_a_decision_answers_to_its_request_id_too(scene, admin, broker):
    record = permitted(broker, scene.exchange()).record
    by_request = admin.decision(record["request_id"])
    assert by_request.status_code == 200 and by_request.json() == dict(record)


def test_a_refusal_s_record_says_what_failed(scene, admin, broker):
    body = refused(broker, scene.exchange(scope="thing.shred"), "LCM-SCOPE-REFUSED")
    record = admin.decision(body["request_id"]).json()
    assert (record["outcome"], record["code"], record["jti"]) == ("refusal", "LCM-SCOPE-REFUSED", None)
    assert record["requested"]["scope"] == "thing.shred"
    assert [c for c in record["checks"] if c["result"] != "passed"], "the check that failed is named"


def test_policies_names_the_determining_ids_of_both_actions(world, scene, broker):
    rule = world.permit(scene.agent.id, scene.target.id)
    record = permitted(broker, scene.exchange()).record
    assert {f"{rule}-exchange", f"{rule}-pre-authorise"} <= set(record["policies"])


def test_actor_from_says_how_the_actor_was_proved(scene, world, broker):
    sub = unique("wl")
    agent = scene.second_agent(workload={"issuer": "demo-workloads", "claims": {"sub": sub}})
    actor = tokens.workload_token(broker, sub=sub)
    made = permitted(broker, scene.exchange(agent=agent, actor_token=actor, actor_token_type=client.JWT))
    assert made.record["actor_from"] == "actor_token"


def test_a_descendant_names_its_parent(scene, broker):
    taker = scene.second_agent()
    passed = permitted(broker, scene.exchange(delegate_to=taker.id))
    child = permitted(broker, scene.exchange(passed.token, client.ACCESS_TOKEN, agent=taker))
    assert (passed.record["parent"], bool(child.record["parent"])) == (None, True)
    assert child.record["parent"] in (passed.body["delegation_id"], passed.claims["jti"])
    assert [a["sub"] for a in child.record["chain"]] in ([taker.id, scene.agent.id], [scene.agent.id, taker.id])


def test_indexes_rise_with_each_record(scene, broker):
    first, second = (permitted(broker, scene.exchange()).record["record"] for _ in range(2))
    assert first["tree"] == second["tree"] and first["index"] < second["index"]


@pytest.fixture
def history(scene, broker):
    """Three permits, two with a task id, and one refusal of the scene's agent."""
    task = unique("task")
    permits = [permitted(broker, scene.exchange(task_id=t)).record for t in (None, task, task)]
    refusal = refused(broker, scene.exchange(scope="thing.shred", task_id=task), "LCM-SCOPE-REFUSED")
    return task, [r["id"] for r in permits], refusal["request_id"]


def test_decisions_are_filtered_by_agent_person_target_outcome_and_task(scene, admin, history):
    task, permits, refusal = history
    every = {("agent", scene.agent.id), ("target", scene.target.id), ("person", scene.person)}
    for name, value in every:
        found = listed(admin, **{name: value})
        assert {i["request_id"] for i in found if i["outcome"] == "refusal"} == {refusal}, name
        assert {i["id"] for i in found if i["outcome"] == "permit"} == set(permits), name
    assert len(listed(admin, task_id=task)) == 3
    assert {i["id"] for i in listed(admin, agent=scene.agent.id, outcome="permit")} == set(permits)
    assert {i["request_id"] for i in listed(admin, agent=scene.agent.id, outcome="refusal")} == {refusal}
    assert listed(admin, agent=scene.agent.id, outcome="fault") == []
    assert len(listed(admin, agent=scene.agent.id, task_id=task, outcome="permit")) == 2
    assert listed(admin, agent=unique("nobody")) == []


def test_decisions_since_a_moment(scene, admin, history):
    _, permits, _ = history
    second = rfc3339_ms(jti_ms(permits[1]))
    found = {i["id"] for i in listed(admin, agent=scene.agent.id, since=second)}
    assert set(permits[1:]) <= found
    assert listed(admin, agent=scene.agent.id, since="2199-01-01T00:00:00Z") == []


def test_pages_hold_each_decision_once(scene, admin, history):
    found = listed(admin, agent=scene.agent.id)
    keys = [i["request_id"] for i in found]
    assert len(keys) == len(set(keys)) == 4


@pytest.mark.parametrize("query", [{"since": "yesterday"}, {"outcome": "maybe"}, {"limit": "0"}, {"limit": "many"},
                                   {"cursor": "made-up"}])
def test_a_query_that_makes_no_sense_is_refused(admin, query):
    problem(admin.get("/decisions", params=query), 422)


@pytest.mark.parametrize("name", ["dlg_00000000000000000000000000", "req_00000000000000000000000000", "nonsense"])
def test_an_unknown_decision_is_not_found(admin, name):
    problem(admin.decision(name), 404)


def test_no_record_holds_a_token_or_a_secret(scene, admin, broker):
    subject = scene.subject()
    made = permitted(broker, scene.exchange(subject))
    text = admin.decision(made.body["delegation_id"]).text
    for secret in (subject, made.token, scene.agent.client_secret):
        assert secret not in text and secret.rsplit(".", 1)[-1] not in text


def test_a_decision_is_found_whatever_others_say_of_it(world, admin):
    target = world.target(details={"doc": {"id": {"type": "string", "narrow": "equal"}}})
    agent = world.actor(target, alone=["thing.read"], details=[{"type": "doc"}])

    def asking(name):
        answer = client.client_credentials(world.broker, agent=agent, audience=target.audience, scope="thing.read",
                                           authorization_details=json.dumps([{"type": "doc", "id": name}]))
        assert answer.status_code == 200, answer.text
        return answer.json()["delegation_id"]

    first = asking("any")
    for _ in range(300):
        asking(first)
    assert admin.decision(first).json()["id"] == first
