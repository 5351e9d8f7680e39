"""Attack rows on the server itself: introspection, recycled names, leaks, other paths, forged input, enumeration."""

import base64
import http.client
import json
import stat
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from support import client, tokens
from support.broker import Broker
from support.checks import refused
from support.client import admin as admin_client
from support.scene import Scene, problem
from support.world import World, stamp, unique

INACTIVE = {"active": False}


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


def plain(url: str, path: str, method="GET", headers=None, body=None):
    """A request whose path is sent exactly as written: status and body."""
    connection = http.client.HTTPConnection(urlsplit(url).netloc, timeout=30)
    try:
        connection.putrequest(method, path, skip_accept_encoding=True)
        for name, value in (headers or {}).items():
            connection.putheader(name, value)
        if body is not None:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body)
        answer = connection.getresponse()
        return answer.status, answer.read()
    finally:
        connection.close()


# -------------------------------------------------------------- rows 25, 26

def test_row_25_an_active_answer_always_says_active_for_whom_and_until_when(scene):
    made = scene.token()
    body = scene.introspect(made.token).json()
    assert body["active"] is True and body["aud"] == scene.target.audience
    assert isinstance(body["exp"], int) and body["exp"] == made.claims["exp"]


def test_row_26_a_token_meant_for_another_resource_server_is_inactive_and_nothing_more(scene, world, broker):
    made, other = scene.token(), world.target()
    assert client.introspect(broker, made.token, agent=other.server).json() == INACTIVE
    assert client.introspect(broker, "no-such-token", agent=other.server).json() == INACTIVE


# ------------------------------------------------------------------- row 29

def test_row_29_a_retired_agent_s_name_is_never_given_again(scene, world, admin_of, broker):
    made, secret = scene.token(), scene.agent.client_secret
    grant = world.grant(scene.agent.id, {scene.target.id: ["thing.write"]}, person=scene.person)
    world.agent_state(scene.agent.id, "retire")
    body = {"id": scene.agent.id, "name": "again", "owner": {"kind": "team", "id": "t"}, "risk": "low",
            "auth": [{"method": "client_secret"}], "workload": None, "presenters": [], "subject_issuers": ["demo"],
            "max_depth": 4, "ceiling": []}
    problem(admin_of.post("/agents", body), 409)
    problem(admin_of.post("/clients", {"id": scene.agent.id, "kind": "presenter",
                                       "auth": [{"method": "client_secret"}]}), 409)
    assert not scene.active(made.token)
    old = {"client_id": scene.agent.id, "client_secret": secret}
    refused(broker, scene.exchange(grant, client.GRANT, agent=old, scope="thing.write"), "LCM-CLIENT-AUTH")
    refused(broker, scene.exchange(agent=scene.agent, auth="private_key_jwt"), "LCM-CLIENT-AUTH")


@pytest.fixture
def admin_of(world):
    """The bootstrap administrator."""
    return world.admin


# ------------------------------------------------------------------- row 69

def leaks(text: bytes, secrets: dict[str, bytes]) -> list[str]:
    """The names of the secrets found in it."""
    return [name for name, secret in secrets.items() if secret in text]


def token_parts(name: str, token: str) -> dict[str, bytes]:
    """A token whole, its signature as text, and its signature as bytes."""
    signature = token.rsplit(".", 1)[-1]
    return {name: token.encode(), f"{name}: signature": signature.encode(), f"{name}: raw": tokens.unb64(signature)}


