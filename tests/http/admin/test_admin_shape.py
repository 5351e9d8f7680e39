"""Contract §12, what holds for every route: problems, ETags, pages, idempotency, the API's own document."""

import json
import re

import pytest

from support import client
from support.client import admin as admin_client
from support.scene import problem
from support.world import stamp, unique


def draft(name, **changes):
    """The smallest agent that says everything §12 lists."""
    return {"id": name, "name": name, "owner": {"kind": "team", "id": "t"}, "risk": "low",
            "auth": [{"method": "client_secret"}], "workload": None, "presenters": [], "subject_issuers": [],
            "max_depth": 4, "ceiling": []} | changes


def raw(broker, method, path, data, content_type="application/json"):
    """A request whose body is exactly these bytes."""
    headers = {"Authorization": f"Bearer {broker.admin_token}", "Content-Type": content_type}
    return client.http.request(method, broker.admin_api + path, data=data, headers=headers, timeout=30)


# ------------------------------------------------------------------ problems

@pytest.mark.parametrize("path", ["/nothing-here", "/agents/x/y/z", "/agents/nobody-at-all"])
def test_what_does_not_exist_is_a_404_problem(admin, path):
    problem(admin.get(path), 404)


@pytest.mark.parametrize("text", [b"", b"{", b"[]", b"7", b'"x"', b"null", b"\xff\xfe", b'{"id":"a","id":"b"}'])
@pytest.mark.parametrize("method, path", [("POST", "/agents"), ("PUT", "/targets/zzz"), ("POST", "/locks")])
def test_a_body_that_is_no_object_of_json_is_a_4xx_problem(broker, method, path, text):
    answer = raw(broker, method, path, text)
    assert answer.status_code in (400, 422), answer.text
    problem(answer, answer.status_code)


def test_json_nested_too_deep_is_refused(broker):
    depth = 100_000
    answer = raw(broker, "POST", "/agents", b'{"ceiling":' + b"[" * depth + b"]" * depth + b"}")
    assert answer.status_code in (400, 413, 422)


def test_a_problem_names_every_bad_member(admin):
    body = problem(admin.post("/agents", draft("Not-An-Id", risk="enormous")), 422)
    pointers = {e["pointer"].lstrip("#") for e in body["errors"]}
    assert pointers & {"/id", "/risk"}


def test_a_problem_does_not_repeat_what_was_sent(admin):
    canary = "canary-" + unique()
    answer = admin.post("/agents", draft("Bad Id", auth=[{"method": "client_secret", "client_secret": canary}]))
    assert answer.status_code == 422 and canary not in answer.text


def test_a_wrong_method_is_no_server_error(admin):
    assert admin.call("PATCH", "/agents/invoice-agent", {}).status_code in (404, 405)
    assert admin.call("DELETE", "/agents/invoice-agent").status_code in (404, 405), "nothing is deleted"


# --------------------------------------------------------------------- etags

def test_if_match_guards_a_target(world, admin):
    made = world.target()
    first = admin.get(f"/targets/{made.id}").headers["ETag"]
    changed = admin.put(f"/targets/{made.id}", made.body | {"max_lifetime": 100}, headers={"If-Match": first})
    assert changed.status_code == 200, changed.text
    second = admin.get(f"/targets/{made.id}")
    assert second.headers["ETag"] != first
    problem(admin.put(f"/targets/{made.id}", made.body | {"max_lifetime": 50}, headers={"If-Match": first}), 412)
    assert admin.get(f"/targets/{made.id}").json() == second.json()


def test_if_match_guards_an_issuer(world, admin):
    made = world.issuer()
    problem(admin.put(f"/issuers/{made.id}", made.body | {"audiences": ["x"]}, headers={"If-Match": '"stale"'}), 412)
    assert admin.get(f"/issuers/{made.id}").json()["audiences"] == made.body["audiences"]


def test_an_etag_is_quoted_and_stays_while_nothing_changes(admin):
    one, two = (admin.get("/targets/sap").headers["ETag"] for _ in range(2))
    assert one == two and one.removeprefix("W/").startswith('"') and one.endswith('"')


# --------------------------------------------------------------------- pages

def pages(admin, path, limit):
    """Every page of a collection."""
    found, cursor = [], None
    for _ in range(200):
        answer = admin.get(path, params={"limit": limit} | ({"cursor": cursor} if cursor else {}))
        assert answer.status_code == 200, answer.text
        body = answer.json()
        assert set(body) == {"items", "next"} and len(body["items"]) <= limit
        found.append(body["items"])
        if (cursor := body["next"]) is None:
            return found
    raise AssertionError("no last page")


def test_pages_hold_every_agent_once_ordered_by_id(world, admin):
    made = {world.draft().id for _ in range(5)}
    ids = [a["id"] for page in pages(admin, "/agents", 2) for a in page]
    assert ids == sorted(ids) and len(ids) == len(set(ids)) and made <= set(ids)
    assert {"invoice-agent", "hr-agent", "soc-agent"} <= set(ids)


@pytest.mark.parametrize("path", ["/agents", "/clients", "/targets", "/issuers", "/grants", "/locks", "/revocations",
                                  "/credentials", "/decisions", "/secrets"])
def test_every_collection_is_a_list_with_next(admin, path):
    body = admin.get(path).json()
    assert set(body) == {"items", "next"} and isinstance(body["items"], list)


