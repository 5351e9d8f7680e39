"""Contract §16: three nodes behave as one broker; what one issues, changes or stops holds at every other at once."""

import uuid

import pytest

from support import client, tokens
from support.checks import issued
from support.nodes import at
from support.parallel import at_once, side_by_side
from support.scene import SCOPES, Scene
from support.world import entry, unique

ALL = {"a", "b", "c"}


def pairs(nodes):
    """Each node with each other."""
    return [(one, other) for one in nodes for other in nodes if other is not one]


def test_a_token_of_each_node_introspects_at_each_other_at_once(nodes, scene):
    for one, other in pairs(nodes) * 3:
        made = at(scene, one).token()
        body = other.introspect(made.token, scene.target.server)
        assert body["active"] is True and body["jti"] == made.claims["jti"], (one, other)


def test_every_node_says_the_same_of_a_token(nodes, scene):
    made = scene.token()
    first, *others = [node.introspect(made.token, scene.target.server) for node in nodes]
    assert first["active"] is True and others == [first, first]


def test_a_token_of_one_node_is_the_subject_of_the_next_hop_at_another(nodes, scene):
    a, b, c = nodes
    second, third = scene.second_agent(), scene.second_agent()
    handed = scene.hand_on(scene.agent, second)
    again = at(scene, b).hand_on(second, third, handed.token, client.ACCESS_TOKEN)
    made = at(scene, c).use(again, third)
    assert made.claims["act"]["sub"] == third.id and made.claims["act"]["act"]["sub"] == second.id
    assert made.claims["del"]["up"] == [again.claims["jti"], handed.claims["jti"]]
    assert at(scene, a).active(made.token)


def test_what_descends_from_a_token_dies_at_every_node_with_it(nodes, scene):
    a, b, c = nodes
    taker = scene.second_agent()
    handed = scene.hand_on(scene.agent, taker)
    child = at(scene, b).use(handed, taker)
    assert client.revoke(c, handed.token, agent=scene.agent).status_code == 200
    assert [at(scene, node).active(child.token) for node in nodes] == [False] * 3
    assert at(scene, b).exchange(handed.token, client.ACCESS_TOKEN, agent=taker).json()["code"] == "LCM-SUBJECT-REVOKED"


def test_a_client_revokes_its_token_at_any_node(nodes, scene):
    for one, other in pairs(nodes):
        made = at(scene, one).token()
        assert client.revoke(other, made.token, agent=scene.agent).status_code == 200
        assert [at(scene, node).active(made.token) for node in nodes] == [False] * 3


@pytest.mark.parametrize("kind", ["agent", "target", "person", "token", "delegation", "grant"])
def test_a_revocation_at_each_node_is_confirmed_by_all_three_and_in_force_at_each(nodes, kind):
    for node in nodes:
        scene = Scene(nodes.nodes[0].world)
        grant = scene.world.grant(scene.agent.id, {scene.target.id: SCOPES}, person=scene.person)
        made = scene.token(scope="thing.write")
        assert made.claims["del"]["grant"] == grant
        what = {"agent": scene.agent.id, "target": scene.target.id, "person": scene.person, "grant": grant,
                "token": made.claims["jti"], "delegation": made.body["delegation_id"]}
        confirmed = node.world.revoke(kind, what[kind]).confirmed
        assert (confirmed["replicas"], confirmed["of"]) == (3, 3) and confirmed["within_ms"] >= 0
        assert [at(scene, other).active(made.token) for other in nodes] == [False] * 3


def test_a_lock_at_one_node_is_confirmed_by_all_three_and_lifted_at_another(nodes, scene):
    made = scene.token()
    a, b, c = nodes
    answer = b.api.post("/locks", {"what": {"kind": "agent", "id": scene.agent.id}, "reason": "test"})
    assert answer.status_code == 201, answer.text
    assert {k: answer.json()["confirmed"][k] for k in ("replicas", "of")} == {"replicas": 3, "of": 3}
    for node in nodes:
        assert at(scene, node).exchange().json()["code"] == "LCM-LOCKED"
        assert not at(scene, node).active(made.token)
    c.world.lift(answer.json()["id"])
    for node in nodes:
        assert at(scene, node).active(made.token)
        issued(at(scene, node).exchange())


def test_a_policy_put_at_one_node_is_in_force_at_every_other(nodes, scene):
    for one, other in pairs(nodes):
        agent = one.world.agent(ceiling=[entry(scene.target.id, SCOPES, ["thing.read"])])
        assert at(scene, other).exchange(agent=agent).json()["code"] in ("LCM-POLICY-DENIED", "LCM-CONSENT-MISSING")
        one.world.permit(agent.id, scene.target.id)
        issued(at(scene, other).exchange(agent=agent))


def test_objects_made_at_one_node_serve_at_every_other(nodes):
    for one in nodes:
        made = Scene(one.world)
        for other in nodes:
            issued(at(made, other).exchange(auth="private_key_jwt"))


