"""`locum serve`: files in, production out (contract §14)."""

import signal

import pytest

from support import client
from support.broker import DevBroker
from support.scene import until
from support.serving import ADMIN_TOKEN, AGENT_SECRET, ISSUER, POLICY, SERVER_SECRET, Serving, run

BOT = {"client_id": "bot", "client_secret": AGENT_SECRET}


def alone(home, **params):
    """The agent for itself, which policy and ceiling allow."""
    return client.client_credentials(home, BOT, audience="urn:test:sap", **params)


# ------------------------------------------------------------ start

def test_an_agent_from_files_gets_a_token_and_its_target_sees_it(served):
    answer = alone(served)
    assert answer.status_code == 200, answer.text
    claims = client.decode(answer.json()["access_token"])
    assert (claims["iss"], claims["sub"], claims["aud"]) == (ISSUER, "bot", "urn:test:sap")
    url = f"http://{served.at['public']}/introspect"
    server = {"client_id": "sap-rs", "client_secret": SERVER_SECRET}
    seen = client.call(served, url, [("token", answer.json()["access_token"])], server)
    assert seen.json()["active"] is True


def test_a_dev_folder_is_not_served(folder):
    with DevBroker(data=folder.home / "data"):
        pass
    done = run("serve", "--config", folder.config)
    assert done.returncode == 1
    assert "expected a data folder of mode `serve`, found mode `dev`" in done.stderr


def test_a_served_folder_is_no_dev_world(folder):
    folder.start().stop()
    done = run("dev", "--listen", "127.0.0.1:0", "--data", folder.home / "data")
    assert done.returncode == 1 and "found mode `serve`" in done.stderr


@pytest.mark.parametrize("old, new, sentence", [
    ("[listen]", "[listen]\nadmn = \"127.0.0.1:0\"", "unknown key `listen.admn`; the nearest known one is `listen.admin`"),
    ("[policy]", "[polcy]", "unknown key `polcy`; the nearest known one is `policy`"),
    ("https://broker.example", "http://broker.example", "expected https, or http on loopback"),
    ("https://broker.example", "https://broker.example/", "expected no trailing slash"),
    ("\"admin.token\"", "\"nowhere\"", "cannot be read"),
    ("[policy]", "[limits]\nbody_bytes = \"many\"\n[policy]", "`limits.body_bytes`: expected a whole number"),
    ("[policy]", "[tls]\ncert_file = \"x\"\n[policy]", "expected `tls.cert_file` and `tls.key_file`"),
    ("data_dir = \"data\"", "", "expected a value for `data_dir`"),
    ("[policy]", "[telemetry]\notlp_endpoint = \"http://127.0.0.1:4318\"\n[policy]",
     "expected a build with the feature `otlp`, found one without it"),
])
def test_what_is_wrong_is_said_in_one_sentence(folder, old, new, sentence):
    folder.change("locum.toml", old, new)
    for command in (["serve"], ["config", "check"]):
        done = run(*command, "--config", folder.config)
        assert done.returncode == 1
        assert sentence in done.stderr and len(done.stderr.splitlines()) == 1, done.stderr
        assert done.stdout == ""


@pytest.mark.parametrize("name, text, sentence", [
    ("master.key", "c2hvcnQ=", "expected 32 bytes in base64, found 5"),
    ("admin.token", "short", "`admin.bootstrap_token_file`: expected a secret of at least 128 bits, found a weaker one"),
    ("admin.token", "0123456789abcdef" * 4, "expected a secret of at least 128 bits"),
    ("agent.secret", "visible-secret", "`agents.bot.client_secret_file`: expected a secret of at least 128 bits"),
    ("agent.secret", "", "expected one line of printable ASCII"),
    ("conf.d/more.toml", "[trust]\nca_file = \"nowhere.pem\"", "`trust.ca_file`: "),
    ("conf.d/more.toml", "[trust]\nca_file = \"more.toml\"", "expected a certificate, found none"),
    ("policies/bot.cedar", "permit(", "unexpected end of input"),
    ("conf.d/more.toml", "[[agents]]\nid = \"x\"\nownr = 1", "unknown key `ownr`; the nearest known one is `owner`"),
    ("conf.d/more.toml", "[[clients]]\nid = \"x\"\nkind = \"presenter\"\nauth = [{ method = \"client_secret\" }]",
     "LOCUM_CLIENT_SECRET_X"),
    ("conf.d/more.toml", "[[clients]]\nid = \"x\"\nclient_secret = \"visible-secret\"", "`client_secret_file`"),
    ("conf.d/more.toml", "include = []", "in the main file only"),
    ("conf.d/more.toml", "issuer = \"https://other.example\"", "expected `issuer` once"),
    ("conf.d/more.toml", "[[targets]]\nid = \"sap\"\naudience = \"x\"", "expected `sap` once"),
    ("conf.d/more.toml", "admin = \"visible-secret", "expected TOML, found in line 1"),
])
def test_files_beside_it_are_checked_too_and_never_repeated(folder, name, text, sentence):
    folder.write(name, text)
    done = run("config", "check", "--config", folder.config)
    assert done.returncode == 1 and sentence in done.stderr, done.stderr
    assert "visible-secret" not in done.stderr


