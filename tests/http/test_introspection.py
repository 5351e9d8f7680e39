"""Contract §9 and RFC 7662: who is told what about a token."""

import pytest

from support import client, ledger, tokens
from support.checks import actors
from support.scene import Scene
from support.world import unique

INACTIVE = {"active": False}


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


def told(scene, token, who, **params):
    """What this caller is told."""
    answer = client.introspect(scene.broker, token, agent=who, **params)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"].split(";")[0].strip() == "application/json"
    return answer.json()


def test_the_resource_server_of_the_audience_is_told_everything(scene):
    made = scene.token()
    body = told(scene, made.token, scene.target.server)
    assert body["active"] is True
    for member in ("act", "scope", "sub", "client_id", "aud", "exp", "iat", "jti"):
        assert body[member] == made.claims[member], member
    assert body["del"]["id"] == made.claims["del"]["id"] == made.body["delegation_id"]


def test_authorization_details_are_told(scene, world):
    kind = {"order": {"amount": {"type": "decimal", "narrow": "at_most"}}}
    changed = world.admin.put(f"/targets/{scene.target.id}", scene.target.body | {"details": kind})
    assert changed.status_code == 200, changed.text
    made = scene.token(authorization_details='[{"type":"order","amount":"10.00"}]')
    body = told(scene, made.token, scene.target.server)
    assert body["authorization_details"] == made.claims["authorization_details"] == made.body["authorization_details"]


def test_the_whole_chain_is_told(scene):
    taker = scene.second_agent()
    leaf = scene.use(scene.hand_on(scene.agent, taker), taker)
    body = told(scene, leaf.token, scene.target.server)
    assert body["act"] == leaf.claims["act"] and actors(body) == [taker.id, scene.agent.id]


def test_the_token_s_own_client_is_told(scene):
    made = scene.token()
    assert told(scene, made.token, scene.agent)["active"] is True


def test_the_presenter_is_told(scene, world, broker):
    sub, presenter = unique("wl"), world.client(kind="presenter")
    agent = scene.second_agent(workload={"issuer": "demo-workloads", "claims": {"sub": sub}},
                               presenters=[presenter["client_id"]])
    made = scene.token(agent=presenter, actor_token=tokens.workload_token(broker, sub=sub),
                       actor_token_type=client.JWT)
    assert made.claims["client_id"] == agent.id
    assert told(scene, made.token, presenter)["active"] is True


def test_the_audience_agent_is_told(scene):
    taker, third = scene.second_agent(), scene.second_agent()
    handed = scene.hand_on(scene.agent, taker)
    assert told(scene, handed.token, taker)["active"] is True
    assert told(scene, handed.token, third) == INACTIVE
    assert told(scene, handed.token, scene.target.server) == INACTIVE, "no resource accepts it"


def test_any_other_caller_gets_exactly_inactive(scene, world):
    made = scene.token()
    others = [scene.second_agent(), world.client(kind="presenter"), world.target().server,
              scene.broker.resource_server("sap")]
    assert [told(scene, made.token, who) for who in others] == [INACTIVE] * 4


@pytest.mark.parametrize("auth", ["basic", "post"])
def test_a_caller_authenticates_with_its_secret_either_way(scene, auth):
    assert told(scene, scene.token().token, scene.target.server, auth=auth)["active"] is True


def test_a_caller_authenticates_with_an_assertion_used_once(scene, broker):
    made = scene.token()
    proof = {"client_assertion_type": client.ASSERTION_TYPE,
             "client_assertion": tokens.client_assertion(broker, scene.agent)}
    first = client.introspect(broker, made.token, auth=None, **proof)
    assert first.status_code == 200 and first.json()["active"] is True
    assert client.introspect(broker, made.token, auth=None, **proof).status_code == 401


def test_the_mark_of_an_assertion_is_on_record_and_no_change_is(scene, broker):
    made = scene.token()
    name = made.claims["client_id"]
    proof = {"client_assertion_type": client.ASSERTION_TYPE,
             "client_assertion": tokens.client_assertion(broker, scene.agent)}
    assert client.introspect(broker, made.token, auth=None, **proof).json()["active"] is True
    marked, = ledger.of_type(broker.data_dir, "summary", state="marked", client_id=name)
    (key, until_s, again), = marked["body"]["marks"]
    assert len(key) == 22 and until_s * 1000 > marked["time_ms"] and again is None and marked["side"] is None
    changes = ledger.of_type(broker.data_dir, "change")
    assert not any(change["change"] == "mark" for record in changes for change in record["body"]["changes"])


@pytest.mark.parametrize("auth, who", [(None, None), ("basic", {"client_id": "sap-rs", "client_secret": "wrong"}),
                                       ("basic", {"client_id": "nobody", "client_secret": "x"}),
                                       ("post", {"client_id": "sap-rs", "client_secret": ""})])
def test_rfc7662_2_1_an_unauthenticated_caller_gets_401_whatever_the_token(scene, auth, who):
    for token in (scene.token().token, "nonsense"):
        answer = client.introspect(scene.broker, token, agent=who, auth=auth)
        assert answer.status_code == 401 and answer.json()["error"] == "invalid_client"
        assert "active" not in answer.json() and answer.headers["WWW-Authenticate"]


def test_an_access_token_is_no_credential_of_the_caller(scene, broker):
    made = scene.token()
    answer = client.call(broker, client.endpoint(broker, "introspect"), [("token", made.token)], auth=None,
                         headers={"Authorization": f"Bearer {made.token}"})
    assert answer.status_code == 401


