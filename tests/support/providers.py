"""Tokens as providers send them, `tests/vectors/providers/*.json`: their shapes as data, and what becomes of each.

A file is one provider: `source` names where its facts stand, values are made up. `issuer` holds the members of
`PUT /issuers` without `jwks`. Each of `rows` is one token: `sent_as` `id_token`, `jwt` or `access_token` is a subject
token of that type, `actor` an actor token. A row's `issuer` changes members for it, `null` takes one out. `header` and
`claims` are sent as they stand; `alg` and `kid` come from the issuer's first algorithm unless `header` has them. A text
`now`, `now-10` or `now+300` is that second, and `{issuer}` is the broker. A workload is registered with an agent by its
`sub`, or by the row's `registered`. `expected` has `status`; with 200 what the row says of the answer's `scope`, of the
new token's `sub` and of the token's `groups` (`null`: not known; the record names them `<issuer id>:<name>`); otherwise
`code` and `says`, parts of `error_description`.
"""

import json
import re
from pathlib import Path

from support import client, tokens
from support.checks import actors, permitted, refused
from support.world import World, entry

FOLDER = Path(__file__).parents[1] / "vectors" / "providers"
TARGET, SCOPES = "sap", ["invoice.read"]
TIME = re.compile(r"now(?:([+-]\d+))?")
KINDS = {"id_token": client.ID_TOKEN, "jwt": client.JWT, "access_token": client.ACCESS_TOKEN}


def rows() -> list[tuple[str, dict, dict]]:
    """Every row: the id of its issuer, its file, itself."""
    files = {path.stem: json.loads(path.read_text()) for path in sorted(FOLDER.glob("*.json"))}
    return [(issuer_id, file, row) for issuer_id, file in files.items() for row in file["rows"]]


class Providers:
    """A broker that is told of each provider when a token of it is sent."""

    def __init__(self, broker):
        self.broker, self.world = broker, World(broker)
        self._keys: dict[str, dict] = {}
        self._agents: dict[tuple[str, str], object] = {}

    def play(self, issuer_id: str, file: dict, row: dict) -> None:
        """Sends a row's token; asserts that the answer is the expected one."""
        issuer = _without_null(self._placed(file["issuer"] | row.get("issuer", {})))
        alg = row["header"].get("alg", file["issuer"]["algs"][0])
        self._trust(issuer_id, issuer, {alg, *issuer["algs"]})
        claims, header = self._placed(row["claims"]), self._placed(row["header"])
        token = tokens.sign(claims, self._key(alg), alg, header)
        agent = self._agent(issuer_id, row, claims.get("sub"))
        answer = self._send(agent, row["sent_as"], token)
        expected = row["expected"]
        if expected["status"] == 200:
            self._taken(answer, agent, issuer_id, row)
            return
        text = refused(self.broker, answer, expected["code"], status=expected["status"])["error_description"]
        missing = [part for part in expected["says"] if part not in text]
        assert not missing, f"expected {missing} in: {text}"

    def _send(self, agent, sent_as: str, token: str):
        if sent_as == "actor":
            acts = {"actor_token": token, "actor_token_type": client.JWT}
            return client.exchange(self.broker, agent=agent, audience=TARGET, **acts)
        return client.exchange(self.broker, token, KINDS[sent_as], agent=agent, audience=TARGET)

    def _taken(self, answer, agent, issuer_id: str, row: dict) -> None:
        expected = row["expected"]
        made = permitted(self.broker, answer)
        assert actors(made.claims) == [agent.id]
        if row["sent_as"] == "actor":
            assert made.record["actor_from"] == "actor_token"
        for name, found in (("sub", made.claims["sub"]), ("scope", made.body["scope"])):
            assert found == expected.get(name, found), name
        if "groups" in expected:
            names = expected["groups"]
            assert made.record["groups"] == (names and [f"{issuer_id}:{name}" for name in names])

    def _trust(self, issuer_id: str, issuer: dict, algs: set[str]) -> None:
        use = {"use": "jwt-svid"} if issuer["kind"] == "spiffe" else {}
        keys = [tokens.public(self._key(alg)) | use for alg in sorted(algs)]
        answer = self.world.admin.put(f"/issuers/{issuer_id}", issuer | {"jwks": {"keys": keys}})
        assert answer.status_code in (200, 201), answer.text

    def _key(self, alg: str) -> dict:
        if alg not in self._keys:
            self._keys[alg] = tokens.new_jwk(alg, alg.lower())
        return self._keys[alg]

    def _agent(self, issuer_id: str, row: dict, sub: str | None):
        """The agent that acts: one a workload, and one for all who are subjects of an issuer."""
        workload = row.get("registered", sub) if row["sent_as"] == "actor" else ""
        if (issuer_id, workload) not in self._agents:
            more = {"workload": {"issuer": issuer_id, "claims": {"sub": workload}}} if workload else {}
            issuers = ["demo"] if workload else [issuer_id]
            made = self.world.agent(ceiling=[entry(TARGET, SCOPES, SCOPES)], subject_issuers=issuers, **more)
            self._agents[issuer_id, workload] = made
            self.world.permit(made.id, TARGET)
        return self._agents[issuer_id, workload]

    def _placed(self, value):
        if isinstance(value, dict):
            return {name: self._placed(inner) for name, inner in value.items()}
        if isinstance(value, list):
            return [self._placed(inner) for inner in value]
        if not isinstance(value, str):
            return value
        if time := TIME.fullmatch(value):
            return tokens.now() + int(time[1] or 0)
        return value.replace("{issuer}", self.broker.issuer)


def _without_null(members: dict) -> dict:
    return {name: value for name, value in members.items() if value is not None}
