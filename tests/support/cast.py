"""The cast of contract §3, declared by an administrator: two issuers, three targets, three agents, their policies."""

from support import tokens
from support.process import REPO, Member
from support.world import World, entry

TARGETS = {"sap": ("erp", "invoice.read", "invoice.post"), "workday": ("hr", "worker.read", "worker.write"),
           "firewall": ("net", "rule.read", "rule.write")}
"""Each with the area that the provider's scopes name, and its scopes for reading and for writing."""
DETAILS = {"sap": {"invoice_post": {"company": {"type": "string", "narrow": "equal"},
                                    "amount": {"type": "decimal", "narrow": "at_most"},
                                    "invoices": {"type": "strings", "narrow": "subset"}}}}
AGENTS = {"invoice-agent": ("Invoice agent", "finance-it", "medium", {"sap": ["invoice.read", "invoice.post"]}),
          "hr-agent": ("HR agent", "people-ops", "medium",
                       {"workday": ["worker.read", "worker.write"], "sap": ["invoice.read"]}),
          "soc-agent": ("SOC agent", "soc", "high", {"firewall": ["rule.read", "rule.write"]})}
"""Each with its name, its team, its risk and what it may do where; the first scope is the default."""
PEOPLE = ("ada", "bob", "eve")
POLICIES = REPO / "broker" / "demo" / "src" / "policies"
YEAR_S = 365 * 86_400


def declared(broker) -> Member:
    """Declares all of it; the secrets that a test may know."""
    world = World(broker)
    targets = {target: _target(world, target, scopes) for target, (_, *scopes) in TARGETS.items()}
    provider, workloads = Member(tokens.new_jwk()), Member(tokens.new_jwk())
    scope_map = {f"{area}.{verb}": [f"{target}:{scope}"] for target, (area, *scopes) in TARGETS.items()
                 for verb, scope in zip(("read", "write"), scopes)}
    idp = world.issuer("subject", [provider], "demo", issuer="https://127.0.0.1/idp", algs=["ES256"],
                       audiences=["demo-app"], scope_map=scope_map, trust_may_act=True)
    pods = world.issuer("workload", [workloads], "demo-workloads", issuer="https://127.0.0.1/workloads", algs=["ES256"])
    agents = {agent: _agent(world, agent, *facts) for agent, facts in AGENTS.items()}
    files = {path.name: path.read_text() for path in POLICIES.glob("*.cedar")}
    assert world.admin.put("/policies", {"files": files}).status_code == 200
    return Member(idp=Member(id="demo", issuer=idp.issuer, audience="demo-app", private_jwk=provider),
                  workloads=Member(id="demo-workloads", issuer=pods.issuer, private_jwk=workloads),
                  people=Member({name: Member(sub=f"demo:{name}", idp_sub=name) for name in PEOPLE}),
                  targets=Member(targets), agents=Member(agents))


def _target(world, target: str, scopes) -> Member:
    server = world.client(f"{target}-rs")
    audience, url = f"urn:demo:{target}", f"https://127.0.0.1/{target}"
    world.target(dict(zip(scopes, ("low", "high"))), target, server, audience=audience, resources=[url],
                 details=DETAILS.get(target, {}))
    return Member(audience=audience, url=url, rs_client_id=server["client_id"], rs_client_secret=server["client_secret"])


def _agent(world, agent: str, name: str, team: str, risk: str, allowed: dict) -> Member:
    made = world.draft(agent, [entry(target, scopes, scopes[:1]) for target, scopes in allowed.items()], name=name,
                       owner={"kind": "team", "id": team}, risk=risk,
                       workload={"issuer": "demo-workloads", "claims": {"sub": f"wl/{agent}"}})
    world.certify(agent, until_s=YEAR_S)
    return Member(client_id=agent, client_secret=made["client_secret"], private_jwk=Member(made["private_jwk"]))
