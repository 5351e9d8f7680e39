"""Canaries: a secret is planted wherever one can be sent, right and wrong, and everything that comes out is searched."""

import base64
import os
import re
import shutil
import subprocess
import tempfile
from pathlib import Path

import pytest

from support import client, tokens
from support.authority import Authority
from support.canaries import shapes
from support.process import binary
from support.scene import until
from support.serving import ADMIN_TOKEN, AGENT_SECRET, SERVER_SECRET, Serving, run
from support.world import World, entry, stamp, unique

TLS = '[tls]\ncert_file = "tls.pem"\nkey_file = "tls.key"\n'
# One worker for the whole file: its broker is told everything once.
pytestmark = pytest.mark.xdist_group("canaries")

NOBODY = 65534
ANYBODY = '@id("anybody") @reason("test")\npermit(principal, action, resource);\n'


class Secure(Serving):
    """`locum serve` over TLS, saying all it can."""

    @property
    def admin_api(self) -> str:
        return f"https://{self.at['public']}/admin/v1"

    @property
    def token_endpoint(self) -> str:
        return f"https://{self.at['public']}/token"


class Aviary:
    """Secrets by name, and every answer that was given while they were about."""

    def __init__(self):
        self.birds: dict[str, set[bytes]] = {}
        self.answers: list[bytes] = []

    def plant(self, name: str, secret: str | bytes | None = None):
        """One more secret; one of its own unless given."""
        secret = secret or f"canary{unique('')}{unique('')}".replace("-", "")
        self.birds[name] = shapes(secret)
        return secret

    def token(self, name: str, text: str) -> str:
        """A token: its signature is what makes it one."""
        self.birds[name] = shapes(text.rsplit(".", 1)[-1]) | shapes(tokens.unb64(text.rsplit(".", 1)[-1]))
        return text

    def heard(self, answer):
        """Keeps an answer, its headers included."""
        self.answers.append(answer.content + str(dict(answer.headers)).encode())
        return answer

    def seen_in(self, text: bytes) -> list[str]:
        """Whose secrets are in it."""
        return sorted(name for name, forms in self.birds.items() if any(form in text for form in forms))


@pytest.fixture(scope="module")
def aviary():
    """A served broker that was told every secret there is, and was stopped: the home, the canaries, what it said."""
    patch = pytest.MonkeyPatch()
    patch.setenv("LOCUM_LOG", "trace")
    birds, authority = Aviary(), Authority()
    with Secure(more=TLS) as home:
        authority.issue(home)
        home.write("ca.pem", authority.pem())
        home.write("policies/bot.cedar", ANYBODY)
        patch.setattr(client.http, "verify", str(home.home / "ca.pem"))
        master = (home.home / "master.key").read_text().strip()
        birds.plant("master key in base64", master)
        birds.plant("master key", base64.b64decode(master))
        for line in (home.home / "tls.key").read_text().splitlines()[1:-1]:
            birds.plant(f"TLS key: {line[:2]}", line)
        for name, secret in {"bootstrap token": ADMIN_TOKEN, "agent": AGENT_SECRET, "server": SERVER_SECRET}.items():
            birds.plant(name, secret)
        try:
            home.start()
            process = Path("/proc") / str(home.process.pid)
            core = re.search(r"Max core file size +(\S+) +(\S+)", (process / "limits").read_text()).groups()
            strangers(home, birds)
            people(home, birds)
            operators(home, birds)
            said = {"metrics": home.get("operations", "/metrics")[2], "ready": home.get("operations", "/readyz?verbose")[2]}
            backup = birds.heard(home.admin.get("/backup")).content
            told = {"LOCUM_ISSUER": f"https://{home.at['public']}", "LOCUM_ADMIN_TOKEN": ADMIN_TOKEN, "LOCUM_CLIENT_ID": "bot", "LOCUM_CLIENT_SECRET": AGENT_SECRET}
            for words in (["doctor", "--operations", f"http://{home.at['operations']}"], ["agents", "list"], ["token", "--for", "sap"]):
                ran = run(*words, env=dict(os.environ) | told)
                said[words[0]] = ran.stdout + ran.stderr
            home.admin.post("/reload")
            assert home.stop() == 0
            yield home, birds, said | {"backup": backup}, core
        finally:
            patch.undo()


