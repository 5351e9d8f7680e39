"""Attack rows 25, 26, 29, 71, 72: introspection, recycled names, enumeration, other doors."""

import pytest

from support import client, tokens
from support.checks import refused
from support.scene import Scene, problem
from support.world import unique

INACTIVE = {"active": False}


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


def test_row_25_an_active_answer_always_says_active_for_whom_and_until_when(scene):
    made = scene.token()
    body = scene.introspect(made.token).json()
    assert body["active"] is True and body["aud"] == scene.target.audience
    assert isinstance(body["exp"], int) and body["exp"] == made.claims["exp"]


def test_row_26_a_token_meant_for_another_resource_server_is_inactive_and_nothing_more(scene, world, broker):
    made, other = scene.token(), world.target()
    assert client.introspect(broker, made.token, agent=other.server).json() == INACTIVE
    assert client.introspect(broker, "no-such-token", agent=other.server).json() == INACTIVE


def test_row_29_a_retired_agent_s_name_is_never_given_again(scene, world, broker):
    made, secret = scene.token(), scene.agent.client_secret
    grant = world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    world.agent_state(scene.agent.id, "retire")
    body = {"id": scene.agent.id, "name": "again", "owner": {"kind": "team", "id": "t"}, "risk": "low",
            "auth": [{"method": "client_secret"}], "workload": None, "presenters": [], "subject_issuers": ["demo"],
            "max_depth": 4, "ceiling": []}
    problem(world.admin.post("/agents", body), 409)
    problem(world.admin.post("/clients", {"id": scene.agent.id, "kind": "presenter",
                                             "auth": [{"method": "client_secret"}]}), 409)
    assert not scene.active(made.token)
    old = {"client_id": scene.agent.id, "client_secret": secret}
    refused(broker, scene.exchange(grant, client.GRANT, agent=old, scope="thing.write"), "LCM-CLIENT-AUTH")
    refused(broker, scene.exchange(agent=scene.agent, auth="private_key_jwt"), "LCM-CLIENT-AUTH")


def test_row_71_every_cause_of_failed_client_authentication_reads_the_same(broker, world):
    """§10: one text for every cause; §10: a retired one is 401 too."""
    retired, only_key = world.agent(), world.draft(auth=[{"method": "private_key_jwt", "jwks": {"keys": []}}])
    world.agent_state(retired.id, "retire")
    strangers = [{"client_id": unique("nobody"), "client_secret": "x"},
                 {"client_id": "invoice-agent", "client_secret": "x"},
                 {"client_id": "Invoice-Agent", "client_secret": broker.agent("invoice-agent").client_secret},
                 {"client_id": "invoice-agent ", "client_secret": broker.agent("invoice-agent").client_secret},
                 {"client_id": retired.id, "client_secret": retired.client_secret},
                 {"client_id": only_key.id, "client_secret": "x"}]
    answers = [client.exchange(broker, agent=s) for s in strangers]
    answers.append(client.exchange(broker, auth="private_key_jwt",
                                   agent={"client_id": "invoice-agent", "private_jwk": tokens.new_jwk()}))
    answers.append(client.exchange(broker, auth="private_key_jwt",
                                   agent={"client_id": unique("nobody"), "private_jwk": tokens.new_jwk()}))
    bodies = [{k: v for k, v in a.json().items() if k != "request_id"} for a in answers]
    assert [a.status_code for a in answers] == [401] * len(answers)
    assert all(b == bodies[0] for b in bodies), bodies
    assert len({a.headers["WWW-Authenticate"] for a in answers}) == 1


def test_row_71_the_same_at_introspection_and_revocation(broker):
    for call in (client.introspect, client.revoke):
        one = call(broker, "x", agent={"client_id": unique("nobody"), "client_secret": "x"})
        two = call(broker, "x", agent={"client_id": "sap-rs", "client_secret": "x"})
        shown = [{k: v for k, v in a.json().items() if k != "request_id"} for a in (one, two)]
        assert (one.status_code, two.status_code) == (401, 401) and shown[0] == shown[1]


def test_row_71_an_unknown_target_and_one_out_of_reach_read_the_same(scene, world, broker):
    """§6: the same answer, listing the agent's own targets."""
    hidden, unknown = world.target(), unique("target")
    texts = []
    for name in (hidden.audience, f"urn:test:{unknown}"):
        body = refused(broker, scene.exchange(audience=name), "LCM-TARGET-UNKNOWN")
        texts.append(body["error_description"].replace(name, "…"))
        assert scene.target.id in body["error_description"] and "workday" not in body["error_description"]
    assert len({t[:40] for t in texts}) == 1, texts


