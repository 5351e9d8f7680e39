"""Attack rows 68 and 70: other spellings of a path, forged ids, filters and cursors."""

import http.client
import json
from urllib.parse import urlsplit

import pytest

from support import client, tokens
from support.scene import Scene
from support.world import stamp


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


ADMIN_SPELLINGS = ["/admin/v1/agents", "//admin/v1/agents", "/admin//v1/agents", "/%61dmin/v1/agents",
                   "/ADMIN/v1/agents",
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


@pytest.mark.parametrize("header, value", [
    ("Host", "evil.example"), ("X-Forwarded-Host", "evil.example"), ("X-Forwarded-Proto", "https"),
    ("X-Forwarded-Prefix", "/evil"), ("Forwarded", "host=evil.example;proto=https")])
def test_attack_60_a_forwarding_header_changes_no_issuer_and_no_link(broker, header, value):
    path = f"{broker.issuer}/.well-known/oauth-authorization-server"
    usual = client.http.get(path, timeout=30).json()
    assert client.http.get(path, headers={header: value}, timeout=30).json() == usual
    answer = client.http.post(broker.token_endpoint, data={"grant_type": "x"}, headers={header: value}, timeout=30)
    assert answer.json()["error_uri"].startswith(f"{broker.issuer}/errors/")