def test_an_agent_suspended_at_one_node_is_refused_at_every_other_until_it_is_resumed(nodes, scene):
    a, b, c = nodes
    b.world.agent_state(scene.agent.id, "suspend")
    assert [at(scene, node).exchange().json()["code"] for node in nodes] == ["LCM-AGENT-STATE"] * 3
    c.world.agent_state(scene.agent.id, "resume")
    assert [at(scene, node).exchange().status_code for node in nodes] == [200] * 3


def test_an_agent_retired_at_one_node_is_unknown_at_every_other(nodes, scene):
    a, b, c = nodes
    c.world.agent_state(scene.agent.id, "retire")
    assert [at(scene, node).exchange().status_code for node in nodes] == [401] * 3
    answer = b.api.post("/agents", b.world.agent_body(scene.agent.id, tokens.new_jwk()))
    assert answer.status_code == 409, "a retired id stays taken"


def test_a_target_changed_at_one_node_is_changed_at_every_other(nodes, scene):
    a, b, c = nodes
    b.world.change(f"/targets/{scene.target.id}", max_lifetime=60)
    assert [at(scene, node).token().body["expires_in"] for node in nodes] == [60] * 3
    assert len({node.api.get(f"/targets/{scene.target.id}").text for node in nodes}) == 1


def test_an_issuer_s_keys_changed_at_one_node_count_at_every_other(nodes):
    a, b, c = nodes
    issuer = a.world.issuer(audiences=["test-app"])
    made = Scene(a.world, subject_issuers=[issuer.id])
    made.world.permit(made.agent.id, made.target.id, when="true")

    def subject(key):
        return tokens.id_token(a, "ada", key=key, iss=issuer.issuer, aud="test-app", jti=uuid.uuid4().hex)

    grants = [made.world.grant(made.agent.id, {made.target.id: SCOPES}, person=f"{issuer.id}:ada")]
    assert [at(made, node).exchange(subject(issuer.key)).status_code for node in nodes] == [200] * 3, grants
    new = tokens.new_jwk()
    b.world.change(f"/issuers/{issuer.id}", jwks={"keys": [tokens.public(new)]})
    assert [at(made, node).exchange(subject(new)).status_code for node in nodes] == [200] * 3
    old = [at(made, node).exchange(subject(issuer.key)).json()["code"] for node in nodes]
    assert old == ["LCM-SUBJECT-INVALID"] * 3


def test_a_secret_made_at_one_node_authenticates_at_every_other(nodes, scene):
    a, b, c = nodes
    answer = b.api.post(f"/agents/{scene.agent.id}/secrets", {"overlap_seconds": 0})
    assert answer.status_code == 201, answer.text
    renewed = scene.agent | {"client_secret": answer.json()["client_secret"]}
    for node in nodes:
        assert at(scene, node).exchange(agent=scene.agent).status_code == 401, "the old one has ended"
        issued(at(scene, node).exchange(agent=renewed))


def test_a_grant_made_at_one_node_is_used_at_another_and_revoked_at_a_third(nodes, scene):
    a, b, c = nodes
    grant = a.world.grant(scene.agent.id, {scene.target.id: SCOPES}, person=scene.person)
    made = issued(at(scene, b).exchange(grant, client.GRANT, scope="thing.write"))
    assert made.claims["del"]["grant"] == grant
    c.world.revoke("grant", grant)
    assert [at(scene, node).active(made.token) for node in nodes] == [False] * 3
    assert [node.api.get(f"/grants/{grant}").json()["state"] for node in nodes] == ["revoked"] * 3


def test_an_administrator_s_credential_of_one_node_counts_at_every_other_until_it_is_revoked(nodes):
    a, b, c = nodes
    made = b.api.post("/credentials", {"role": "operator", "name": unique("op")}).json()
    others = [client.admin(node, made["token"]) for node in nodes]
    assert [admin.get("/agents").status_code for admin in others] == [200] * 3
    assert c.api.post(f"/credentials/{made['id']}/revoke", {"reason": "test"}).status_code == 200
    assert [admin.get("/agents").status_code for admin in others] == [401] * 3


def test_an_upstream_secret_put_at_one_node_is_listed_at_every_other(nodes):
    a, b, c = nodes
    name = unique("secret")
    put = b.api.put(f"/secrets/{name}", {"value": "s3cret-of-a-vendor", "reason": "test"})
    assert put.status_code == 201, put.text
    assert len({node.api.get(f"/secrets/{name}").text for node in nodes}) == 1


def test_the_metadata_and_key_sets_of_all_nodes_are_the_same(nodes):
    for path in (".well-known/oauth-authorization-server", ".well-known/openid-configuration", "jwks", "receipts/jwks"):
        texts = {client.http.get(client.endpoint(node, path), timeout=30).text for node in nodes}
        assert len(texts) == 1, path


def keys(node) -> list[dict]:
    """The published signing keys."""
    return client.http.get(client.endpoint(node, "jwks"), timeout=30).json()["keys"]


