"""Contract §9 and RFC 7009: a client takes back its own token, and all that descends from it."""

import pytest

from support import client, tokens
from support.checks import refused
from support.scene import Scene, until
from support.world import unique


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


def revoke(scene, token, who=None, **params):
    """The answer to POST /revoke."""
    return client.revoke(scene.broker, token, agent=who or scene.agent, **params)


def test_an_own_token_is_dead_at_the_next_call(scene):
    made, sibling = scene.token(), scene.token()
    assert revoke(scene, made.token).status_code == 200
    assert not scene.active(made.token) and scene.active(sibling.token)


@pytest.mark.parametrize("around", ["{}\r\n", " {} ", "Bearer {}", "bearer  {}\n"], ids=["line-end", "space", "scheme", "both"])
def test_what_comes_along_with_the_token_is_cut_off_since_who_revokes_means_it(scene, around):
    made = scene.token()
    assert revoke(scene, around.format(made.token)).status_code == 200
    assert not scene.active(made.token)


def test_everything_descended_from_it_is_dead(scene, broker):
    taker = scene.second_agent()
    handed = scene.hand_on(scene.agent, taker)
    leaf = scene.use(handed, taker)
    assert revoke(scene, handed.token).status_code == 200
    assert not scene.active(leaf.token)
    refused(broker, scene.exchange(handed.token, client.ACCESS_TOKEN, agent=taker), "LCM-SUBJECT-REVOKED")


def test_revoking_twice_is_fine(scene):
    made = scene.token()
    assert [revoke(scene, made.token).status_code for _ in range(2)] == [200, 200]


def test_another_client_s_token_is_refused_and_lives(scene):
    made, other = scene.token(), scene.second_agent()
    answer = revoke(scene, made.token, other)
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant", answer.text
    assert scene.active(made.token)


@pytest.mark.parametrize("auth", ["basic", "private_key_jwt"])
def test_a_refused_revocation_is_on_record_before_it_is_answered(scene, auth):
    made, other = scene.token(), scene.second_agent()
    answer = revoke(scene, made.token, other, auth=auth).json()
    found = scene.admin.decision(answer["request_id"]).json()
    assert (found["code"], found["outcome"], found["client_id"]) == ("LCM-ACTOR-MISMATCH", "refusal", other.id)


def test_another_client_s_token_is_refused_also_when_already_revoked(scene):
    made, other = scene.token(), scene.second_agent()
    first = revoke(scene, made.token, other).json()
    assert revoke(scene, made.token).status_code == 200
    answer = revoke(scene, made.token, other)
    assert answer.status_code == 400 and answer.json()["error"] == "invalid_grant"
    assert answer.json()["error_description"] == first["error_description"]


def test_the_target_s_server_and_the_audience_agent_are_other_clients(scene):
    taker = scene.second_agent()
    made, handed = scene.token(), scene.hand_on(scene.agent, taker)
    assert revoke(scene, made.token, scene.target.server).status_code == 400
    assert revoke(scene, handed.token, taker).status_code == 400
    assert scene.active(made.token)


def test_the_presenter_revokes_what_it_fetched(scene, world, broker):
    sub, presenter = unique("wl"), world.client(kind="presenter")
    scene.second_agent(workload={"issuer": "demo-workloads", "claims": {"sub": sub}},
                       presenters=[presenter["client_id"]])
    made = scene.token(agent=presenter, actor_token=tokens.workload_token(broker, sub=sub),
                       actor_token_type=client.JWT)
    assert revoke(scene, made.token, presenter).status_code == 200
    assert not scene.active(made.token)


def test_rfc7009_2_2_an_unknown_token_answers_200(scene, broker):
    real = scene.token().token
    for unknown in ("x", "a.b.c", real[:-4] + "AAAA", scene.subject(), tokens.workload_token(broker),
                    tokens.sign(tokens.decode(real), tokens.new_jwk(), header={"typ": "at+jwt"})):
        assert revoke(scene, unknown).status_code == 200
    assert scene.active(real), "a forged copy of a token revokes nothing"


@pytest.mark.parametrize("hint", ["refresh_token", "access_token", "pizza", ""])
def test_rfc7009_2_1_a_wrong_hint_searches_all_types(scene, hint):
    made = scene.token()
    assert revoke(scene, made.token, token_type_hint=hint).status_code == 200
    assert not scene.active(made.token)


def test_rfc7009_2_1_the_client_authenticates_first(scene):
    made = scene.token()
    for auth, who in ((None, scene.agent), ("basic", {"client_id": scene.agent.id, "client_secret": "wrong"})):
        answer = revoke(scene, made.token, who, auth=auth)
        assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"
    assert scene.active(made.token)


def test_rfc7009_2_1_the_token_parameter_is_required(scene, broker):
    for pairs in ([], [("token", "")]):
        answer = client.call(broker, client.endpoint(broker, "revoke"), pairs, agent=scene.agent)
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_request"


def test_a_query_string_revokes_nothing(scene, broker):
    made = scene.token()
    head = {"Authorization": client.basic(scene.agent.client_id, scene.agent.client_secret)}
    url = f"{client.endpoint(broker, 'revoke')}?token={made.token}"
    for answer in (client.http.get(url, headers=head, timeout=30), client.http.post(url, headers=head, timeout=30)):
        assert answer.status_code in (400, 404, 405, 415)
    assert scene.active(made.token)


def test_an_expired_own_token_answers_200(scene):
    made = scene.token(expires_in=1)
    until(lambda: not scene.active(made.token))
    assert revoke(scene, made.token).status_code == 200


def test_with_an_assertion_as_proof(scene):
    made = scene.token()
    assert revoke(scene, made.token, auth="private_key_jwt").status_code == 200
    assert not scene.active(made.token)


def test_an_error_answer_reads_like_the_token_endpoint_s(scene, broker):
    body = revoke(scene, scene.token().token, scene.second_agent()).json()
    assert {"error", "error_description"} <= set(body) and body["error_description"].isascii()
