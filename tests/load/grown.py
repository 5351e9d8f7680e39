"""What a broker that holds much costs an exchange: the steady load of one person, at one that holds nothing
more than the demo world and at one that holds all of it, in turn."""

import datetime
import itertools
import json
import urllib.parse

import driver
import meters

DEAD, LIVE, AGENTS, TARGETS = 10_000, 64, 10_000, 4_000
"""Grants of the person and the agent that are over, and that may be used; agents; targets."""
ROUNDS = 5
"""Each way, in turn: a machine that is busy meanwhile is busy for both."""


def request(ready: dict, method: str, path: str, body: dict) -> bytes:
    url, text = urllib.parse.urlsplit(ready["admin_api"] + path), json.dumps(body).encode()
    lines = [f"{method} {url.path} HTTP/1.1", f"Host: {url.netloc}", f"Authorization: Bearer {ready['admin_token']}",
             "Content-Type: application/json", f"Content-Length: {len(text)}"]
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + text


def made(ready: dict, requests) -> list[dict]:
    """What changes were answered with."""
    url = urllib.parse.urlsplit(ready["admin_api"])
    run = driver.drive((url.hostname, url.port), iter(requests), lambda status, _: status in (200, 201), keep_bodies=True)
    if run.errors:
        raise SystemExit(f"the broker could not be filled: {run.errors[0]}")
    return [json.loads(body) for body in run.bodies]


def fill(bench, person: str, share: float) -> None:
    """Everything at the top of this file, or a share of it."""
    ready, agent = bench.ready, bench.world.agent
    ends = datetime.datetime.now(datetime.UTC) + datetime.timedelta(days=30)
    body = {"person": person, "agent": agent, "expires_at": ends.strftime("%Y-%m-%dT%H:%M:%SZ"), "reason": "load",
            "targets": [{"target": "sap", "scopes": ["invoice.read"]}]}
    grants = lambda count: made(ready, [request(ready, "POST", "/grants", body)] * count)  # noqa: E731
    for _ in range(0, int(DEAD * share), LIVE):
        over = [{"what": {"kind": "grant", "id": grant["id"]}, "reason": "load"} for grant in grants(LIVE)]
        made(ready, [request(ready, "POST", "/revocations", revocation) for revocation in over])
    grants(LIVE)
    made(ready, (request(ready, "POST", "/agents", {
        "id": f"load-{number}", "owner": {"kind": "team", "id": f"team-{number % 100}"},
        "auth": [{"method": "client_secret"}], "subject_issuers": ["demo"],
        "ceiling": [{"target": "sap", "scopes": ["invoice.read"]}],
    }) for number in range(int(AGENTS * share))))
    targets = range(int(TARGETS * share))
    made(ready, (request(ready, "POST", "/clients", {
        "id": f"server-{number}", "kind": "resource_server", "auth": [{"method": "client_secret"}],
    }) for number in targets))
    made(ready, (request(ready, "PUT", f"/targets/load-{number}", {
        "audience": f"urn:load:{number}", "resources": [f"https://load-{number}.example/"],
        "resource_server": f"server-{number}", "max_lifetime": 600, "scopes": {"read": {"risk": "low"}},
    }) for number in targets))


def measure(plain, grown, seconds: float, share: float, accept) -> dict:
    """One profile's line: CPU of the broker for an exchange, and the median and p99 of one."""
    brokers = {"plain": plain, "grown": grown}
    steady = {}
    for name, bench in brokers.items():
        token = bench.world.subject_token(0)
        steady[name] = [bench.request("/token", bench.world.exchange_form(token), bench.agent_basic)]
    fill(grown, "demo:person-0", share)
    latencies, cpu, errors = {name: [] for name in brokers}, dict.fromkeys(brokers, 0.0), []
    for turn in range(ROUNDS + 1):
        for name, bench in brokers.items():
            before = meters.cpu_seconds(bench.ready["pid"])
            run = bench.drive(itertools.cycle(steady[name]), accept, seconds=seconds / ROUNDS / 2)
            errors += run.errors
            if turn:  # the first warms up
                cpu[name] += meters.cpu_seconds(bench.ready["pid"]) - before
                latencies[name] += run.latencies
    cost = {name: cpu[name] / max(len(latencies[name]), 1) * 1e6 for name in brokers}
    out = {"profile": "grown"}
    for name in brokers:
        out |= {f"cpu_us_{name}": round(cost[name], 1), f"p50_ms_{name}": meters.percentile_ms(latencies[name], 0.50),
                f"p99_ms_{name}": meters.percentile_ms(latencies[name], 0.99),
                f"rss_mb_{name}": meters.rss_mb(brokers[name].ready["pid"])}
    return out | {"ratio": round(cost["grown"] / cost["plain"], 2) if cost["plain"] else None,
                  "requests": sum(map(len, latencies.values())), "errors": len(errors),
                  "first_error": errors[0] if errors else None}