def strangers(home, birds):
    """Secrets that open nothing: wrong ones, in every place of a request."""
    url, me = home.token_endpoint, {"client_id": "bot", "client_secret": birds.plant("wrong secret")}
    pairs = [("grant_type", "client_credentials"), ("audience", "urn:test:sap")]
    for auth in ("basic", "post"):
        birds.heard(client.call(home, url, pairs, me, auth))
    right = {"client_id": "bot", "client_secret": AGENT_SECRET}
    everywhere = {name: birds.plant(f"header {name}") for name in
                  ("X-Canary", "Cookie", "User-Agent", "Referer", "DPoP", "Proxy-Authorization", "X-Forwarded-For",
                   "traceparent", "X-Request-Id", "Accept", "Forwarded", "Idempotency-Key")}
    birds.heard(client.call(home, url, pairs, right, headers=everywhere))
    birds.heard(client.call(home, f"{url}?client_secret={birds.plant('query')}", pairs, right))
    birds.heard(client.call(home, url, [*pairs, ("client_secret", birds.plant("second method"))], right))
    birds.heard(client.call(home, url, [*pairs, ("password", birds.plant("unknown parameter"))], right))
    birds.heard(client.call(home, url, [("grant_type", "password"), ("password", birds.plant("password"))], right))
    birds.heard(client.http.post(url, data=f"{{{birds.plant('no form')}", headers={"Content-Type": "application/json"}))
    birds.heard(client.http.get(f"https://{home.at['public']}/{birds.plant('path')}", timeout=30))
    for name in ("bearer", "basic", "token"):
        head = {"Authorization": f"{name} {birds.plant(f'admin by {name}')}"}
        birds.heard(client.http.post(f"{home.admin_api}/agents", data=birds.plant(f"body by {name}"), headers=head, timeout=30))
    for path in ("introspect", "revoke"):
        place = f"https://{home.at['public']}/{path}"
        birds.heard(client.call(home, place, [("token", birds.plant(f"opaque at {path}"))], right))
        birds.heard(client.call(home, place, [("token", birds.plant(f"stranger's at {path}"))], me))


def people(home, birds):
    """Tokens, assertions and secrets that are right, and the same once broken."""
    world = World(home)
    issuer, workloads = world.issuer(), world.issuer(role="workload")
    limits = [entry("sap", ["invoice.read"], ["invoice.read"], alone=["invoice.read"])]
    agent = world.agent(ceiling=limits, subject_issuers=[issuer.id],
                        workload={"issuer": workloads.id, "claims": {"sub": "w"}})
    birds.plant("made secret", agent.client_secret)
    for key, name in ((agent.private_jwk, "agent"), (issuer.key, "issuer"), (workloads.key, "workloads")):
        birds.plant(f"private key of {name}", key["d"])
    times = {"iat": tokens.now(), "exp": tokens.now() + 300}
    subject = tokens.sign({"iss": issuer.issuer, "sub": "ada", "aud": "test-app", "groups": []} | times, issuer.key)
    actor = tokens.sign({"iss": workloads.issuer, "sub": "w", "aud": home.issuer} | times, workloads.key)
    url, issued = home.token_endpoint, []
    for number, (text, acting) in enumerate(((subject, None), (subject, actor), (subject[:-8] + "AAAAAAAA", None),
                                             (subject, actor[:-8] + "AAAAAAAA"), (tokens.tampered(subject, sub="eve"), None))):
        birds.token(f"subject {number}", text)
        more = {"actor_token": birds.token(f"actor {number}", acting), "actor_token_type": client.JWT} if acting else {}
        pairs = client.form(text, audience="urn:test:sap", purpose="pay", **more)
        pairs += [("client_assertion_type", client.ASSERTION_TYPE),
                  ("client_assertion", birds.token(f"assertion {number}", tokens.client_assertion(home, agent)))]
        answer = client.call(home, url, pairs, auth=None)
        if answer.status_code == 200:
            issued.append(birds.token(f"issued {number}", answer.json()["access_token"]))
        else:
            birds.heard(answer)
    assert len(issued) == 2, [a[:300] for a in birds.answers[-3:]]
    # A token in a place of the request that is recorded.
    for name in ("audience", "scope", "resource", "authorization_details", "task_id", "expires_in", "delegate_to",
                 "requested_token_type", "grant_type", "subject_token_type"):
        pairs = [(n, t) for n, t in client.form(subject, audience="urn:test:sap") if n != name] + [(name, subject)]
        birds.heard(client.call(home, url, pairs, agent))
    server = {"client_id": "sap-rs", "client_secret": SERVER_SECRET}
    for text in issued:
        assert client.call(home, f"https://{home.at['public']}/introspect", [("token", text)], server).json()["active"]
        birds.heard(client.call(home, f"https://{home.at['public']}/revoke", [("token", text)], agent))


