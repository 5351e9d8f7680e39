"""The page's table of errors quotes what Locum says."""

import re

import pytest
from played import PAGE
from realm import Realm
from trust import Trust

from support.client import ID_TOKEN, JWT

LIGHT = {"access.token.header.type.rfc9068": "true", "client.use.lightweight.access.token.enabled": "true"}


@pytest.fixture(scope="module")
def trust(world, played, broker):
    """A realm of this file's own, trusted as the page says."""
    return Trust(world, Realm(played, broker))


def of_client(trust, kind, scope="openid erp.read", **changes):
    """The answer to a token of another client of the page's form."""
    trust.realm.client(**changes)
    found = trust.realm.sign_in(scope=scope, client_id=changes["clientId"])
    return trust.exchange(found.id_token if kind == ID_TOKEN else found.access_token, kind)


def of_job(trust, **changes):
    """The answer to the access token of a service account."""
    return trust.exchange(trust.realm.job(**changes).access_token, JWT)


def unmapped(trust):
    """The answer to an access token for Locum with no scope in the map."""
    mappers = trust.realm.file("scope.json")["protocolMappers"]
    return of_client(trust, JWT, "openid", clientId="unmapped", protocolMappers=mappers)


def of_another_realm(trust):
    """The answer to a token of a realm that nobody declared."""
    return trust.exchange(Realm(trust.realm.played, trust.broker).sign_in().id_token)


def of_the_wrong_group(trust):
    """The answer where bob's group is not the policy's."""
    return trust.exchange(trust.realm.sign_in("bob").id_token, agent=trust.agent_for("/staff/finance"))


def of_an_access_token_as_an_id_token(trust):
    """The answer to an untyped access token that is said to be an ID token."""
    trust.realm.client(clientId="mistaken", attributes={})
    return trust.exchange(trust.realm.sign_in(scope="openid erp.read", client_id="mistaken").access_token, ID_TOKEN)


CASES = {
    "a trusted issuer": of_another_realm,
    "in claim `aud`": lambda trust: of_client(trust, ID_TOKEN, clientId="other"),
    "`aud`, found none": lambda trust: of_client(trust, JWT, "openid", clientId="unasked"),
    "`sub`": lambda trust: of_client(trust, JWT, clientId="light", attributes=LIGHT),
    "found claim `scope`": of_an_access_token_as_an_id_token,
    "header `typ`": lambda trust: of_client(trust, JWT, clientId="untyped", attributes={}),
    "a machine's": of_job,
    "LCM-TARGET-REFUSED": unmapped,
    "LCM-CONSENT-MISSING": of_the_wrong_group,
}


def row(part: str) -> str:
    """The first cell of the one row that has this part."""
    table = PAGE.read_text().partition("\n## What errors say\n")[2]
    cells = [line.split(" | ")[0].strip("| ") for line in table.splitlines() if line.startswith("| `")]
    [cell] = [cell for cell in cells if part in cell]
    return cell.removeprefix("``").removesuffix("``").strip() if cell.startswith("``") else cell.strip("`")


def test_a_service_account_without_a_name_is_told_by_its_address(trust):
    said = of_job(trust, defaultClientScopes=["basic"]).json()
    assert (said["code"], "`clientAddress`" in said["error_description"]) == ("LCM-SUBJECT-INVALID", True), said


@pytest.mark.parametrize("part", CASES)
def test_an_error_of_the_table_is_what_locum_says(trust, part):
    answer = CASES[part](trust)
    assert answer.status_code == 400, answer.status_code
    said, cell = answer.json(), row(part)
    pattern = ".*?".join(map(re.escape, cell.split("…")))
    assert re.match(pattern, f"{said['code']} {said['error_description']}".removeprefix("LCM-SUBJECT-INVALID ")), said