def play(broker, scene, admin) -> dict[str, bytes]:
    """Good and bad requests of every kind, and every secret that took part."""
    secrets, canary = {}, "canary" + unique("").replace("-", "")
    subject, access = tokens.id_token(broker, sub=scene.sub, groups=["staff"]), tokens.idp_access_token(broker)
    workload, assertion = tokens.workload_token(broker), tokens.client_assertion(broker)
    made = scene.token(subject)
    client.exchange(broker, actor_token=workload, actor_token_type=client.JWT)
    client.token(broker, client.form(subject, client_assertion=assertion, client_assertion_type=client.ASSERTION_TYPE),
                 auth=None)
    client.exchange(broker, access, client.JWT)
    forged = tokens.tampered(subject, sub=canary)
    for bad in (forged, subject[:-6] + "AAAAAA", canary + ".x.y", canary):
        scene.exchange(bad)
    scene.exchange(actor_token=tokens.tampered(workload, sub=canary), actor_token_type=client.JWT)
    client.exchange(broker, agent={"client_id": "invoice-agent", "client_secret": canary + "-secret"})
    client.exchange(broker, data=[("grant_type", canary), ("subject_token", subject)])
    client.call(broker, broker.token_endpoint, [], headers={"Content-Type": "application/json"})
    scene.introspect(made.token)
    client.introspect(broker, made.token, agent="hr-agent")
    client.revoke(broker, made.token, agent=scene.agent)
    credential = admin.post("/credentials", {"role": "auditor", "name": "n", "expires_at": stamp(600)}).json()["token"]
    admin_client(broker, credential).get("/decisions")
    admin_client(broker, canary + "-bearer").get("/decisions")
    for name, token in {"subject": subject, "access": access, "workload": workload, "assertion": assertion,
                        "issued": made.token}.items():
        secrets |= token_parts(name, token)
    secrets |= {"forged": canary.encode(), "forged in base64": base64.b64encode(canary.encode())[:-4],
                "agent secret": scene.agent.client_secret.encode(), "credential": credential.encode(),
                "server secret": scene.target.server.client_secret.encode(),
                "admin token": broker.admin_token.encode()}
    for name, agent in broker.agents.items():
        secrets |= {f"secret of {name}": agent.client_secret.encode(), f"key of {name}": agent.private_jwk["d"].encode()}
    for name, person in broker.people.items():
        secrets[f"password of {name}"] = person["password"].encode()
    return secrets


@pytest.fixture
def talkative(monkeypatch):
    """A broker of the test's own that logs all it can."""
    monkeypatch.setenv("LOCUM_LOG", "trace")
    with Broker() as running:
        yield running


def test_row_69_no_token_secret_or_assertion_reaches_log_ledger_or_decision(talkative):
    world = World(talkative)
    secrets = play(talkative, Scene(world), world.admin)
    found = {"log": leaks(talkative.output().encode(), secrets)}
    page = world.admin.get("/decisions", params={"limit": 100})
    found["decisions"] = leaks(page.content, secrets)
    for path in ("/agents", "/clients", "/targets", "/issuers", "/credentials", "/revocations", "/locks", "/policies"):
        found[path] = leaks(world.admin.get(path).content, secrets)
    talkative.stop()
    for file in sorted(p for p in Path(talkative.data_dir).rglob("*") if p.is_file()):
        if not file.name.startswith("dev-"):
            found[str(file.relative_to(talkative.data_dir))] = leaks(file.read_bytes(), secrets)
    assert {place: names for place, names in found.items() if names} == {}


def test_row_69_an_answer_never_repeats_what_could_not_be_verified(scene, broker):
    """§5: nothing from a token is echoed before its signature has been verified."""
    canary = unique("canary")
    for bad in (tokens.tampered(scene.subject(), iss=f"https://{canary}.example"), f"{canary}.b.c",
                tokens.tampered(scene.subject(), sub=canary)):
        assert canary not in scene.exchange(bad).text


def test_row_69_files_with_demo_secrets_are_for_their_owner_only(broker):
    files = [p for p in Path(broker.data_dir).rglob("*") if p.is_file()]
    assert files
    for file in files:
        if file.name.startswith("dev-"):
            assert stat.S_IMODE(file.stat().st_mode) == 0o600, file.name
    assert stat.S_IMODE(Path(broker.ready_file).stat().st_mode) == 0o600


# --------------------------------------------------------------- rows 68, 70