def operators(home, birds):
    """Secrets in the admin API: made there, and sent where none belongs."""
    admin = home.admin
    made = admin.post("/credentials", {"role": "auditor", "name": "n", "expires_at": stamp(600)}).json()["token"]
    birds.plant("credential", made.split(".")[1])
    birds.heard(client.admin(home, made).get("/decisions"))
    birds.heard(client.admin(home, made).post("/credentials", {"role": "admin", "name": "n"}))
    server = World(home).client()
    birds.plant("server made", server["client_secret"])
    another = admin.post(f"/agents/{World(home).agent(subject_issuers=[])['id']}/secrets", {"overlap_seconds": 60})
    birds.plant("second secret", another.json()["client_secret"])
    issuer = {"kind": "oidc", "role": "subject", "audiences": ["a"],
              "issuer": f"https://user:{birds.plant('userinfo')}@idp.example"}
    assert birds.heard(admin.put("/issuers/userinfo", issuer)).status_code == 422
    issuer |= {"issuer": "https://idp.example", "kind": "jwt", "jwks_uri": f"https://u:{birds.plant('jwks_uri')}@idp.example/k"}
    assert birds.heard(admin.put("/issuers/userinfo", issuer)).status_code == 422
    target = {"audience": "urn:test:userinfo", "resources": [f"https://u:{birds.plant('resource')}@api.example"], "scopes": {}}
    assert birds.heard(admin.put("/targets/userinfo", target)).status_code == 422
    private = tokens.new_jwk()
    birds.plant("private key sent", private["d"])
    body = World(home).agent_body(unique("agent"), private)
    body["auth"] = [{"method": "private_key_jwt", "jwks": {"keys": [private]}}]
    assert birds.heard(admin.post("/agents", body)).status_code == 422
    birds.heard(admin.post("/agents", body | {"auth": [{"method": birds.plant("method")}]}))
    birds.heard(admin.post("/agents", body | {"client_secret": birds.plant("unknown member")}))
    birds.heard(admin.post("/clients", {"id": "x", "kind": birds.plant("kind")}))
    head = {"Authorization": f"Bearer {ADMIN_TOKEN}", "Content-Type": "application/json"}
    birds.heard(client.http.post(f"{home.admin_api}/agents", data=f'{{"a":"{birds.plant("broken JSON")}', headers=head))
    birds.heard(admin.get(f"/decisions?cursor={birds.plant('cursor')}"))
    birds.heard(admin.get(f"/agents/{birds.plant('id')}"))
    for path in ("/agents", "/clients", "/issuers", "/targets", "/credentials", "/keys", "/decisions", "/policies"):
        birds.heard(admin.get(path))


def nothing_in(birds, places: dict[str, bytes]):
    """No canary in any of them."""
    found = {name: birds.seen_in(text) for name, text in places.items()}
    assert {name: seen for name, seen in found.items() if seen} == {}


def test_no_secret_is_in_what_the_process_wrote_at_its_most_talkative(aviary):
    home, birds, *_ = aviary
    streams = {name: (home.home / name).read_bytes() for name in ("stdout", "stderr")}
    levels = set(re.findall(rb'"level":"([A-Z]+)"', streams["stderr"]))
    assert levels >= {b"INFO", b"DEBUG"}, levels
    nothing_in(birds, streams)


