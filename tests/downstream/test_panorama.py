"""Palo Alto's own clients before the emulated Panorama."""

import pytest
from pan.xapi import PanXapiError
from panos.panorama import Panorama
from vendors import pan

from support import client

SYSTEM_INFO = "<show><system><info></info></system></show>"


@pytest.fixture
def device(broker, accounts, origins):
    """pan-python, signed in as one of the administrators."""
    port = int(origins.panorama.rpartition(":")[2])

    def open_as(admin: int = 0, **changes):
        account = accounts.panorama[admin]
        given = {"api_username": account.user, "api_password": account.password} | changes
        return pan(port, broker.ca_file, **given)

    open_as.port = port
    return open_as


@pytest.fixture
def rules(origins):
    """A request to the device's rules with a key."""

    def call(method: str, key: str):
        body = None if method == "GET" else {"action": "deny"}
        return client.http.request(method, f"{origins.panorama}/panorama/rules", headers={"X-PAN-KEY": key},
                                   json=body, timeout=client.TIMEOUT_S)

    return call


def test_pan_python_gets_another_key_each_time_and_uses_it(device, rules):
    first, second = device().keygen(), device().keygen()
    assert first != second
    greeted = device(api_username=None, api_password=None, api_key=first)
    greeted.op(SYSTEM_INFO)
    assert greeted.element_result.findtext("system/model") == "Panorama"
    read = rules("GET", first)
    assert read.status_code == 200 and read.json()["seen"] == {"sub": "svc-read", "scope": "rule.read"}
    assert rules("POST", first).status_code == 403
    assert rules("POST", device(1).keygen()).status_code == 201


def test_pan_os_python_greets_the_device(accounts, device):
    account = accounts.panorama[0]
    panorama = Panorama("127.0.0.1", account.user, account.password, port=device.port)
    assert panorama.refresh_system_info().version == "11.1.4"


def test_a_wrong_password_and_a_dead_key_are_forbidden(device, rules):
    with pytest.raises(PanXapiError, match="403"):
        device(api_password="another").keygen()
    unknown = device(api_username=None, api_password=None, api_key="another")
    with pytest.raises(PanXapiError, match="403"):
        unknown.op(SYSTEM_INFO)
    answer = rules("GET", "another")
    assert answer.status_code == 403 and answer.text.startswith('<response status="error" code="403">')


def test_a_new_password_ends_the_keys_made_with_the_one_before(accounts, device, origins, rules):
    account, key = accounts.panorama[0], device().keygen()

    def change(old: str, new: str) -> None:
        body = {"user": account.user, "password": old, "new_password": new}
        changed = client.http.post(f"{origins.panorama}/-/password", json=body, timeout=client.TIMEOUT_S)
        assert changed.status_code == 204

    change(account.password, "another")
    assert rules("GET", key).status_code == 403
    change("another", account.password)
    assert rules("GET", key).status_code == 403
    assert rules("GET", device().keygen()).status_code == 200
