"""Attack row 19, whole: every kind of JWT that we or others make, offered in every slot; only its own lets it in.

Twice: as its maker issued it, and aimed at the slot (the slot's own key, issuer, subject and audience, so that nothing
but the marks of its kind can give it away; RFC 8725 §3.12)."""

import json
import uuid

import pytest

from support import client, tokens
from support.checks import issued
from support.world import World, entry, stamp

SLOTS = ("subject:id_token", "subject:jwt", "subject:access_token", "subject:grant", "actor:jwt", "actor:access_token",
         "client_assertion", "introspect", "revoke", "admin")
TYPES = {"id_token": client.ID_TOKEN, "jwt": client.JWT, "access_token": client.ACCESS_TOKEN, "grant": client.GRANT}
SPIFFE = "spiffe://prod.example/invoices"
KUBERNETES = "system:serviceaccount:finance:invoices"
EVENT = {"http://schemas.openid.net/event/backchannel-logout": {}}


class Table:
    """A provider, a workload issuer, a target and three agents of their own, and a way into every slot."""

    def __init__(self, broker):
        self.broker, self.world = broker, World(broker)
        run = uuid.uuid4().hex[:8]
        self.spiffe, self.kubernetes = f"{SPIFFE}/{run}", f"{KUBERNETES}-{run}"
        self.target = self.world.target()
        self.provider = self.world.issuer(audiences=["app"], accept_untyped=True,
                                          scope_map={"their.read": [f"{self.target.id}:thing.read"]})
        self.workloads = self.world.issuer("workload")
        self.agent = self.an_agent({"issuer": self.workloads.id, "claims": {"sub": self.spiffe}})
        self.pod = self.an_agent({"issuer": self.workloads.id, "claims": {"sub": self.kubernetes}})
        self.other = self.an_agent(tokens.DROP)
        self.grant = self.world.grant(self.agent.id, {self.target.id: ["thing.read"]})

    def an_agent(self, workload):
        limits = entry(self.target.id, ["thing.read"], ["thing.read"], alone=["thing.read"])
        made = self.world.agent(ceiling=[limits], workload=workload,
                                subject_issuers=[self.provider.id, self.workloads.id, "demo"])
        self.world.permit(made.id, self.target.id)
        return made

    def exchange(self, subject, kind, agent=None, **params):
        return client.exchange(self.broker, subject, kind, agent=agent or self.agent,
                               **({"audience": self.target.audience} | params))

    def passes(self, slot: str, token: str) -> bool:
        """Whether anyone gets anything for this token in this slot."""
        return {"subject": self.as_subject, "actor": self.as_actor, "client_assertion": self.as_assertion,
                "introspect": self.is_shown, "revoke": self.is_revoked,
                "admin": self.as_admin}[slot.split(":")[0]](token, TYPES.get(slot.rpartition(":")[2]))

    def agents(self):
        return self.agent, self.pod, self.other

    def as_subject(self, token, kind):
        return any(self.exchange(token, kind, agent).status_code == 200 for agent in self.agents())

    def as_actor(self, token, kind):
        person = self.make("id_token")
        presented = {"actor_token": token, "actor_token_type": kind}
        return any(self.exchange(person, client.ID_TOKEN, agent, **presented).status_code == 200
                   for agent in self.agents())

    def as_assertion(self, token, _):
        proof = {"client_assertion_type": client.ASSERTION_TYPE, "client_assertion": token}
        return self.exchange(self.make("id_token"), client.ID_TOKEN, auth=None, **proof).status_code == 200

    def is_shown(self, token, _):
        answers = [client.introspect(self.broker, token, agent=who).json()
                   for who in (self.target.server, *self.agents())]
        return any(answer != {"active": False} for answer in answers)

    def is_revoked(self, token, _):
        """Revocation answers 200 to strangers' tokens too (RFC 7009 §2.2): look for the record."""
        def records():
            return {item["id"] for item in self.world.admin.get("/revocations", params={"limit": 100}).json()["items"]}
        before = records()
        for agent in self.agents():
            client.revoke(self.broker, token, agent=agent)
        return records() != before

    def as_admin(self, token, _):
        return client.admin(self.broker, token).get("/agents").status_code == 200

    def make(self, kind: str) -> str:
        """A token of this kind as its maker issues it."""
        if kind in OPAQUE:
            return OPAQUE[kind](self)
        marks, claims = MARKS[kind]
        if kind in ("spiffe", "kubernetes"):
            base, key = self.workload_claims(self.spiffe if kind == "spiffe" else self.kubernetes), self.workloads.key
        elif kind in ("client_assertion", "dpop_proof"):
            base, key = self.client_claims(), self.agent.private_jwk
        else:
            base, key = self.provider_claims(self.broker.issuer if "access" in kind else "app"), self.provider.key
        return signed(base | claims, key, marks)

    def aimed(self, kind: str, slot: str) -> str:
        """The same kind with everything the slot asks for but its kind."""
        base, key = {"subject:id_token": (self.provider_claims("app"), self.provider.key),
                     "subject:jwt": (self.provider_claims(self.broker.issuer), self.provider.key),
                     "actor:jwt": (self.workload_claims(self.spiffe), self.workloads.key),
                     "client_assertion": (self.client_claims(), self.agent.private_jwk)}[slot]
        marks, claims = MARKS[kind]
        return signed(base | claims, key, marks)

    def provider_claims(self, aud):
        t = tokens.now()
        return {"iss": self.provider.issuer, "sub": "ada", "aud": aud, "iat": t, "exp": t + 600,
                "jti": uuid.uuid4().hex, "groups": ["staff"]}

    def workload_claims(self, sub):
        t = tokens.now()
        return {"iss": self.workloads.issuer, "sub": sub, "aud": [self.broker.issuer], "iat": t, "exp": t + 600}

    def client_claims(self):
        t, me = tokens.now(), self.agent.client_id
        return {"iss": me, "sub": me, "aud": self.broker.issuer, "iat": t, "exp": t + 60, "jti": uuid.uuid4().hex}


