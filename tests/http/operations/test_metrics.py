"""`/metrics` (docs/reference/metrics.md): which names are there, and that nobody's name is."""

import re

import pytest

from support import client
from support.scene import Scene

NAMES = [
    "locum_build_info", "locum_http_requests_total", "locum_http_request_duration_seconds",
    "locum_exchanges_total", "locum_rejections_total", "locum_exchange_duration_seconds", "locum_chain_depth",
    "locum_policy_eval_duration_seconds", "locum_ledger_records_total", "locum_ledger_commits_total",
    "locum_ledger_fsync_seconds", "locum_ledger_head_seq", "locum_signing_key_age_seconds", "locum_revocations",
    "locum_locks_active", "locum_replay_marks", "locum_clock_behind_seconds", "locum_connections",
    "locum_connections_closed_total", "process_resident_memory_bytes",
]
LABELS = {"version", "path", "method", "status", "le", "grant", "outcome", "code", "alg", "reason", "issuer",
          "managed_by", "secret"}
LINE = re.compile(r'^([a-z_]+)(?:\{(.*)\})? (\S+)$')


def page(broker) -> str:
    """The page as it is served."""
    answer = client.http.get(broker.operations + "/metrics", timeout=10)
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "text/plain; version=0.0.4"
    return answer.text


def value(text: str, name: str, **labels) -> float:
    """The sum of the lines of that name with at least these labels."""
    total = 0.0
    for line in text.splitlines():
        if (found := LINE.match(line)) and found[1] == name:
            pairs = dict(re.findall(r'(\w+)="([^"]*)"', found[2] or ""))
            if all(pairs.get(k) == v for k, v in labels.items()):
                total += float(found[3])
    return total


@pytest.fixture
def scene(world):
    """An agent, a target and a person of the test's own."""
    return Scene(world)


def test_every_metric_is_there_and_explained(broker):
    client.exchange(broker)
    client.exchange(broker, auth=None)
    text = page(broker)
    for name in NAMES:
        assert f"# TYPE {name} " in text and f"# HELP {name} " in text, name
        assert re.search(rf"^{name}[_a-z]*[ {{]", text, re.M), name
    for line in filter(lambda line: not line.startswith("#"), text.splitlines()):
        assert LINE.match(line), line


def test_an_exchange_a_refusal_and_a_rejection_are_counted(fresh_broker):
    # Its own: beyond 60 refusals a minute the shared one sums up.
    broker = fresh_broker
    before = page(broker)
    assert client.exchange(broker).status_code == 200
    refused = client.exchange(broker, scope="no.such")
    assert refused.json()["code"] == "LCM-SCOPE-REFUSED"
    assert client.exchange(broker, agent={"client_id": "nobody", "client_secret": "x"}).status_code == 401
    after = page(broker)

    def grew(name, **labels):
        return value(after, name, **labels) - value(before, name, **labels)

    kind = {"grant": "token_exchange"}
    assert grew("locum_exchanges_total", outcome="permit", code="", **kind) == 1
    assert grew("locum_exchanges_total", outcome="refusal", code="LCM-SCOPE-REFUSED", **kind) == 1
    assert grew("locum_rejections_total", code="LCM-CLIENT-AUTH") == 1
    assert grew("locum_exchange_duration_seconds_count") == 2
    assert grew("locum_chain_depth_sum") == 1
    assert grew("locum_policy_eval_duration_seconds_count") >= 1
    assert grew("locum_ledger_records_total") == 2
    assert grew("locum_ledger_head_seq") == 2
    for status, count in [("200", 1), ("400", 1), ("401", 1)]:
        assert grew("locum_http_requests_total", path="/token", method="POST", status=status) == count
    assert grew("locum_http_request_duration_seconds_count", path="/token", method="POST") == 3


def test_routes_are_templates_and_made_up_paths_and_methods_add_no_series(broker):
    client.http.get(broker.issuer + "/errors/LCM-RATE", timeout=10)
    client.http.get(broker.admin_api + "/agents/canary-in-a-path", timeout=10)
    for path in ["/canary-nowhere", "/token/canary", "/errors/canary/canary"]:
        client.http.request("CANARY", broker.issuer + path, timeout=10)
    text = page(broker)
    assert value(text, "locum_http_requests_total", path="/errors/{code}") >= 1
    assert value(text, "locum_http_requests_total", path="/admin/v1/agents/{id}", status="401") >= 1
    assert value(text, "locum_http_requests_total", path="none", method="other", status="404") >= 3
    assert "canary" not in text.lower()


def test_no_label_names_a_person_an_agent_a_client_or_a_token(broker, scene):
    made = scene.token()
    client.http.post(broker.issuer + "/token?canary=canary-query", data={"canary-form": "canary-value"},
                     headers={"X-Canary": "canary-header", "User-Agent": "canary-agent"}, timeout=10)
    text = page(broker)
    secrets = [made.token, made.claims["jti"], scene.agent.id, scene.agent.client_secret, scene.target.id,
               "invoice-agent", "demo:ada", "canary", scene.sub]
    for secret in secrets:
        assert secret not in text, secret
    labels = {name for line in text.splitlines() if not line.startswith("#")
              for name in re.findall(r'(\w+)="', line)}
    assert labels <= LABELS, labels - LABELS


def test_locks_and_revocations_show(fresh_broker, fresh_world):
    admin = client.admin(fresh_broker)
    before = page(fresh_broker)
    lock = admin.post("/locks", {"what": {"kind": "agent", "id": "hr-agent"}, "reason": "test"}).json()
    admin.post("/revocations", {"what": {"kind": "agent", "id": "soc-agent"}, "reason": "test"})
    after = page(fresh_broker)
    assert value(before, "locum_locks_active") == 0 and value(after, "locum_locks_active") == 1
    assert value(after, "locum_revocations") == value(before, "locum_revocations") + 1
    admin.post(f"/locks/{lock['id']}/lift", {"reason": "test"})
    assert value(page(fresh_broker), "locum_locks_active") == 0
