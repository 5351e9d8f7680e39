"""Contract §16 and §12: the admin API is one, at whichever node it is asked: `If-Match`, ids, keys, pages."""

import uuid

from support import client, tokens
from support.nodes import at
from support.parallel import at_once
from support.scene import SCOPES, problem
from support.world import stamp, unique


def test_an_etag_of_one_node_guards_a_change_at_another(nodes, scene):
    a, b, c = nodes
    path = f"/targets/{scene.target.id}"
    etags = {node.api.get(path).headers["ETag"] for node in nodes}
    assert len(etags) == 1
    [etag] = etags
    changed = b.api.put(path, scene.target.body | {"max_lifetime": 100}, headers={"If-Match": etag})
    assert changed.status_code == 200, changed.text
    problem(c.api.put(path, scene.target.body | {"max_lifetime": 50}, headers={"If-Match": etag}), 412)
    assert a.api.get(path).json()["max_lifetime"] == 100


def test_of_two_changes_with_one_etag_at_the_same_moment_at_two_nodes_one_is_made(nodes, scene):
    a, b, c = nodes
    path = f"/targets/{scene.target.id}"
    for turn in range(5):
        head = {"If-Match": a.api.get(path).headers["ETag"]}
        bodies = [scene.target.body | {"max_lifetime": 100 + 10 * turn + n} for n in range(2)]
        answers = at_once(*[lambda node=node, body=body: node.api.put(path, body, headers=head)
                            for node, body in zip((a, b), bodies)])
        assert sorted(answer.status_code for answer in answers) == [200, 412], [answer.text for answer in answers]
        made = next(body for body, answer in zip(bodies, answers) if answer.status_code == 200)
        assert c.api.get(path).json()["max_lifetime"] == made["max_lifetime"]


def test_of_two_policy_bundles_with_one_etag_at_the_same_moment_one_is_put(nodes):
    a, b, c = nodes
    current = a.api.get("/policies")
    head = {"If-Match": current.headers["ETag"]}
    files = [current.json()["files"] | {unique("p") + ".cedar": f'@id("{unique()}") @reason("test")\n'
             'permit(principal == Agent::"nobody", action, resource == Target::"nothing");'} for _ in range(2)]
    answers = at_once(*[lambda node=node, all=all: node.api.put("/policies", {"files": all}, headers=head)
                        for node, all in zip((b, c), files)])
    assert sorted(answer.status_code for answer in answers) == [200, 412], [answer.text for answer in answers]
    won = next(all for all, answer in zip(files, answers) if answer.status_code == 200)
    assert [node.api.get("/policies").json()["files"] for node in nodes] == [won] * 3


def test_an_id_taken_at_one_node_is_taken_at_every_other(nodes):
    a, b, c = nodes
    name = a.world.client(unique("rs"))["client_id"]
    for node in (b, c):
        body = {"id": name, "kind": "resource_server", "auth": [{"method": "client_secret"}]}
        problem(node.api.post("/clients", body), 409)


def test_of_two_who_take_an_id_at_the_same_moment_at_two_nodes_one_has_it(nodes):
    a, b, c = nodes
    for _ in range(5):
        body = a.world.agent_body(unique("agent"), tokens.new_jwk())
        answers = at_once(*[lambda node=node: node.api.post("/agents", body) for node in nodes])
        assert sorted(answer.status_code for answer in answers) == [201, 409, 409], [a.text for a in answers]
        assert len({node.api.get(f"/agents/{body['id']}").text for node in nodes}) == 1


def test_an_audience_taken_at_one_node_is_taken_at_every_other(nodes, scene):
    a, b, c = nodes
    body = scene.target.body | {"resources": []}
    problem(b.api.put(f"/targets/{unique('target')}", body), 422)


def grant_body(scene) -> dict:
    return {"person": scene.person, "agent": scene.agent.id, "expires_at": stamp(3600), "max_uses": None, "max_depth": 4,
            "targets": [{"target": scene.target.id, "scopes": list(SCOPES), "authorization_details": []}],
            "reason": "test"}


def grants_of(node, scene) -> list[str]:
    items = node.api.get("/grants", params={"agent": scene.agent.id, "limit": 100}).json()["items"]
    return [item["id"] for item in items]


def test_a_request_repeated_at_another_node_with_its_key_makes_one_object_and_has_the_same_answer(nodes, scene):
    key, body = uuid.uuid4().hex, grant_body(scene)
    answers = [node.api.post("/grants", body, key=key) for node in nodes]
    assert [answer.status_code for answer in answers] == [201] * 3
    assert len({answer.text for answer in answers}) == 1
    assert [grants_of(node, scene) for node in nodes] == [[answers[0].json()["id"]]] * 3