def test_objects_are_checked_among_each_other(folder):
    folder.change("conf.d/objects.toml", "target = \"sap\"", "target = \"nowhere\"")
    done = run("serve", "--config", folder.config)
    assert done.returncode == 1
    assert "/agents/bot/ceiling/0/target: expected a target that is known" in done.stderr


def test_secrets_come_from_the_environment_as_well(folder):
    key = (folder.home / "master.key").read_text().strip()
    folder.change("locum.toml", "master_key_file = \"master.key\"", "")
    folder.change("conf.d/objects.toml", "client_secret_file = \"../agent.secret\"", "")
    names = {"LOCUM_MASTER_KEY": key, "LOCUM_CLIENT_SECRET_BOT": AGENT_SECRET}
    done = run("config", "check", "--config", folder.config, env=names)
    assert done.returncode == 0, done.stderr
    assert run("config", "check", "--config", folder.config, env={}).returncode == 1


def test_explain_says_value_and_file_or_default(folder):
    folder.write("conf.d/limits.toml", "[limits]\nmax_hops = 6\n")

    def explain(key):
        return run("config", "explain", key, "--config", folder.config)

    given = explain("limits.max_hops").stdout
    assert "6" in given and str(folder.home / "conf.d" / "limits.toml") in given
    default = explain("limits.body_bytes").stdout
    assert "65536" in default and "default" in default
    assert "objects.toml" in explain("agents.bot.ceiling").stdout
    unknown = explain("limits.max_hop")
    assert unknown.returncode == 1 and "`limits.max_hops`" in unknown.stderr


def test_a_restart_adds_no_record_and_keeps_the_keys(folder):
    folder.start()
    before, keys = folder.records(), folder.get("public", "/jwks")[2]
    assert folder.stop() == 0
    folder.start()
    assert folder.records() == before
    assert folder.get("public", "/jwks")[2] == keys
    folder.stop()
    folder.change("conf.d/objects.toml", "alone = [\"invoice.read\"]", "alone = []")
    folder.start()
    assert folder.records() == before + 1
    assert alone(folder).status_code == 400


def test_another_master_key_opens_nothing(folder):
    folder.start().stop()
    folder.write("master.key", "A" * 43)
    done = run("serve", "--config", folder.config)
    assert done.returncode == 1 and "expected signing keys sealed under this master key" in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_folder_and_an_address_are_served_once(folder):
    folder.start()
    second = run("serve", "--config", folder.config)
    assert second.returncode == 1 and "ledger" in second.stderr
    folder.change("locum.toml", 'public = "127.0.0.1:0"', f'public = "{folder.at["public"]}"')
    taken = run("serve", "--config", folder.config)
    assert taken.returncode == 1 and "`listen.public`: cannot listen on" in taken.stderr


# ------------------------------------------------------------ read-only in the API

@pytest.mark.parametrize("method, path", [
    ("PUT", "/issuers/corp"), ("PUT", "/targets/sap"), ("PUT", "/clients/sap-rs"), ("PUT", "/agents/bot"),
    ("POST", "/agents/bot/secrets"), ("POST", "/agents/bot/versions"), ("POST", "/agents/bot/retire"),
    ("POST", "/agents/bot/suspend"), ("POST", "/clients/sap-rs/secrets"), ("PUT", "/policies"),
])
def test_what_a_file_declares_is_read_only_in_the_api(served, method, path):
    answer = served.admin.call(method, path, {"reason": "test"})
    assert answer.status_code == 409, answer.text
    assert answer.json()["code"] == "LCM-MANAGED-BY-FILE"


