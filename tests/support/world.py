"""Registry content of a test's own, under unique ids, made through the admin API (contract §12)."""

import uuid
from datetime import datetime, timedelta, timezone

from support import tokens
from support.client import admin
from support.process import Member

ISSUE = {"kind": "issue", "alg": "ES256"}


def unique(prefix: str = "t") -> str:
    """An operator id nobody else uses: `[a-z0-9][a-z0-9-]{0,62}`."""
    return f"{prefix}-{uuid.uuid4().hex[:12]}"


def stamp(seconds_ahead: int) -> str:
    """RFC 3339 in UTC, this far from now."""
    return (datetime.now(timezone.utc) + timedelta(seconds=seconds_ahead)).strftime("%Y-%m-%dT%H:%M:%SZ")


def entry(target, scopes, default=(), alone=(), details=(), max_lifetime=300) -> dict:
    """One entry of an agent's ceiling."""
    return {"target": target, "scopes": list(scopes), "default": list(default), "alone": list(alone),
            "authorization_details": list(details), "max_lifetime": max_lifetime}


class World:
    """Makes agents, targets, issuers, policies and grants; asserts that each was accepted."""

    def __init__(self, broker):
        self.broker = broker
        self.admin = admin(broker)

    def _made(self, answer, *statuses):
        assert answer.status_code in statuses, f"{answer.request.method} {answer.url}: {answer.text}"
        return Member(answer.json()) if answer.content else Member()

    def agent_body(self, agent_id, key, **changes) -> dict:
        """What `POST /agents` takes, for an agent with both ways to authenticate."""
        body = {"id": agent_id, "name": agent_id, "owner": {"kind": "team", "id": "finance-it"}, "risk": "medium",
                "auth": [{"method": "client_secret"},
                         {"method": "private_key_jwt", "jwks": {"keys": [tokens.public(key)]}}],
                "presenters": [], "subject_issuers": ["demo"], "max_depth": 4, "ceiling": []}
        return {k: v for k, v in (body | changes).items() if v is not tokens.DROP}

    def draft(self, agent_id=None, ceiling=(), **changes) -> Member:
        """A draft agent; carries `client_secret` and `private_jwk`."""
        agent_id, key = agent_id or unique("agent"), tokens.new_jwk()
        body = self.agent_body(agent_id, key, ceiling=list(ceiling), **changes)
        made = self._made(self.admin.post("/agents", body), 201)
        return Member(id=agent_id, client_id=agent_id, client_secret=made.get("client_secret"), private_jwk=key)

    def version(self, agent_id, name="1") -> str:
        """A new version in state draft; its `ver_` id."""
        digest = "sha256:" + uuid.uuid4().hex * 2
        body = {"version": name, "digest": digest, "model": "test-model"}
        return self._made(self.admin.post(f"/agents/{agent_id}/versions", body), 201)["id"]

    def certify(self, agent_id, version=None, until=None, until_s=86_400) -> str:
        """Certify a version; the agent is active then."""
        version = version or self.version(agent_id)
        body = {"until": until or stamp(until_s), "reason": "test"}
        self._made(self.admin.post(f"/agents/{agent_id}/versions/{version}/certify", body), 200)
        return version

    def agent(self, agent_id=None, ceiling=(), **changes) -> Member:
        """An active agent; `version` is its certified version."""
        made = self.draft(agent_id, ceiling, **changes)
        made["version"] = self.certify(made["id"])
        return made

    def agent_state(self, agent_id, verb) -> None:
        """`suspend`, `resume` or `retire`."""
        self._made(self.admin.post(f"/agents/{agent_id}/{verb}", {"reason": "test"}), 200)

    def actor(self, target, scopes=("thing.read",), actions=("exchange", "pre_authorise"), **changes) -> Member:
        """An active agent for one target that policy permits; `alone` and `details` go to its ceiling."""
        into = {k: changes.pop(k) for k in ("alone", "details", "max_lifetime", "default") if k in changes}
        target_id = target if isinstance(target, str) else target["id"]
        limits = entry(target_id, scopes, **({"default": list(scopes)[:1]} | into))
        made = self.agent(ceiling=[limits], **changes)
        if actions:
            self.permit(made["id"], target_id, actions)
        return made

    def client(self, client_id=None, kind="resource_server", **changes) -> Member:
        """A client that is no agent, with a secret."""
        client_id = client_id or unique("client")
        body = {"id": client_id, "kind": kind, "auth": [{"method": "client_secret"}]} | changes
        made = self._made(self.admin.post("/clients", body), 201)
        return Member(client_id=client_id, client_secret=made.get("client_secret"))

    def target(self, scopes=None, target_id=None, server=None, **changes) -> Member:
        """A target with its resource server; `scopes` maps name to risk or to the whole object."""
        target_id = target_id or unique("target")
        server = server or self.client(unique("rs"))
        scopes = scopes or {"thing.read": "low", "thing.write": "high"}
        body = {"audience": f"urn:test:{target_id}", "resources": [f"https://{target_id}.example/api"],
                "resource_server": server["client_id"], "connector": ISSUE, "delivery": "handout",
                "max_lifetime": 300, "derives": {}, "acts_as": None, "details": {},
                "scopes": {n: {"risk": r} if isinstance(r, str) else r for n, r in scopes.items()}} | changes
        body = {k: v for k, v in body.items() if v is not tokens.DROP}
        self._made(self.admin.put(f"/targets/{target_id}", body), 201)
        return Member(id=target_id, audience=body["audience"], resources=body["resources"], server=server, body=body)

    def issuer(self, role="subject", keys=None, issuer_id=None, **changes) -> Member:
        """A trusted issuer of kind `jwt` with keys of our own: `key` is its first private JWK."""
        issuer_id, keys = issuer_id or unique("iss"), keys or [tokens.new_jwk()]
        name = changes.pop("issuer", f"https://{issuer_id}.example")
        body = {"issuer": name, "kind": "jwt", "role": role, "jwks_uri": None,
                "jwks": {"keys": [tokens.public(k) for k in keys]}, "algs": ["ES256", "RS256", "EdDSA"],
                "audiences": ["test-app"] if role == "subject" else [self.broker.issuer],
                "access_audiences": [self.broker.issuer] if role == "subject" else [],
                "audience_agents": {}, "scope_map": None, "accept_untyped": False, "trust_may_act": False,
                "accept_act": False, "groups_claim": "groups"} | changes
        body = {k: v for k, v in body.items() if v is not tokens.DROP}
        self._made(self.admin.put(f"/issuers/{issuer_id}", body), 201)
        return Member(id=issuer_id, issuer=name, key=keys[0], keys=keys, body=body)

    def policy(self, cedar: str) -> str:
        """Add one file to the bundle; its name."""
        name = unique("p") + ".cedar"
        for _ in range(10):
            current = self.admin.get("/policies")
            files = current.json()["files"] | {name: cedar}
            answer = self.admin.put("/policies", {"files": files}, headers={"If-Match": current.headers["ETag"]})
            if answer.status_code != 412:
                break
        self._made(answer, 200)
        return name

    def permit(self, agent, target, actions=("exchange", "pre_authorise"), when="", **annotations) -> str:
        """A permit for one agent at one target; the `@id` prefix of the two rules."""
        rule, text = unique("rule"), ""
        notes = "".join(f' @{name}("{value}")' for name, value in annotations.items())
        for action in actions:
            text += (f'@id("{rule}-{action.replace("_", "-")}") @reason("test"){notes}\n'
                     f'permit(principal == Agent::"{agent}", action == Action::"{action}", '
                     f'resource == Target::"{target}"){" when { " + when + " }" if when else ""};\n')
        self.policy(text)
        return rule

    def grant(self, agent, targets, person="demo:ada", **changes) -> str:
        """A live grant; `targets` maps target id to scopes, or lists whole objects. Its id."""
        if isinstance(targets, dict):
            targets = [{"target": t, "scopes": list(s), "authorization_details": []} for t, s in targets.items()]
        body = {"person": person, "agent": agent, "expires_at": stamp(3600), "max_uses": None, "max_depth": 4,
                "targets": targets, "reason": "test"} | changes
        return self._made(self.admin.post("/grants", body), 201)["id"]

    def change(self, path, **changes) -> Member:
        """PUT an object again with some members changed."""
        current = self.admin.get(path)
        head = {"If-Match": current.headers["ETag"]}
        return self._made(self.admin.put(path, current.json() | changes, headers=head), 200)

    def revoke(self, kind, what_id=None, **changes) -> Member:
        """A revocation by an administrator."""
        what = {"kind": kind} if what_id is None else {"kind": kind, "id": what_id}
        body = {"what": what, "before": None, "reason": "test", "dry_run": False} | changes
        return self._made(self.admin.post("/revocations", body), 200)

    def lock(self, kind, what_id=None, **changes) -> str:
        """A lock; its id."""
        what = {"kind": kind} if what_id is None else {"kind": kind, "id": what_id}
        body = {"what": what, "reason": "test", "expires_at": None, "dry_run": False} | changes
        return self._made(self.admin.post("/locks", body), 201)["id"]

    def lift(self, lock_id) -> None:
        """Lift a lock."""
        self._made(self.admin.post(f"/locks/{lock_id}/lift", {"reason": "test"}), 200)
