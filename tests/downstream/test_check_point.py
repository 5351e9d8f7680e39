"""Check Point's own SDK before a management server, and in the sessions there that Locum hands out."""

import pytest
from check_point import CheckPoint
from handing import Handed
from vendors import check_point

from support import client
from support.scene import until

SCOPES = {"rule.read": "low", "rule.write": "low"}
HOST = {"name": "host-2", "ip-address": "192.0.2.2"}


@pytest.fixture
def server(tmp_path):
    """A management server."""
    with CheckPoint(tmp_path) as running:
        yield running


@pytest.fixture
def target(broker, server):
    """A target of it, one administrator for each set of scopes."""

    def make(passwords: dict | None = None, **changes):
        secrets = CheckPoint.administrators | (passwords or {})
        reads, writes = secrets
        principals = [{"scopes": ["rule.read"], "user": reads, "secret": reads, "read_only": True},
                      {"scopes": ["rule.read", "rule.write"], "user": writes, "secret": writes}]
        connector = {"kind": "vendor_session", "profile": "checkpoint", "base_url": server.url, "secrets": [],
                     "parameters": {"principals": principals}}
        entitlements = {name: ["demo:staff"] for name in SCOPES}
        return Handed(broker, connector, secrets, SCOPES, entitlements=entitlements, **changes)

    return make


@pytest.fixture
def sdk(server):
    """The SDK in a session that was handed out."""
    return lambda got: check_point(server.port, got["access_token"])


def test_the_sdk_logs_in_works_and_logs_out(server):
    own = check_point(server.port)
    assert own.login("svc-write", CheckPoint.administrators["svc-write"]).success
    assert own.api_call("add-host", HOST).success and own.api_call("publish").success
    assert [host["name"] for host in own.api_call("show-hosts").data["objects"]] == ["host-1", "host-2"]
    assert own.api_call("logout").success and not server.sessions
    assert not check_point(server.port).login("svc-write", "another").success


def test_a_session_opens_the_server_by_the_sdk_and_only_for_reading(target, server, sdk):
    got = target().obtained("rule.read")
    assert got["token_type"] == "N_A" and got["present"] == {"header": "X-chkp-sid", "prefix": ""}
    assert sdk(got).api_call("show-hosts").success
    refused = sdk(got).api_call("add-host", HOST)
    assert not refused.success and refused.status_code == 403
    assert server.logins[-1]["session-description"] == got["delegation_id"]
    assert 10 <= server.logins[-1]["session-timeout"] <= 300


def test_what_was_not_published_is_gone_with_a_session_that_is_given_back(target, broker, server, sdk):
    made = target()
    got = made.obtained("rule.read rule.write")
    assert sdk(got).api_call("add-host", HOST).success
    assert client.revoke(broker, got["access_token"], agent=made.agent).status_code == 200
    until(lambda: not server.sessions)
    assert server.hosts == ["host-1"]
    assert not sdk(got).api_call("show-hosts").success


def test_no_two_exchanges_hand_out_the_same_session_and_another_ones_stays(target, broker, server, sdk):
    made = target()
    first, second = made.obtained("rule.read"), made.obtained("rule.read")
    assert first["access_token"] != second["access_token"]
    assert client.revoke(broker, first["access_token"], agent=made.agent).status_code == 200
    until(lambda: len(server.sessions) == 1)
    assert sdk(second).api_call("show-hosts").success


def test_a_changed_session_is_none(target, sdk):
    got = target().obtained("rule.read")
    changed = got["access_token"][::-1]
    assert not sdk(got | {"access_token": changed}).api_call("show-hosts").success


def test_a_wrong_password_is_refused_and_the_server_keeps_its_words(target):
    answer = target({"svc-read": "another"}).exchange("rule.read")
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target"), answer.text
    assert "LCM-DOWNSTREAM-REFUSED" in answer.text and "canary" not in answer.text


def test_a_session_that_may_write_is_no_session_that_may_only_read(target, server):
    server.generous = True
    answer = target().exchange("rule.read")
    assert answer.status_code == 503 and "LCM-DOWNSTREAM" in answer.text and "canary" not in answer.text
    until(lambda: not server.sessions)


def test_a_session_that_lives_longer_than_its_permit_is_ended_and_handed_to_nobody(target, server):
    server.slow_to_end = True
    answer = target().exchange("rule.read")
    assert answer.status_code == 400 and "LCM-HANDOUT-UNSAFE" in answer.text and "expire" in answer.text
    until(lambda: not server.sessions)