def test_no_secret_is_in_metrics_readiness_a_backup_or_what_the_commands_say(aviary):
    _, birds, said, *_ = aviary
    nothing_in(birds, {name: text.encode() if isinstance(text, str) else text for name, text in said.items()})


def test_no_secret_is_in_any_file_of_the_data_folder(aviary):
    home, birds, *_ = aviary
    files = [p for p in (home.home / "data").rglob("*") if p.is_file()]
    assert any(p.suffix == ".seg" for p in files)
    nothing_in(birds, {str(p): p.read_bytes() for p in files})


def test_no_secret_is_repeated_in_an_answer(aviary):
    _, birds, *_ = aviary
    # An unknown id, or method, may be named back to the one who sent it; what opens something never is.
    nothing_in(birds, {f"{number}: {text[:120]!r}": text for number, text in enumerate(birds.answers)})


def test_no_secret_is_in_what_the_commands_say_of_the_configuration(aviary):
    home, birds, *_ = aviary
    said = {}
    for words in (["check"], *(["explain", key] for key in ("keys", "keys.master_key_file", "admin", "agents.bot", "clients.sap-rs", "tls"))):
        ran = run("config", *words, "--config", home.config)
        assert ran.returncode == 0, ran.stderr
        said[" ".join(words)] = (ran.stdout + ran.stderr).encode()
    nothing_in(birds, said)


def test_the_process_leaves_no_core(aviary):
    assert aviary[3] == ("0", "0")


@pytest.fixture
def ordinary():
    """`locum dev` run by an ordinary user: its process id."""
    user, home = os.getuid() or NOBODY, Path(tempfile.mkdtemp(prefix="locum-user-"))
    os.chown(home, user, -1)
    command = [binary(), "dev", "--listen", "127.0.0.1:0", "--data", home / "data", "--ready-file", home / "ready"]
    process = None
    try:
        process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                                   cwd=home, **({} if os.getuid() else {"user": user}))
        until((home / "ready").exists, 60)
        yield process.pid
    except PermissionError:
        pytest.skip("the executable is not an ordinary user's to run here")
    finally:
        if process is not None:
            process.kill()
            process.wait(30)
        shutil.rmtree(home, ignore_errors=True)


def test_nobody_but_root_may_read_or_dump_its_memory(ordinary):
    """proc(5): what belongs to a process that may not be dumped belongs to root, whoever runs it."""
    assert os.stat(f"/proc/{ordinary}/mem").st_uid == 0


BROKEN = {"a master key that is too short": ("master.key", "{0}"), "a bootstrap token over two lines": ("admin.token", "{0}\n{0}\n"),
          "a client's secret over two lines": ("agent.secret", "{0}\n{0}\n"), "a broken TLS key": ("tls.key", "{0}"),
          "a secret in the configuration": ("conf.d/x.toml", '[[agents]]\nid = "x"\nclient_secret = "{0}"\n'),
          "TOML that ends too early": ("conf.d/x.toml", '[keys]\nmaster_key = "{0}'),
          "a value of another type": ("conf.d/x.toml", '[limits]\nbody_bytes = "{0}"\n'),
          "an unknown key": ("conf.d/x.toml", '[keys]\nmaster_key = "{0}"\n'),
          "a password in the issuer": ("locum.toml", 'issuer = "ftp://me:{0}@broker.example/"\n'),
          "a name for a key": ("conf.d/x.toml", 'a = {{ "b" = {0} }}\n')}


@pytest.mark.parametrize("flaw", BROKEN)
def test_what_is_wrong_with_a_file_is_said_without_what_stands_in_it(flaw):
    birds = Aviary()
    with Secure(more=TLS) as home:
        Authority().issue(home)
        name, text = BROKEN[flaw]
        home.write(name, text.format(birds.plant(flaw)))
        said = run("config", "check", "--config", home.config)
        served = run("serve", "--config", home.config)
        assert said.returncode == 1 and served.returncode == 1, said.stdout
        nothing_in(birds, {"check": (said.stdout + said.stderr).encode(), "serve": (served.stdout + served.stderr).encode()})