def signed(claims, key, marks):
    """A JWS; in a header mark `jwk` stands for the signer's own public key."""
    marks = marks | ({"jwk": tokens.public(key)} if "jwk" in marks else {})
    return tokens.sign(claims, key, header=marks)


def encrypted(table):
    """A compact JWE that names our newest key."""
    kid = client.http.get(f"{table.broker.issuer}/jwks", timeout=30).json()["keys"][0]["kid"]
    head = {"alg": "RSA-OAEP-256", "enc": "A256GCM", "cty": "JWT", "kid": kid}
    return ".".join(tokens.b64(part) for part in (json.dumps(head).encode(), b"k" * 256, b"i" * 12, b"c" * 99, b"t" * 16))


MARKS = {
    "id_token": ({"typ": "JWT"}, {"nonce": "n", "at_hash": "h"}),
    "access_typed": ({"typ": "at+jwt"}, {"scope": "their.read", "client_id": "app"}),
    "access_untyped": ({"typ": "JWT"}, {"scope": "their.read", "azp": "app"}),
    "spiffe": ({"typ": "JWT"}, {}),
    "kubernetes": ({}, {"kubernetes.io": {"namespace": "finance", "pod": {"name": "p", "uid": "u"}}}),
    "client_assertion": ({"typ": "client-authentication+jwt"}, {}),
    "logout_token": ({"typ": "logout+jwt"}, {"events": EVENT, "sid": "s"}),
    "logout_untyped": ({"typ": "JWT"}, {"events": EVENT, "sid": "s"}),
    "security_event": ({"typ": "secevent+jwt"}, {"events": {"https://example.org/event": {}}}),
    "dpop_proof": ({"typ": "dpop+jwt", "jwk": None}, {"htm": "POST", "htu": "https://as.example/token"}),
    "receipt": ({"typ": "delegation-receipt+jwt"}, {"decision": {"scope": "thing.read"}, "ath": "x"}),
    "refresh_token": ({"typ": "JWT"}, {"typ": "Refresh", "scope": "their.read"}),
    "introspection_answer": ({"typ": "token-introspection+jwt"}, {"token_introspection": {"active": True}}),
}
"""Kind: what its header says, and what its claims add."""

OPAQUE = {
    "own_access": lambda t: issued(t.exchange(t.make("id_token"), client.ID_TOKEN)).token,
    "own_delegated": lambda t: issued(t.exchange(t.make("id_token"), client.ID_TOKEN, delegate_to=t.other.id)).token,
    "own_actor": lambda t: issued(client.client_credentials(t.broker, t.agent, audience=t.broker.issuer)).token,
    "encrypted": encrypted,
    "grant": lambda t: t.grant,
    "admin_credential": lambda t: t.world.admin.post(
        "/credentials", {"role": "auditor", "name": "n", "expires_at": stamp(600)}).json()["token"],
}
"""Kinds that only we make, and those that are no JWS."""

ACCEPTED = {
    "id_token": {"subject:id_token"},
    "access_typed": {"subject:jwt"},
    "access_untyped": {"subject:jwt"},
    "spiffe": {"actor:jwt", "subject:jwt"},  # §5: a workload is a subject too
    "kubernetes": {"actor:jwt", "subject:jwt"},
    "client_assertion": {"client_assertion"},
    "own_access": {"introspect", "revoke"},
    "own_delegated": {"introspect", "revoke", "subject:access_token"},
    "own_actor": {"introspect", "revoke", "actor:access_token"},
    "grant": {"subject:grant"},
    "admin_credential": {"admin"},
}
"""The diagonal; whatever is not named here passes nowhere."""

MARKED = [kind for kind in MARKS if kind not in ("spiffe", "kubernetes")]
"""Kinds that can be told from others by themselves; a workload's token says nothing of its kind."""

UNTOLD = {
    # Untyped claims that a client signs about itself with its own key: a client assertion with more in it.
    "client_assertion": {"id_token", "access_untyped"},
    # In a token that an issuer of workloads signs, `scope` means nothing (contract §5).
    "actor:jwt": {"access_untyped"},
}
"""What else passes in a slot, signed by whom that slot trusts."""


@pytest.fixture(scope="module")
def table(broker):
    """One world for all rows; no row changes what another relies on."""
    return Table(broker)


@pytest.mark.parametrize("kind", [*MARKS, *OPAQUE])
def test_attack_19_every_kind_of_token_passes_in_its_own_slots_only(table, kind):
    passed = {slot for slot in SLOTS if table.passes(slot, table.make(kind))}
    assert passed == ACCEPTED.get(kind, set())


@pytest.mark.parametrize("slot", ["subject:id_token", "subject:jwt", "actor:jwt", "client_assertion"])
def test_attack_19_a_kind_is_told_by_its_marks_alone(table, slot):
    passed = {kind for kind in MARKED if table.passes(slot, table.aimed(kind, slot))}
    own = {kind for kind, slots in ACCEPTED.items() if slot in slots and kind in MARKED}
    assert passed == own | UNTOLD.get(slot, set())
