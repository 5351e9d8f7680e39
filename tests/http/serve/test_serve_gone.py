"""Whatever was answered with 200 can be loaded at every later start, and what refers to something that is gone is inert
(contract §12): objects from files and from the API, over a catalogue that shrinks."""

import json

import pytest

from support import client
from support.serving import POLICY, run

CASE = {"case": {"id": {"type": "string", "narrow": "equal"}}}
CRM = {"audience": "urn:test:crm", "scopes": {"case.read": {"risk": "low"}, "case.close": {"risk": "low"}}, "details": CASE}
SHRUNK = CRM | {"scopes": {"case.read": {"risk": "low"}}, "details": {}}
OWNER = {"kind": "team", "id": "support"}
AGENT = """
[[agents]]
id = "helper"
owner = { kind = "team", id = "support" }
auth = [{ method = "client_secret" }]
client_secret_file = "../agent.secret"
certified_until = 2099-12-31T00:00:00Z
[[agents.ceiling]]
target = "crm"
scopes = ["case.read", "case.close"]
default = ["case.read"]
alone = ["case.read"]
authorization_details = [{ type = "case", id = "1" }]
"""
STALE = ["/agents/api-bot/ceiling/0/scopes: expected scopes of the target's catalogue, found `case.close`",
         "/agents/helper/ceiling/0/scopes: expected scopes of the target's catalogue, found `case.close`",
         "/agents/helper/ceiling/0/authorization_details/0/type: expected no `authorization_details`",
         "/issuers/partner/scope_map/close: expected scopes of targets that are known, found `crm:case.close`",
         "/targets/chat/derives/ask: expected scopes of targets that are known, found `crm:case.close`"]


def plain(home):
    """A read of the agent from the file, for itself, without a word on details."""
    agent = {"client_id": "helper", "client_secret": (home.home / "agent.secret").read_text().strip()}
    return client.client_credentials(home, agent, audience=CRM["audience"])


def objects(home) -> dict:
    """Objects of the API that name what the catalogue will lose; their bodies by path."""
    bodies = {
        "/issuers/partner": {"issuer": "https://partner.example", "kind": "oidc", "role": "subject", "audiences": ["app"],
                             "scope_map": {"close": ["crm:case.close"], "read": ["crm:case.read"]}},
        "/targets/chat": {"audience": "urn:test:chat", "scopes": {"ask": {}}, "acts_as": "bot",
                          "derives": {"ask": ["crm:case.close"]}},
    }
    for path, body in bodies.items():
        answer = home.admin.put(path, body)
        assert answer.status_code == 201, answer.text
    agent = {"id": "api-bot", "owner": OWNER, "auth": [{"method": "client_secret"}],
             "ceiling": [{"target": "crm", "scopes": ["case.close", "case.read"]}]}
    answer = home.admin.post("/agents", agent)
    assert answer.status_code == 201, answer.text
    return bodies | {"/agents/api-bot": agent}


@pytest.fixture(scope="module")
def shrunk():
    """A broker whose catalogue shrank after files and API had named what it had; the bodies of the API's objects."""
    from support.serving import Serving
    with Serving() as home:
        home.write("policies/helper.cedar", POLICY.replace("bot", "helper").replace("sap", "crm"))
        home.start()
        assert home.admin.put("/targets/crm", CRM).status_code == 201
        home.write("conf.d/crm.toml", AGENT)
        answer = home.admin.post("/reload")
        assert answer.status_code == 200, answer.text
        bodies = objects(home)
        before = plain(home)
        assert before.status_code == 200, before.text
        answer = home.admin.put("/targets/crm", SHRUNK)
        assert answer.status_code == 200, answer.text
        yield home, bodies, before.json()


def same(home, before) -> None:
    """A plain read is answered as it was before the catalogue shrank."""
    after = plain(home)
    assert after.status_code == 200, after.text
    assert after.json()["scope"] == before["scope"] == "case.read"
    assert "authorization_details" not in after.json()


def test_a_plain_read_is_answered_as_before(shrunk):
    home, _, before = shrunk
    same(home, before)