def test_row_71_delegating_to_nobody_to_oneself_and_to_the_inactive_reads_the_same(scene, world, broker):
    """§8: one text."""
    suspended, draft = scene.second_agent(), world.draft()
    world.agent_state(suspended.id, "suspend")
    texts = {refused(broker, scene.exchange(delegate_to=name), "LCM-REQUEST")["error_description"].replace(name, "…")
             for name in (unique("agent"), scene.agent.id, suspended.id, draft.id)}
    assert len(texts) == 1, texts


def every_door(scene, agent, taker):
    """Ways to a token for or through `agent`: as client by secret and by key, as presented actor, from a grant,
    as the one that is handed something, as itself."""
    broker = scene.broker
    yield scene.exchange(agent=agent)
    yield scene.exchange(agent=agent, auth="private_key_jwt")
    yield scene.exchange(agent=agent, auth="post")
    yield client.client_credentials(broker, agent=agent, audience=broker.issuer)
    yield client.client_credentials(broker, agent=agent, audience=scene.target.audience, scope="thing.read")
    yield scene.exchange(agent=taker, delegate_to=agent["client_id"])


@pytest.mark.parametrize("verb", ["suspend", "retire"])
def test_row_72_a_stopped_agent_has_no_other_door(scene, world, broker, verb):
    taker = scene.second_agent()
    handed = scene.hand_on(taker, scene.agent)
    actor = client.client_credentials(broker, agent=scene.agent, audience=broker.issuer).json()["access_token"]
    world.agent_state(scene.agent.id, verb)
    answers = [*every_door(scene, scene.agent, taker),
               scene.exchange(handed.token, client.ACCESS_TOKEN, agent=scene.agent)]
    assert [a.status_code for a in answers if a.status_code == 200] == []
    assert scene.exchange(agent=taker, actor_token=actor, actor_token_type=client.ACCESS_TOKEN).status_code != 200


def test_row_72_a_workload_of_a_stopped_agent_is_not_let_in_by_its_token(scene, world, broker):
    sub, presenter = unique("wl"), world.client(kind="presenter")
    agent = scene.second_agent(workload={"issuer": "demo-workloads", "claims": {"sub": sub}},
                               presenters=[presenter["client_id"]])
    actor = {"actor_token": tokens.workload_token(broker, sub=sub), "actor_token_type": client.JWT}
    assert scene.exchange(agent=presenter, **actor).status_code == 200
    world.agent_state(agent.id, "suspend")
    refused(broker, scene.exchange(agent=presenter, **actor), "LCM-AGENT-STATE")
    world.agent_state(agent.id, "resume")
    world.lock("client", presenter["client_id"])
    refused(broker, scene.exchange(agent=presenter, **actor), "LCM-LOCKED")


@pytest.mark.parametrize("grant_type", [
    "password", "authorization_code", "refresh_token", "implicit", "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "urn:ietf:params:oauth:grant-type:device_code", "urn:openid:params:grant-type:ciba",
    "urn:ietf:params:oauth:grant-type:saml2-bearer"])
def test_row_72_a_grant_type_that_is_not_advertised_is_not_there(broker, grant_type):
    """§4: only what works is advertised; what is not advertised does not work."""
    metadata = client.http.get(f"{broker.issuer}/.well-known/oauth-authorization-server", timeout=30).json()
    if grant_type in metadata["grant_types_supported"]:
        return
    pairs = [("grant_type", grant_type), ("username", "ada"), ("password", "x"), ("assertion", tokens.id_token(broker)),
             ("code", "x"), ("refresh_token", "x")]
    refused(broker, client.token(broker, pairs), "LCM-GRANT-TYPE")


def test_row_72_a_locked_issuer_s_people_come_in_by_no_token_type(fresh_world, fresh_broker):
    scene = Scene(fresh_world)
    fresh_world.lock("issuer", "demo")
    for subject, kind in ((scene.subject(), client.ID_TOKEN), (tokens.idp_access_token(fresh_broker), client.JWT)):
        refused(fresh_broker, scene.exchange(subject, kind), "LCM-LOCKED", "LCM-TARGET-REFUSED")
