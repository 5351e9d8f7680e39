"""The listeners of `locum serve`: what answers where, under which path, and over TLS."""

import http.client
import signal
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest

from support.authority import Authority
from support.scene import until
from support.serving import ADMIN_TOKEN, Serving

BEARER = {"Authorization": f"Bearer {ADMIN_TOKEN}"}
SPELLINGS = ["/admin/v1/agents", "//admin/v1/agents", "/%61dmin/v1/agents", "/./admin/v1/agents", "/admin//v1/agents",
             "/x/../admin/v1/agents", "/Admin/v1/agents", "/admin/v1", "/admin", "/admin/v1/agents/", "/admin%2fv1/agents"]
OPERATIONS = ["/metrics", "/readyz", "/livez", "//metrics", "/%6detrics", "/./readyz", "/livez/", "/x/../metrics"]


@pytest.fixture(scope="module")
def apart():
    """A broker whose admin API has a listener of its own."""
    with Serving(listen='admin = "127.0.0.1:0"') as home:
        yield home.start()


@pytest.mark.parametrize("path", SPELLINGS)
def test_the_admin_api_is_off_the_public_listener_in_any_spelling(apart, path):
    assert apart.get("public", path, BEARER)[0] == 404
    assert apart.get("operations", path, BEARER)[0] == 404


@pytest.mark.parametrize("path", OPERATIONS)
def test_the_operations_paths_are_on_no_other_listener(apart, path):
    assert apart.get("public", path)[0] == 404
    assert apart.get("admin", path)[0] == 404


def test_the_admin_listener_answers_the_admin_api_alone(apart):
    assert apart.get("admin", "/admin/v1/agents", BEARER)[0] == 200
    assert apart.get("admin", "/admin/v1/agents")[0] == 401
    for path in ("/token", "/jwks", "/.well-known/oauth-authorization-server"):
        assert apart.get("admin", path)[0] == 404


def test_an_issuer_with_a_path_answers_below_it_and_its_metadata_in_both_forms():
    with Serving(issuer="https://broker.example/tenant/a") as home:
        home.start()
        for name in ("oauth-authorization-server", "openid-configuration"):
            for path in (f"/.well-known/{name}/tenant/a", f"/tenant/a/.well-known/{name}"):
                status, _, body = home.get("public", path)
                assert status == 200 and '"https://broker.example/tenant/a/token"' in body, path
        assert home.get("public", "/tenant/a/jwks")[0] == 200
        assert home.get("public", "/tenant/a/admin/v1/agents", BEARER)[0] == 200
        assert home.get("public", "/jwks")[0] == 404


# ------------------------------------------------------------ Host

def raw(home, listener, *lines) -> bytes:
    """The whole answer to a head of exactly these lines, until the other side hangs up."""
    host, port = home.at[listener].split(":")
    with socket.create_connection((host, int(port)), timeout=30) as line:
        line.sendall("\r\n".join([*lines, "", ""]).encode())
        return b"".join(iter(lambda: line.recv(65536), b""))


@pytest.mark.parametrize("listener, path", [("public", "/jwks"), ("admin", "/admin/v1/agents"), ("operations", "/livez")])
@pytest.mark.parametrize("hosts", [[], ["Host: a", "Host: a"], ["Host: a b"], ["Host:"], ["Host: user@a"], ["Host: a:b"]])
def test_rfc9112_a_request_without_one_sound_host_is_refused_and_hung_up_on(apart, listener, path, hosts):
    answer = raw(apart, listener, f"GET {path} HTTP/1.1", *hosts, f"Authorization: Bearer {ADMIN_TOKEN}",
                 "", f"GET {path} HTTP/1.1", "Host: a", "Connection: close")
    assert answer.startswith(b"HTTP/1.1 400 ") and answer.count(b"HTTP/1.1 ") == 1
    assert raw(apart, listener, f"GET {path} HTTP/1.1", "Host: a", "Connection: close",
               f"Authorization: Bearer {ADMIN_TOKEN}").startswith(b"HTTP/1.1 200 ")


@pytest.mark.parametrize("listener, path", [("public", "/jwks"), ("admin", "/admin/v1/agents"), ("operations", "/livez")])
@pytest.mark.parametrize("target, host, status", [("http://evil.example", "a", 400), ("http://u:p@a", "a", 400),
                                                  ("http://a:1", "a", 400), ("http://a:80", "A", 200)])
def test_rfc9112_the_authority_of_the_target_is_that_of_the_host(apart, listener, path, target, host, status):
    answer = raw(apart, listener, f"GET {target}{path} HTTP/1.1", f"Host: {host}", "Connection: close",
                 f"Authorization: Bearer {ADMIN_TOKEN}")
    assert answer.startswith(f"HTTP/1.1 {status} ".encode())