def test_what_get_shows_can_be_put_and_another_such_reference_cannot_be_added(shrunk):
    home, bodies, _ = shrunk
    for path in bodies:
        shown = home.admin.get(path).json()
        again = home.admin.put(path, shown)
        assert again.status_code == 200, again.text
    for path, changes in [
        ("/issuers/partner", {"scope_map": {"close": ["crm:case.close"], "more": ["crm:case.close"]}}),
        ("/targets/chat", {"derives": {"ask": ["crm:case.close", "crm:case.open"]}}),
        ("/agents/api-bot", {"ceiling": [{"target": "crm", "scopes": ["case.close", "case.open"]}]}),
    ]:
        assert home.admin.put(path, home.admin.get(path).json() | changes).status_code == 422, path


def test_the_broker_reloads_and_starts_and_warns_of_each_reference(shrunk):
    home, _, before = shrunk
    answer = home.admin.post("/reload")
    assert answer.status_code == 200, answer.text
    records = home.records()
    assert home.stop() == 0
    (home.home / "stderr").write_text("")
    home.start()
    assert home.records() == records
    same(home, before)
    for line in STALE:
        assert home.log().count(line) == 1, f"{line}\n{home.log()}"


def test_readiness_tells_who_asks_and_stays_ready(shrunk):
    home, *_ = shrunk
    status, _, text = home.get("operations", "/readyz?verbose=references")
    assert status == 200 and text.endswith("ready\n")
    told = [line for line in text.splitlines() if line.startswith("[!]references ")]
    assert len(told) == len(STALE)
    assert all(any(line in one for one in told) for line in STALE), text
    assert "references" not in home.get("operations", "/readyz?verbose")[2]


def test_the_doctor_lists_them(shrunk):
    home, *_ = shrunk
    done = run("doctor", "-o", "json", "--operations", f"http://{home.at['operations']}")
    checks = json.loads(done.stdout)["data"]["checks"]
    found = lambda name: [(one["result"], one["detail"]) for one in checks if one["name"] == name]
    assert [result for result, _ in found("readiness")] == ["ok"]
    told = found("references")
    assert len(told) == len(STALE) and all(result == "warn" for result, _ in told)
    assert all(any(line in detail for _, detail in told) for line in STALE)


def test_what_is_declared_for_the_first_time_names_only_what_is_there(shrunk):
    home, _, before = shrunk
    home.write("conf.d/new.toml", AGENT.replace('"helper"', '"newcomer"'))
    answer = home.admin.post("/reload")
    assert answer.status_code == 422
    places = {error["pointer"] for error in answer.json()["errors"]}
    assert places == {"/agents/newcomer/ceiling/0/scopes", "/agents/newcomer/ceiling/0/authorization_details/0/type"}
    assert home.stop() == 0
    done = run("serve", "--config", home.config)
    assert done.returncode == 1
    assert "/agents/newcomer/ceiling/0/scopes: expected scopes of the target's catalogue" in done.stderr
    (home.home / "conf.d" / "new.toml").unlink()
    home.start()
    same(home, before)


# ------------------------------------------------------------ without a broker

def test_config_check_warns_of_what_the_files_name_and_do_not_declare(folder):
    well = run("config", "check", "--config", folder.config)
    assert (well.returncode, well.stderr) == (0, "")
    folder.change("conf.d/objects.toml", 'target = "sap", scopes = ["invoice.read"]',
                  'target = "sap", scopes = ["invoice.read", "invoice.list"]')
    folder.write("conf.d/crm.toml", AGENT)
    done = run("config", "check", "--config", folder.config)
    assert done.returncode == 0 and done.stdout == f"{folder.config}: ok\n"
    scope = "expected scopes of the target's catalogue, found `invoice.list`"
    warnings = [f"agents.bot.ceiling.0.scopes: {scope} in the files",
                "agents.helper.ceiling.0.target: expected a target that is known, found `crm` in the files"]
    assert sorted(done.stderr.splitlines()) == [f"warning: {text}" for text in warnings]
    shown = json.loads(run("-o", "json", "config", "check", "--config", folder.config).stdout)
    assert shown["ok"] is True and sorted(shown["warnings"]) == warnings
