"""Contract §16: what counts once counts once over all nodes: an assertion, each use of a grant."""

import pytest

from support import client, tokens
from support.checks import issued
from support.nodes import at
from support.parallel import at_once, side_by_side
from support.scene import SCOPES, until
from support.world import stamp


def proof(scene, **changes) -> list[tuple[str, str]]:
    """An exchange that proves the agent by an assertion, to be sent as it is."""
    return client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                       client_assertion=tokens.client_assertion(scene.broker, scene.agent, **changes),
                       client_assertion_type=client.ASSERTION_TYPE)


def send(node, pairs):
    """That request, at a node."""
    return client.token(node, pairs, auth=None)


def test_an_assertion_sent_to_three_nodes_at_once_is_taken_by_exactly_one(nodes, scene):
    for _ in range(20):
        pairs = proof(scene)
        answers = at_once(*[lambda node=node: send(node, pairs) for node in nodes])
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401], [a.text for a in answers]


def test_an_assertion_sent_ten_times_to_each_of_three_nodes_at_once_is_taken_by_exactly_one(nodes, scene):
    pairs = proof(scene)
    answers = side_by_side(lambda n: send(nodes.nodes[n % 3], pairs), range(30), threads=30)
    assert sorted(answer.status_code for answer in answers) == [200] + [401] * 29


def test_an_assertion_in_different_requests_at_three_nodes_at_once_is_taken_by_exactly_one(nodes, scene):
    for _ in range(5):
        assertion = tokens.client_assertion(scene.broker, scene.agent)
        requests = [client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                                client_assertion=assertion, client_assertion_type=client.ASSERTION_TYPE) for _ in nodes]
        answers = at_once(*[lambda node=node, pairs=pairs: send(node, pairs) for node, pairs in zip(nodes, requests)])
        assert sorted(answer.status_code for answer in answers) == [200, 401, 401], [a.text for a in answers]


def test_an_assertion_used_at_one_node_is_spent_at_every_other_and_every_endpoint(nodes, scene):
    for one in nodes:
        pairs = proof(scene)
        made = issued(send(one, pairs))
        spent = [pair for pair in pairs if pair[0].startswith("client_assertion")]
        for other in nodes:
            assert send(other, pairs).status_code == 401
            for path in ("introspect", "revoke"):
                answer = client.call(other, client.endpoint(other, path), [("token", made.token), *spent], auth=None)
                assert answer.status_code == 401, (other, path)
        assert at(scene, one).active(made.token)


def test_an_assertion_used_at_introspection_is_spent_at_every_other_node(nodes, scene):
    a, b, c = nodes
    made = scene.token()
    pairs = [("token", made.token), ("client_assertion", tokens.client_assertion(a, scene.agent)),
             ("client_assertion_type", client.ASSERTION_TYPE)]
    first = client.call(a, client.endpoint(a, "introspect"), pairs, auth=None)
    assert first.status_code == 200 and first.json()["active"] is True
    assert [client.call(node, client.endpoint(node, "introspect"), pairs, auth=None).status_code
            for node in (b, c)] == [401, 401]


def test_an_assertion_of_a_refused_request_is_spent_at_every_other_node(nodes, scene):
    a, b, c = nodes
    pairs = [(name, "thing.shred" if name == "scope" else value) for name, value in proof(scene)]
    assert send(a, pairs).json()["code"] == "LCM-SCOPE-REFUSED"
    assert [send(node, pairs).status_code for node in nodes] == [401] * 3


@pytest.fixture
def grant(scene):
    """A grant of ten uses."""
    return scene.world.grant(scene.agent.id, {scene.target.id: SCOPES}, person=scene.person, max_uses=10)


def use(scene, node, grant):
    """One use of a grant, at a node."""
    return at(scene, node).exchange(grant, client.GRANT, scope="thing.write")


def test_thirty_tries_at_three_nodes_at_once_take_exactly_the_ten_uses_of_a_grant(nodes, scene, grant):
    answers = side_by_side(lambda n: use(scene, nodes.nodes[n % 3], grant), range(30), threads=30)
    assert sorted(answer.status_code for answer in answers) == [200] * 10 + [400] * 20, [a.text for a in answers]
    assert len({issued(a).claims["jti"] for a in answers if a.status_code == 200}) == 10
    for node in nodes:
        assert use(scene, node, grant).status_code == 400
        until(lambda: node.api.get(f"/grants/{grant}").json()["state"] == "used")


def test_uses_taken_one_after_another_at_different_nodes_are_counted_together(nodes, scene, grant):
    for turn in range(10):
        issued(use(scene, nodes.nodes[turn % 3], grant))
    assert [use(scene, node, grant).status_code for node in nodes] == [400] * 3


def test_the_last_use_of_a_grant_is_taken_at_one_node_only(nodes, scene):
    for _ in range(10):
        grant = scene.world.grant(scene.agent.id, {scene.target.id: SCOPES}, person=scene.person, max_uses=1)
        answers = at_once(*[lambda node=node: use(scene, node, grant) for node in nodes])
        assert sorted(answer.status_code for answer in answers) == [200, 400, 400], [a.text for a in answers]


def test_a_refusal_at_another_node_takes_no_use(nodes, scene):
    a, b, c = nodes
    grant = scene.world.grant(scene.agent.id, {scene.target.id: SCOPES}, person=scene.person, max_uses=1)
    for node in (b, c):
        assert at(scene, node).exchange(grant, client.GRANT, scope="thing.shred").status_code == 400
    issued(use(scene, a, grant))


def test_a_use_is_taken_at_the_root_only_wherever_the_next_hops_are(nodes, scene):
    a, b, c = nodes
    grant = scene.world.grant(scene.agent.id, {scene.target.id: SCOPES}, person=scene.person, max_uses=1)
    taker = scene.second_agent()
    handed = issued(scene.exchange(grant, client.GRANT, scope="thing.write", delegate_to=taker.id))
    for node in (b, c, a):
        made = at(scene, node).use(handed, taker, scope="thing.write")
        assert made.claims["del"]["grant"] == grant


def test_a_person_and_an_agent_have_sixty_four_grants_over_all_nodes(nodes, scene):
    """§12: at most 64 active ones, also where they are asked for at three nodes at once."""
    body = {"person": scene.person, "agent": scene.agent.id, "expires_at": stamp(3600), "max_uses": None,
            "max_depth": 2, "targets": [{"target": scene.target.id, "scopes": ["thing.read"],
                                         "authorization_details": []}], "reason": "test"}
    answers = side_by_side(lambda n: nodes.nodes[n % 3].api.post("/grants", body), range(70), threads=9)
    assert sorted(answer.status_code for answer in answers) == [201] * 64 + [409] * 6, [a.text for a in answers if a.status_code == 503]