@pytest.mark.parametrize("listener, path", [("public", "/jwks"), ("public", "/nowhere"), ("admin", "/admin/v1/agents")])
def test_a_refusal_for_the_host_has_its_request_id_and_is_counted(apart, listener, path):
    def counted() -> float:
        lines = apart.get("operations", "/metrics")[2].splitlines()
        return sum(float(line.rsplit(" ", 1)[1]) for line in lines
                   if line.startswith("locum_http_requests_total{") and 'status="400"' in line)
    before = counted()
    head = raw(apart, listener, f"GET {path} HTTP/1.1", "Host: a", "Host: b").partition(b"\r\n\r\n")[0].lower()
    assert head.startswith(b"http/1.1 400 ") and head.count(b"\r\nx-request-id: req_") == 1
    assert b"\r\nconnection: close" in head and counted() == before + 1


# ------------------------------------------------------------ TLS

@pytest.fixture
def tls():
    """A broker that speaks TLS, with its authority and its certificate's serial number."""
    authority = Authority()
    more = '[tls]\ncert_file = "tls.pem"\nkey_file = "tls.key"\n'
    with Serving(listen='admin = "127.0.0.1:0"', more=more) as home:
        serial = authority.issue(home)
        yield home.start(), authority, serial


def secure(home, authority, listener, path, headers=None):
    """GET over TLS, checked against the authority: status and the certificate's serial number."""
    trust = ssl.create_default_context(cadata=authority.pem())
    host, port = home.at[listener].split(":")
    connection = http.client.HTTPSConnection(host, int(port), context=trust, timeout=30)
    try:
        connection.request("GET", path, headers=headers or {})
        serial = int(connection.sock.getpeercert()["serialNumber"], 16)
        return connection.getresponse().status, serial
    finally:
        connection.close()


def test_the_public_and_the_admin_listener_speak_tls(tls):
    home, authority, serial = tls
    assert secure(home, authority, "public", "/jwks") == (200, serial)
    assert secure(home, authority, "admin", "/admin/v1/agents", BEARER) == (200, serial)
    assert home.get("operations", "/livez")[0] == 200
    with pytest.raises((http.client.HTTPException, OSError)):
        home.get("public", "/jwks")


def test_a_new_certificate_is_taken_on_sighup_and_a_broken_one_is_not(tls):
    home, authority, first = tls
    second = authority.issue(home)
    home.process.send_signal(signal.SIGHUP)
    until(lambda: secure(home, authority, "public", "/jwks")[1] == second)
    home.write("tls.pem", "no certificate")
    home.process.send_signal(signal.SIGHUP)
    until(lambda: "what was in force stays" in home.log())
    assert first != second and secure(home, authority, "public", "/jwks") == (200, second)


def certificate_left_s(home) -> int:
    name = "locum_tls_certificate_expires_in_seconds "
    lines = home.get("operations", "/metrics")[2].splitlines()
    return int(next(line for line in lines if line.startswith(name)).removeprefix(name))


def test_the_certificates_end_is_in_readiness_and_metrics_and_one_past_it_is_not_ready(tls):
    home, authority, _ = tls
    assert "[+]certificate ok, ends in 6 days" in home.get("operations", "/readyz?verbose")[2]
    assert 6 * 86_400 < certificate_left_s(home) < 7 * 86_400
    authority.issue(home, ends=timedelta(hours=-25))
    home.process.send_signal(signal.SIGHUP)
    until(lambda: home.get("operations", "/readyz")[0] == 503)
    assert "[-]certificate has ended 1 days ago" in home.get("operations", "/readyz")[2]
    assert certificate_left_s(home) < 0
    authority.issue(home)
    home.process.send_signal(signal.SIGHUP)
    until(lambda: home.get("operations", "/readyz")[0] == 200)


def test_stalled_handshakes_keep_nobody_waiting(tls):
    home, authority, _ = tls
    host, port = home.at["public"].split(":")

    def stalled(_):
        connection = socket.create_connection((host, int(port)))
        connection.sendall(b"\x16\x03\x01")
        return connection

    with ThreadPoolExecutor(16) as pool:
        open_ones = list(pool.map(stalled, range(200)))
    try:
        assert secure(home, authority, "public", "/jwks")[0] == 200
    finally:
        for connection in open_ones:
            connection.close()


def test_a_polite_end_finishes_and_exits_with_0(tls):
    home, authority, _ = tls
    assert secure(home, authority, "public", "/jwks")[0] == 200
    assert home.stop() == 0
    assert home.start().stop() == 0