@pytest.mark.parametrize("path", ["/agents", "/targets", "/decisions"])
@pytest.mark.parametrize("query", ["limit=0", "limit=-1", "limit=x", "limit=99999999999999999999", "cursor=made-up",
                                   "cursor=../../etc/passwd", "cursor=%00", "cursor=a%0d%0ab"])
def test_a_bad_limit_or_a_forged_cursor_is_refused(admin, path, query):
    """Attack row 70: a forged cursor."""
    problem(admin.get(f"{path}?{query}"), 422)


def test_a_cursor_of_another_collection_opens_nothing(world, admin):
    for _ in range(2):
        world.draft()
    cursor = admin.get("/agents?limit=1").json()["next"]
    assert cursor
    answer = admin.get("/credentials", params={"cursor": cursor})
    assert answer.status_code == 422 or "invoice-agent" not in answer.text


# --------------------------------------------------------------- idempotency

def test_the_same_key_and_body_get_the_same_answer_without_the_secret(admin):
    key, body = unique("key"), draft(unique("agent"))
    one, two = (admin.post("/agents", body, key=key) for _ in range(2))
    assert (one.status_code, two.status_code) == (201, 201), two.text
    assert one.json()["client_secret"] and not two.json().get("client_secret")
    first, second = ({k: v for k, v in a.json().items() if k != "client_secret"} for a in (one, two))
    assert first == second


def test_the_same_key_with_another_body_is_refused_and_does_nothing(admin):
    key, other = unique("key"), unique("agent")
    assert admin.post("/agents", draft(unique("agent")), key=key).status_code == 201
    problem(admin.post("/agents", draft(other), key=key), 422)
    problem(admin.get(f"/agents/{other}"), 404)


def test_member_order_and_blanks_make_no_other_body(broker):
    key, name = unique("key"), unique("agent")
    body = draft(name)
    turned = dict(reversed(body.items()))
    texts = json.dumps(body).encode(), json.dumps(turned, indent=2).encode()
    headers = {"Authorization": f"Bearer {broker.admin_token}", "Content-Type": "application/json",
               "Idempotency-Key": key}
    answers = [client.http.post(broker.admin_api + "/agents", data=t, headers=headers, timeout=30) for t in texts]
    assert answers[0].status_code == 201
    assert answers[1].status_code in (201, 422), "the same by value, or refused; never a second agent"


def test_a_key_counts_per_path(world, admin):
    key, agent = unique("key"), world.draft()
    body = {"version": "1", "digest": "sha256:" + "0" * 64, "model": "m"}
    assert admin.post("/agents", draft(unique("agent")), key=key).status_code == 201
    assert admin.post(f"/agents/{agent.id}/versions", body, key=key).status_code == 201


def test_a_key_counts_per_credential(broker, admin):
    key = unique("key")
    assert admin.post("/agents", draft(unique("agent")), key=key).status_code == 201
    second = admin.post("/credentials", {"role": "admin", "name": "n", "expires_at": stamp(600)}).json()["token"]
    assert admin_client(broker, second).post("/agents", draft(unique("agent")), key=key).status_code == 201


def test_without_a_key_a_post_works_and_repeats(broker, admin):
    body = draft(unique("agent"))
    first = admin.call("POST", "/agents", body)
    assert first.status_code == 201, first.text
    problem(admin.call("POST", "/agents", body), 409)


def test_a_repeated_version_is_not_made_twice(world, admin):
    agent, key = world.draft(), unique("key")
    body = {"version": "1", "digest": "sha256:" + "0" * 64, "model": "m"}
    one, two = (admin.post(f"/agents/{agent.id}/versions", body, key=key).json() for _ in range(2))
    assert one == two and len(admin.get(f"/agents/{agent.id}/versions").json()["items"]) == 1


def test_keys_hold_over_a_restart(fresh_world, fresh_broker):
    key, body = unique("key"), draft(unique("agent"))
    assert fresh_world.admin.post("/agents", body, key=key).status_code == 201
    fresh_broker.restart()
    again = fresh_world.admin.post("/agents", body, key=key)
    assert again.status_code == 201 and not again.json().get("client_secret"), again.text


# ------------------------------------------------------------------- openapi

def test_openapi_names_every_route(admin):
    answer = admin.get("/openapi.json")
    assert answer.status_code == 200, answer.text
    document = answer.json()
    assert document["openapi"].startswith("3.1") and document["info"]["title"]
    shapes = {re.sub(r"\{[^}]*\}", "*", p.removeprefix("/admin/v1")) for p in document["paths"]}
    assert {"/agents", "/agents/*", "/agents/*/versions", "/agents/*/versions/*/certify", "/agents/*/suspend",
            "/agents/*/resume", "/agents/*/retire", "/agents/*/secrets", "/clients", "/targets/*", "/issuers/*",
            "/policies", "/policies/validate", "/grants", "/revocations", "/locks", "/locks/*/lift", "/decisions",
            "/decisions/*", "/credentials", "/credentials/*/revoke", "/secrets", "/secrets/*"} <= shapes, sorted(shapes)


def test_every_operation_of_the_document_says_what_it_answers(admin):
    document = admin.get("/openapi.json").json()
    for path, operations in document["paths"].items():
        for method, operation in operations.items():
            if method in ("get", "put", "post"):
                assert operation["responses"], f"{method} {path}"