@pytest.mark.parametrize("hint", ["access_token", "refresh_token", "pizza", ""])
def test_rfc7662_2_1_a_wrong_hint_is_only_a_hint(scene, hint):
    assert told(scene, scene.token().token, scene.target.server, token_type_hint=hint)["active"] is True


def test_rfc7662_2_2_what_is_no_token_of_ours_is_inactive_and_says_no_more(scene, broker):
    real = scene.token().token
    head, body, signature = real.split(".")
    wrong = ["x", "a.b.c", real[:-1], real + "A", real + ".", real[:-10] + "AAAAAAAAAA", f"{head}.{body}.",
             f"{head}..{signature}", tokens.tampered(real, scope="thing.read thing.write"), " " + real, real.upper(),
             scene.subject(), tokens.workload_token(broker), tokens.client_assertion(broker),
             tokens.sign(tokens.decode(real), tokens.new_jwk(), header={"typ": "at+jwt"}), "…", "\x00", "a" * 16384]
    assert [told(scene, w, scene.target.server) for w in wrong] == [INACTIVE] * len(wrong)


def test_rfc7662_2_1_the_token_parameter_is_required(scene, broker):
    for pairs in ([], [("token", "")]):
        answer = client.call(broker, client.endpoint(broker, "introspect"), pairs, agent=scene.target.server)
        assert answer.status_code == 400 and answer.json()["error"] == "invalid_request"


def test_the_token_parameter_is_not_repeated(scene, broker):
    made = scene.token()
    answer = client.call(broker, client.endpoint(broker, "introspect"), [("token", made.token)] * 2,
                         agent=scene.target.server)
    assert answer.status_code == 400 and "token" in answer.json()["error_description"]


def test_rfc7662_2_1_a_query_string_is_no_request(scene, broker):
    made, server = scene.token(), scene.target.server
    head = {"Authorization": client.basic(server["client_id"], server["client_secret"])}
    url = f"{client.endpoint(broker, 'introspect')}?token={made.token}"
    for answer in (client.http.get(url, headers=head, timeout=30), client.http.post(url, headers=head, timeout=30)):
        assert answer.status_code in (400, 404, 405, 415), answer.status_code


def test_unknown_parameters_are_ignored(scene):
    assert told(scene, scene.token().token, scene.target.server, colour="blue")["active"] is True


def test_a_resource_server_of_a_target_without_one_is_no_door(scene, world):
    """A `resource_server` client is named by its target: no target names this one."""
    assert told(scene, scene.token().token, world.client(kind="resource_server")) == INACTIVE


def test_a_target_that_takes_another_resource_server_shuts_out_the_first(scene, world):
    made, second = scene.token(), world.client(kind="resource_server")
    changed = world.admin.put(f"/targets/{scene.target.id}",
                              scene.target.body | {"resource_server": second["client_id"]})
    assert changed.status_code == 200, changed.text
    assert told(scene, made.token, scene.target.server) == INACTIVE
    assert told(scene, made.token, second)["active"] is True


def test_a_signed_answer_is_given_where_it_is_advertised(scene, broker):
    """RFC 9701; only what works is advertised (§4), and what is not advertised answers JSON."""
    made, server = scene.token(), scene.target.server
    metadata = client.http.get(f"{broker.issuer}/.well-known/oauth-authorization-server", timeout=30).json()
    answer = client.call(broker, client.endpoint(broker, "introspect"), [("token", made.token)], agent=server,
                         headers={"Accept": "application/token-introspection+jwt"})
    assert answer.status_code == 200
    if not metadata.get("introspection_signing_alg_values_supported"):
        assert answer.json()["active"] is True
        return
    assert tokens.header(answer.text)["typ"] == "token-introspection+jwt"
    claims = tokens.decode(answer.text)
    assert (claims["iss"], claims["aud"]) == (broker.issuer, server["client_id"])
    assert claims["token_introspection"]["active"] is True and "sub" not in claims


def turned_away(scene, token, who):
    """401 as for somebody who is not authenticated, and nothing of the token."""
    answer = client.introspect(scene.broker, token, agent=who)
    assert answer.status_code == 401 and answer.json()["code"] == "LCM-CLIENT-AUTH", answer.text
    assert "active" not in answer.json() and "WWW-Authenticate" in answer.headers


@pytest.mark.parametrize("kind", ["client", "agent", "owner"])
def test_a_locked_client_does_not_introspect_until_the_lock_is_lifted(scene, world, kind):
    owner = unique("team")
    agent = scene.second_agent(owner={"kind": "team", "id": owner})
    made = scene.token(agent=agent)
    assert told(scene, made.token, agent)["active"] is True
    lock = world.lock(kind, {"client": agent.id, "agent": agent.id, "owner": owner}[kind])
    turned_away(scene, made.token, agent)
    # Who revokes means it, locked or not.
    assert client.revoke(scene.broker, "x", agent=agent).status_code == 200
    world.lift(lock)
    assert told(scene, made.token, agent)["active"] is True


def test_a_locked_resource_server_does_not_introspect(scene, world):
    made = scene.token()
    lock = world.lock("client", scene.target.server["client_id"])
    turned_away(scene, made.token, scene.target.server)
    world.lift(lock)
    assert told(scene, made.token, scene.target.server)["active"] is True


def test_a_retired_agent_does_not_introspect(scene, world):
    agent = scene.second_agent()
    made = scene.token(agent=agent)
    world.agent_state(agent.id, "retire")
    turned_away(scene, made.token, agent)


def test_a_lock_on_everything_names_no_client(fresh_world):
    scene = Scene(fresh_world)
    made = scene.token()
    fresh_world.lock("all")
    assert told(scene, made.token, scene.target.server) == INACTIVE
