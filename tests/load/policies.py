"""Enough Cedar policies that a decision costs what it does at a real customer."""

import json
import urllib.request

GUARDS = (
    'context.risk == "high" && context.hour_utc < 4',
    "context.depth > 4",
    'context.scopes.contains("invoice.delete")',
    'context.detail_types.contains("payment_initiation")',
    'context.chain.contains(Agent::"retired-agent")',
    'context has ip && context.ip.isInRange(ip("203.0.113.0/24"))',
    'context has purpose && context.purpose like "*test*"',
    'context has person && context.person in Group::"demo:suspended"',
    'context has acr && context.acr == "none"',
    'context has auth_age_s && context.auth_age_s > 86400',
    'context has delegate_to && context.delegate_to == Agent::"retired-agent"',
    'context.weekday == 8',
)
"""Of forbids that every request meets; none of them holds for the load's."""

NAMED = 44
"""Permits for other agents: a third of them at the target of the load."""


def bundle() -> str:
    text = "".join(
        f'@id("guard-{number}") @reason("load") forbid(principal, action, resource) when {{ {guard} }};\n'
        for number, guard in enumerate(GUARDS))
    for number in range(NAMED):
        target = ("sap", "workday", "firewall")[number % 3]
        text += (f'@id("named-{number}") @reason("load") '
                 f'permit(principal == Agent::"agent-{number}", action == Action::"exchange", '
                 f'resource == Target::"{target}") when {{ ["scope.read"].containsAll(context.scopes) }};\n')
    return text


def add(admin: str, token: str) -> None:
    """Adds them to the demo's own."""
    head = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    with urllib.request.urlopen(urllib.request.Request(f"{admin}/policies", headers=head), timeout=10) as answer:
        files, etag = json.load(answer)["files"], answer.headers["ETag"]
    files["load.cedar"] = bundle()
    body = json.dumps({"files": files}).encode()
    change = urllib.request.Request(
        f"{admin}/policies", body, headers=head | {"If-Match": etag}, method="PUT")
    urllib.request.urlopen(change, timeout=10).close()