def test_what_no_file_declares_is_made_by_the_api(folder):
    folder.start()
    made = folder.admin.post("/clients", {"id": "other", "kind": "presenter", "auth": [{"method": "client_secret"}]})
    assert made.status_code == 201, made.text
    shown = folder.admin.get("/agents/bot").json()
    assert (shown["state"], shown["owner"]["id"]) == ("active", "finance-it")
    lock = {"what": {"kind": "agent", "id": "bot"}, "reason": "test", "expires_at": None, "dry_run": False}
    assert folder.admin.post("/locks", lock).status_code == 201
    assert alone(folder).json()["code"] == "LCM-LOCKED"


def test_administrators_make_no_grants_unless_that_is_on(served):
    grant = {"person": "corp:ada", "agent": "bot", "expires_at": "2099-01-01T00:00:00Z", "reason": "test",
             "targets": [{"target": "sap", "scopes": ["invoice.read"], "authorization_details": []}]}
    answer = served.admin.post("/grants", grant)
    assert (answer.status_code, answer.json()["code"]) == (403, "LCM-GRANTS-OFF")
    with Serving(more="[grants]\nallow_administrator = true\n") as home:
        assert home.start().admin.post("/grants", grant).status_code == 201


def test_the_bootstrap_token_is_an_administrator_and_no_other_is(served):
    assert served.admin.get("/agents").status_code == 200
    served.admin_token, before = ADMIN_TOKEN + "x", served.admin_token
    try:
        assert served.admin.get("/agents").status_code == 401
    finally:
        served.admin_token = before


# ------------------------------------------------------------ reload

def test_sighup_reads_policies_again_and_broken_ones_change_nothing(folder):
    folder.start()
    assert alone(folder).status_code == 200
    folder.write("policies/bot.cedar", "permit(")
    folder.process.send_signal(signal.SIGHUP)
    until(lambda: "what was in force stays" in folder.log())
    assert alone(folder).status_code == 200
    folder.write("policies/bot.cedar", POLICY + "@id(\"no\") forbid(principal, action, resource);\n")
    folder.process.send_signal(signal.SIGHUP)
    until(lambda: alone(folder).status_code == 400)
    assert alone(folder).json()["code"] == "LCM-POLICY-DENIED"


def test_a_secret_from_a_file_changes_without_an_outage(folder):
    old, new = BOT, BOT | {"client_secret": "another-secret-of-a-test-0123456789"}

    def counted():
        asked = [client.client_credentials(folder, who, audience="urn:test:sap") for who in (old, new)]
        return [answer.status_code for answer in asked]

    def reloaded():
        assert folder.admin.post("/reload").status_code == 200
        return folder.records()

    line = 'client_secret_file = "../agent.secret"'
    folder.change("conf.d/objects.toml", line, line + "\nclient_secret_overlap_seconds = 3600")
    folder.start()
    assert counted() == [200, 401]
    folder.write("agent.secret", new["client_secret"])
    changed = reloaded()
    assert reloaded() == changed
    assert counted() == [200, 200]
    folder.stop()
    folder.start()
    assert counted() == [200, 200]
    folder.change("conf.d/objects.toml", "overlap_seconds = 3600", "overlap_seconds = 0")
    reloaded()
    assert counted() == [401, 200]
    folder.write("agent.secret", old["client_secret"])
    reloaded()
    assert counted() == [200, 401], "without an overlap the old one ends at once"


def test_the_api_reads_the_files_again_and_says_what_is_wrong(folder):
    folder.start()
    assert folder.admin.post("/reload").status_code == 200
    folder.write("policies/bot.cedar", "permit(")
    folder.write("conf.d/more.toml", "[[issuers]]\nid = \"two\"\nissuer = \"https://two.example\"\n"
                                     "kind = \"oidc\"\nrole = \"subject\"\n")
    answer = folder.admin.post("/reload")
    assert answer.status_code == 422
    assert [e["pointer"] for e in answer.json()["errors"]] == ["/policies/bot.cedar"]
    assert folder.admin.get("/issuers/two").status_code == 200, "what is sound is in force"
    assert alone(folder).status_code == 200
    folder.write("conf.d/more.toml", "[[issuers]]\nid = \"two\"\n")
    broken = folder.admin.post("/reload")
    assert broken.status_code == 422 and "two" in broken.text


def test_only_administrators_reload_and_a_dev_world_has_no_files(served, dev_broker):
    made = served.admin.post("/credentials", {"role": "operator", "name": "test", "expires_at": None})
    operator = client.Admin(served, made.json()["token"])
    assert operator.post("/reload").status_code == 403
    assert client.admin(dev_broker).post("/reload").status_code == 409
