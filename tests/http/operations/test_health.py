"""`/livez` and `/readyz` (contract §4; docs/reference/metrics.md, "Health")."""

import os

import pytest

from support import client


def get(broker, path):
    """Ask the operations listener."""
    return client.http.get(broker.operations + path, timeout=10)


@pytest.mark.parametrize("path", ["/livez", "/live"])
def test_alive_is_one_word(broker, path):
    answer = get(broker, path)
    assert (answer.status_code, answer.text) == (200, "ok\n")


@pytest.mark.parametrize("path", ["/readyz", "/ready"])
def test_ready_is_one_word(broker, path):
    answer = get(broker, path)
    assert (answer.status_code, answer.text) == (200, "ready\n")
    assert answer.headers["cache-control"] == "no-store"


def test_verbose_shows_each_check(broker):
    answer = get(broker, "/readyz?verbose")
    # Other tests have issuers whose keys cannot be had, and secrets that end soon.
    lines = [line for line in answer.text.splitlines() if "]issuers " not in line and "]secrets " not in line]
    assert lines == ["[+]ledger ok", "[+]clock ok", "[+]keys ok", "[+]policies ok", "ready"]
    assert get(broker, "/readyz?verbose=1").text == answer.text


def test_the_operations_listener_and_the_public_one_are_apart(broker):
    for path in ["/livez", "/readyz", "/metrics", "/live", "/ready", "/METRICS", "//metrics", "/%6detrics"]:
        assert client.http.get(broker.issuer + path, timeout=10).status_code == 404, path
    for path in ["/token", "/jwks", "/admin/v1/agents"]:
        assert get(broker, path).status_code == 404, path


def test_a_doctor_finds_a_dev_world_well(dev_broker, run_locum):
    ran = run_locum("doctor", "-o", "json", "--data", dev_broker.data)
    checks = {check["name"]: check["result"] for check in ran.json["data"]["checks"]}
    assert ran.code == 0, ran
    assert set(checks.values()) == {"ok"}, ran.json
    assert len(checks) == 8


def test_a_doctor_says_what_is_wrong(run_locum, tmp_path):
    os.chmod(tmp_path, 0o755)
    ran = run_locum("doctor", "-o", "json", "--data", str(tmp_path), LOCUM_ADMIN_TOKEN="canary-no-such-token")
    checks = {check["name"]: check for check in ran.json["data"]["checks"]}
    assert ran.code == 4 and ran.json["ok"] is False
    assert checks["data folder"]["result"] == "fail" and "chmod 700" in checks["data folder"]["detail"]
    assert checks["admin credential"]["result"] == "fail"
    assert checks["readiness"]["result"] == "ok"
    assert "canary" not in ran.text