ADMIN_SPELLINGS = ["/admin/v1/agents", "//admin/v1/agents", "/admin//v1/agents", "/%61dmin/v1/agents", "/ADMIN/v1/agents",
                   "/admin/v1/agents/", "/admin/v1/agents;x=1", "/admin;x/v1/agents", "/./admin/v1/agents",
                   "/token/../admin/v1/agents", "/token/..;/admin/v1/agents", "/token/%2e%2e/admin/v1/agents",
                   "/admin%2fv1%2fagents", "/admin/v1/%61gents", "/admin/v1/agents%00", "/admin/v1/agents?x=/token",
                   "/admin\\v1\\agents", "/errors/..%2fadmin/v1/agents", "/jwks/../admin/v1/agents"]


@pytest.mark.parametrize("path", ADMIN_SPELLINGS)
def test_row_68_no_spelling_of_a_path_reaches_the_admin_api_without_a_credential(broker, path):
    status, body = plain(broker.issuer, path)
    assert status in (400, 401, 404, 405), (status, body[:200])
    assert b"invoice-agent" not in body


@pytest.mark.parametrize("path", ADMIN_SPELLINGS[1:])
def test_row_68_a_role_is_asked_for_in_every_spelling_that_reaches_a_route(broker, world, path):
    made = world.admin.post("/credentials", {"role": "auditor", "name": "n", "expires_at": stamp(600)}).json()["token"]
    headers = {"Authorization": f"Bearer {made}", "Content-Type": "application/json"}
    status, _ = plain(broker.issuer, path, "POST", headers, b"{}")
    assert status in (400, 403, 404, 405, 411), status


@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz", "//metrics", "/%6detrics", "/metrics/", "/./metrics",
                                  "/METRICS", "/token/../metrics", "/readyz?verbose"])
def test_row_68_the_operations_paths_are_not_on_the_public_listener(broker, path):
    """§14: 404 to the operations' paths in any spelling."""
    assert plain(broker.issuer, path)[0] in (400, 404)


@pytest.mark.parametrize("header", ["X-Original-URL", "X-Rewrite-URL", "X-Forwarded-Prefix"])
def test_row_68_a_header_moves_no_path(broker, header):
    status, body = plain(broker.issuer, "/jwks", headers={header: "/admin/v1/agents"})
    assert status == 200 and b"invoice-agent" not in body


HOSTILE_IDS = ["a%0d%0aSET%20x%201", "a%00b", "..%2f..%2fetc%2fpasswd", "'%20OR%201=1--", "*", "%25", "a" * 5000,
               "%ff%fe", "*)(uid=*", "invoice-agent%0a"]


@pytest.mark.parametrize("name", HOSTILE_IDS)
def test_row_70_a_hostile_id_finds_nothing_and_breaks_nothing(broker, name):
    headers = {"Authorization": f"Bearer {broker.admin_token}"}
    for collection in ("agents", "targets", "grants", "decisions", "locks"):
        status, body = plain(broker.issuer, f"/admin/v1/{collection}/{name}", headers=headers)
        assert status in (400, 404, 414, 422, 431), (collection, status, body[:200])


@pytest.mark.parametrize("name", HOSTILE_IDS)
def test_row_70_a_hostile_filter_finds_nothing_and_breaks_nothing(broker, scene, name):
    scene.token()
    headers = {"Authorization": f"Bearer {broker.admin_token}"}
    for member in ("agent", "person", "target", "task_id"):
        status, body = plain(broker.issuer, f"/admin/v1/decisions?{member}={name}", headers=headers)
        assert status in (400, 414, 422, 431) or json.loads(body)["items"] == [], (member, status)


@pytest.mark.parametrize("secret", ["a\r\nX: y", "ü", "a:b", "%", "", "x" * 10_000])
def test_row_70_a_hostile_client_id_is_a_stranger(broker, secret):
    pairs = client.form(tokens.id_token(broker)) + [("client_id", secret), ("client_secret", secret)]
    answer = client.token(broker, pairs, auth=None)
    assert answer.status_code in (400, 401, 413), answer.text


# ------------------------------------------------------------------- row 71

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


# ------------------------------------------------------------------- row 72

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