def test_another_request_with_a_known_key_is_refused_at_every_node(nodes, scene):
    a, b, c = nodes
    key = uuid.uuid4().hex
    assert a.api.post("/grants", grant_body(scene), key=key).status_code == 201
    for node in (b, c):
        problem(node.api.post("/grants", grant_body(scene) | {"max_depth": 1}, key=key), 422)


def test_requests_with_one_key_at_the_same_moment_at_all_nodes_make_one_object_and_have_the_same_answer(nodes, scene):
    """The one that is in flight elsewhere is waited for."""
    made = []
    for _ in range(5):
        key, body = uuid.uuid4().hex, grant_body(scene)
        answers = at_once(*[lambda node=node: node.api.post("/grants", body, key=key) for node in nodes])
        assert [answer.status_code for answer in answers] == [201] * 3, [answer.text for answer in answers]
        assert len({answer.text for answer in answers}) == 1
        made.append(answers[0].json()["id"])
    assert [sorted(grants_of(node, scene)) for node in nodes] == [sorted(made)] * 3


def test_a_secret_is_left_out_of_the_answer_repeated_at_another_node(nodes):
    a, b, c = nodes
    key, body = uuid.uuid4().hex, {"id": unique("rs"), "kind": "resource_server", "auth": [{"method": "client_secret"}]}
    first, again = a.api.post("/clients", body, key=key), b.api.post("/clients", body, key=key)
    assert (first.status_code, again.status_code) == (201, 201)
    assert first.json()["client_secret"] and not again.json().get("client_secret")
    assert {k: v for k, v in first.json().items() if k != "client_secret"} == \
        {k: v for k, v in again.json().items() if k != "client_secret"}


def test_revocations_with_one_key_at_two_nodes_both_run(nodes, scene):
    """§12: revocations and locks always run anew."""
    a, b, c = nodes
    key, body = uuid.uuid4().hex, {"what": {"kind": "agent", "id": scene.agent.id}, "reason": "test"}
    first = a.api.post("/revocations", body, key=key)
    made = scene.token(scene.subject(iat=tokens.now() + 2))
    again = b.api.post("/revocations", body, key=key)
    assert (first.status_code, again.status_code) == (200, 200)
    assert first.json()["id"] != again.json()["id"]
    assert [at(scene, node).active(made.token) for node in nodes] == [False] * 3


def paged(nodes, path: str, size: int, **query) -> list[dict]:
    """A list whose every page is asked of another node."""
    items, cursor = [], None
    for turn in range(100):
        node = nodes[turn % len(nodes)]
        params = query | {"limit": size} | ({"cursor": cursor} if cursor else {})
        answer = node.api.get(path, params=params)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        items += page["items"]
        if (cursor := page["next"]) is None:
            return items
    raise AssertionError("no last page after 100")


def test_a_cursor_of_one_node_is_valid_at_the_next_in_every_list(nodes):
    a, b, c = nodes
    for node in nodes:
        for _ in range(2):
            node.world.agent()
            node.api.post("/credentials", {"role": "auditor", "name": unique("op")})
    for path in ("/agents", "/clients", "/credentials", "/nodes"):
        whole = a.api.get(path, params={"limit": 100}).json()
        assert whole["next"] is None and len(whole["items"]) >= 3
        ids = [item.get("id", item.get("node")) for item in paged(nodes.nodes, path, 2)]
        assert ids == [item.get("id", item.get("node")) for item in whole["items"]], path


def test_a_credential_revoked_at_one_node_changes_nothing_at_another(nodes):
    """§12: the credential is looked at again when the change is made."""
    a, b, c = nodes
    for _ in range(5):
        made = a.api.post("/credentials", {"role": "admin", "name": unique("op")}).json()
        name = unique("rs")
        body = {"id": name, "kind": "resource_server", "auth": [{"method": "client_secret"}]}
        mine = client.admin(b, made["token"])
        gone, changed = at_once(lambda: c.api.post(f"/credentials/{made['id']}/revoke", {"reason": "test"}),
                                lambda: mine.post("/clients", body))
        assert gone.status_code == 200 and changed.status_code in (201, 401)
        found = {node.api.get(f"/clients/{name}").status_code for node in nodes}
        assert found == ({200} if changed.status_code == 201 else {404}), (changed.text, found)
        assert mine.post("/clients", body | {"id": unique("rs")}).status_code == 401