def states(node) -> dict[str, str]:
    """The state of each key of ours, by its id."""
    return {key["kid"]: key["state"] for key in node.api.get("/keys", params={"limit": 100}).json()["items"]}


def test_a_rotation_at_one_node_rotates_once_for_all(nodes, scene):
    a, b, c = nodes
    before = states(a)
    answer = b.api.post("/keys/rotate", {"alg": "ES256", "reason": "test"})
    assert answer.status_code == 200, answer.text
    after = states(a)
    assert states(b) == states(c) == after
    assert len(after) == len(before) + 1, "one key more, not one a node"
    assert keys(a) == keys(b) == keys(c)
    signed = [at(scene, node).token() for node in nodes]
    [kid] = {made.header["kid"] for made in signed}
    assert after[kid] == "active" and before[kid] == "next", "it was published everywhere before it signed"
    for made in signed:
        tokens.verify(made.token, next(key for key in keys(c) if key["kid"] == kid))


def test_two_rotations_at_the_same_moment_leave_the_same_keys_everywhere(nodes, scene):
    a, b, c = nodes
    before = states(a)
    body = {"alg": "ES256", "reason": "test"}
    answers = at_once(lambda: a.api.post("/keys/rotate", body), lambda: b.api.post("/keys/rotate", body))
    done = [answer.status_code for answer in answers].count(200)
    assert done >= 1 and {answer.status_code for answer in answers} <= {200, 409, 503}
    assert states(a) == states(b) == states(c) and len(states(a)) == len(before) + done
    [kid] = {at(scene, node).token().header["kid"] for node in nodes}
    assert states(c)[kid] == "active"


def test_a_key_retired_at_one_node_is_gone_at_every_other_with_what_it_signed(nodes, scene):
    a, b, c = nodes
    made = scene.token()
    kid = made.header["kid"]
    assert b.api.post("/keys/rotate", {"alg": "ES256", "reason": "test"}).status_code == 200
    assert at(scene, c).active(made.token)
    assert c.api.post(f"/keys/{kid}/retire", {"reason": "test"}).status_code == 200
    for node in nodes:
        assert kid not in [key["kid"] for key in keys(node)]
        assert not at(scene, node).active(made.token)
        issued(at(scene, node).exchange())


def test_every_node_lists_all_nodes_as_ready_and_none_as_behind(nodes):
    trees = set()
    for node in nodes:
        items = node.api.get("/nodes").json()["items"]
        assert [item["node"] for item in items] == sorted(ALL)
        assert all(item["ready"] is True and item["behind"] == 0 and item["format"] >= 1 for item in items), items
        trees.add(tuple(item["tree"] for item in items))
    assert len(trees) == 1 and len(set(trees.pop())) == 3, "each has a tree of its own, and all say the same"


def test_the_metrics_of_every_node_tell_of_the_cluster(nodes, scene):
    for node in nodes:
        node.world.revoke("token", at(scene, node).token().claims["jti"])
        assert node.metric("locum_nodes_live") == 3 and node.metric("locum_store_behind") == 0
        assert 0 <= node.metric("locum_store_view_age_seconds") < 3
        assert node.metric("locum_store_replicas_acked") == 0, "this Redis has none"
        assert node.metric("locum_store_republished_records_total") == 0
        assert node.metric("locum_revocation_propagation_seconds_count") >= 1
        assert node.metric('locum_revocation_propagation_seconds_bucket{le="+Inf"}') >= 1


@pytest.mark.parametrize("path", ["/locks", "/revocations", "/grants", "/agents", "/policies", "/keys", "/issuers"])
def test_every_node_shows_the_same_lists(nodes, scene, path):
    a, b, c = nodes
    b.world.lift(a.world.lock("agent", scene.agent.id))
    c.world.revoke("agent", scene.agent.id)
    b.world.grant(scene.agent.id, {scene.target.id: SCOPES})
    answers = [node.api.get(path, params={} if path in ("/policies", "/keys") else {"limit": 100}) for node in nodes]
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.text for answer in answers}) == 1


def test_administrators_at_all_nodes_change_at_the_same_moment_and_all_changes_are_made(nodes):
    def made(n):
        node = nodes.nodes[n % 3]
        return node.world.client(unique("rs"))["client_id"]

    ids = side_by_side(made, range(18), threads=9)
    for node in nodes:
        assert [node.api.get(f"/clients/{name}").status_code for name in ids] == [200] * len(ids)


def test_agents_that_revoke_at_all_nodes_do_not_keep_an_administrator_from_changing(nodes, scene):
    """Revocations rest on nothing: none of them makes another's change stale."""
    def revoking(n):
        there = at(scene, nodes.nodes[n % 3])
        return [client.revoke(there.broker, there.token().token, agent=scene.agent).status_code for _ in range(20)]

    def changing():
        return [nodes.nodes[0].world.client(unique("rs"))["client_id"] for _ in range(20)]

    *revoked, made = at_once(*[lambda n=n: revoking(n) for n in range(3)], changing)
    assert revoked == [[200] * 20] * 3 and len(made) == 20
