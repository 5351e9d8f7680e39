"""Contract §16: the decisions of all nodes are asked for at any of them, newest first, page by page."""

import pytest

from support.checks import issued, refused
from support.nodes import at
from support.scene import jti_ms, rfc3339_ms, until
from support.world import unique


def paged(nodes, size: int, **query) -> list[dict]:
    """All decisions, each page asked of another node."""
    items, cursor = [], None
    for turn in range(200):
        page = at_page(nodes[turn % len(nodes)], size, cursor, query)
        items += page["items"]
        if (cursor := page["next"]) is None:
            return items
    raise AssertionError("no last page after 200")


def at_page(node, size, cursor, query) -> dict:
    answer = node.api.get("/decisions", params=query | {"limit": size} | ({"cursor": cursor} if cursor else {}))
    assert answer.status_code == 200, answer.text
    assert len(answer.json()["items"]) <= size
    return answer.json()


@pytest.fixture
def history(nodes, scene):
    """Permits of all nodes in turn, oldest first: their delegation ids."""
    return [issued(at(scene, nodes.nodes[n % 3]).exchange()).body["delegation_id"] for n in range(12)]


def test_the_decisions_of_all_nodes_are_listed_at_every_node_newest_first(nodes, scene, history):
    for node in nodes:
        items = until(lambda: whole(node, scene, len(history)))
        assert [item["id"] for item in items] == history[::-1]


def whole(node, scene, count: int) -> list[dict] | None:
    """The decisions about the agent once so many are listed: those of other nodes come a moment later."""
    items = paged([node], 100, agent=scene.agent.id)
    return items if len(items) >= count else None


def test_each_node_has_a_tree_of_its_own_and_all_show_the_same(nodes, scene, history):
    lists = [until(lambda node=node: whole(node, scene, len(history))) for node in nodes]
    assert lists[0] == lists[1] == lists[2]
    trees = {item["tree"] for item in nodes.nodes[0].api.get("/nodes").json()["items"]}
    assert {item["record"]["tree"] for item in lists[0]} == trees
    places = [(item["record"]["tree"], item["record"]["index"]) for item in lists[0]]
    assert len(places) == len(set(places))


@pytest.mark.parametrize("size", [1, 2, 5])
def test_a_cursor_of_one_node_goes_on_at_the_next(nodes, scene, history, size):
    for node in nodes:
        until(lambda: whole(node, scene, len(history)))
    assert [item["id"] for item in paged(nodes.nodes, size, agent=scene.agent.id)] == history[::-1]


def test_a_cursor_is_not_moved_by_what_comes_meanwhile(nodes, scene, history):
    a, b, c = nodes
    for node in nodes:
        until(lambda: whole(node, scene, len(history)))
    first = at_page(a, 4, None, {"agent": scene.agent.id})
    newer = [at(scene, node).token().body["delegation_id"] for node in nodes]
    until(lambda: whole(b, scene, len(history) + len(newer)))
    rest, cursor = [], first["next"]
    while cursor is not None:
        page = at_page(b, 4, cursor, {"agent": scene.agent.id})
        rest += page["items"]
        cursor = page["next"]
    assert [item["id"] for item in first["items"] + rest] == history[::-1]


def test_a_decision_of_one_node_answers_to_either_id_at_every_other(nodes, scene):
    for one in nodes:
        made = issued(at(scene, one).exchange())
        record = one.api.decision(made.body["delegation_id"]).json()
        for other in nodes:
            found = until(lambda: shown(other, made.body["delegation_id"]))
            assert found == record and shown(other, record["request_id"]) == record


def shown(node, record_id: str) -> dict | None:
    """The decision, once it is known there."""
    answer = node.api.decision(record_id)
    assert answer.status_code in (200, 404), answer.text
    return answer.json() if answer.status_code == 200 else None


def test_a_refusal_of_one_node_is_found_at_every_other(nodes, scene):
    for one in nodes:
        body = refused(one, at(scene, one).exchange(scope="thing.shred"), "LCM-SCOPE-REFUSED")
        for other in nodes:
            assert until(lambda: shown(other, body["request_id"]))["code"] == "LCM-SCOPE-REFUSED"


def test_decisions_of_all_nodes_are_filtered_by_outcome_person_target_task_and_time(nodes, scene, history):
    a, b, c = nodes
    task = unique("task")
    tied = [issued(at(scene, node).exchange(task_id=task)).body["delegation_id"] for node in nodes]
    refusal = refused(b, at(scene, b).exchange(scope="thing.shred", task_id=task), "LCM-SCOPE-REFUSED")
    for node in nodes:
        until(lambda: whole(node, scene, len(history) + 4))
        assert [d["id"] for d in paged([node], 100, task_id=task, outcome="permit")] == tied[::-1]
        assert [d["request_id"] for d in paged([node], 100, person=scene.person, outcome="refusal")] == [refusal["request_id"]]
        assert len(paged([node], 100, target=scene.target.id)) == len(history) + 4
        since = {d["id"] for d in paged([node], 100, agent=scene.agent.id, since=rfc3339_ms(jti_ms(tied[0])))}
        assert set(tied) <= since and not set(history[:6]) & since


def test_a_descendant_names_its_parent_of_another_node(nodes, scene):
    a, b, c = nodes
    taker = scene.second_agent()
    handed = scene.hand_on(scene.agent, taker)
    child = at(scene, b).use(handed, taker)
    for node in nodes:
        record = until(lambda: shown(node, child.body["delegation_id"]))
        assert record["parent"] in (handed.body["delegation_id"], handed.claims["jti"])


def test_no_node_s_records_are_said_to_be_missing_while_all_are_here(nodes, scene, history):
    for node in nodes:
        until(lambda: whole(node, scene, len(history)))
        until(lambda: not at_page(node, 1, None, {}).get("incomplete"))
