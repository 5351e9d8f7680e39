"""The pages on providers: what each provider sends, as its documentation shows it, meets the page's declaration."""

import sys
import tomllib
import uuid

import pytest

from support import checks, client, tokens
from support.broker import Broker
from support.process import REPO, Member
from support.world import World

sys.path.append(str(REPO / "tests" / "docs"))

import blocks  # noqa: E402

TENANT = "TENANT"
ENTRA = {"ver": "2.0", "tid": TENANT, "azp": "app-1", "azpacr": "1", "oid": "oid-1", "name": "Ada",
         "preferred_username": "ada@acme.example", "uti": "x", "rh": "x", "aio": "x"}
OKTA = {"ver": 1, "cid": "0oaapp", "uid": "00uada"}
AUTH0 = {"client_id": "app-1"}
GROUP = {"entra": "0f1e2d3c-0000-0000-0000-000000000000", "okta": "locum-finance", "auth0": "finance"}
PERSON = {"entra": {"sub": "pairwise-ada", "scp": "erp.read", "groups": [GROUP["entra"]], "typ": "JWT"} | ENTRA,
          "okta": {"sub": "00uada", "scp": ["openid", "erp.read"], "groups": [GROUP["okta"]], "typ": None} | OKTA,
          "auth0": {"sub": "auth0|6553da60a5", "scope": "openid erp:read", "typ": "at+jwt",
                    "https://acme.example/groups": [GROUP["auth0"]]} | AUTH0}
MACHINE = {"entra": {"sub": "oid-1", "roles": ["Erp.Read"], "idtyp": "app", "scp": None, "groups": None},
           "okta": {"sub": "0oaapp", "uid": None},
           "auth0": {"sub": "app-1@clients"}}
each = pytest.mark.parametrize("provider", PERSON)


@pytest.fixture(scope="module")
def home():
    """A broker that trusts each provider as its page declares it, but for where its keys come from."""
    with Broker() as broker:
        world, known = World(broker), {}
        for name, group in GROUP.items():
            page = (REPO / f"docs/how-to/connect-{name}.md").read_text()
            [text] = [block.text for block in blocks.blocks(page) if block.about == f"conf.d/{name}.toml"]
            [declared] = tomllib.loads(text)["issuers"]
            key = tokens.new_jwk("RS256")
            # Entra's keys name no algorithm; the list of the issuer decides.
            jwk = {member: value for member, value in tokens.public(key).items() if member != "alg"}
            body = {member: value for member, value in declared.items() if member != "id"}
            made = world.admin.put(f"/issuers/{declared['id']}", body | {"kind": "jwt", "jwks": {"keys": [jwk]}})
            assert made.status_code == 201, made.text
            agent = world.actor("sap", ["invoice.read"], actions=["exchange"], subject_issuers=[name])
            member = f'context has person && context.person in Group::"{name}:{group}"'
            world.permit(agent.id, "sap", ["pre_authorise"], member)
            known[name] = Member(issuer=body["issuer"], aud=declared["access_audiences"][0], key=key, agent=agent)
        yield Member(broker=broker, providers=known)


def exchanged(home, provider, **changes):
    """The answer for an access token of the provider; `None` leaves a claim out."""
    known = home.providers[provider]
    t = tokens.now()
    claims = {"iss": known.issuer, "aud": known.aud, "iat": t, "nbf": t, "exp": t + 600, "jti": uuid.uuid4().hex}
    claims = {name: value for name, value in (claims | PERSON[provider] | changes).items() if value is not None}
    typ = claims.pop("typ", None)
    token = tokens.sign(claims, known.key, "RS256", {"typ": typ} if typ else {})
    return client.exchange(home.broker, token, client.JWT, agent=known.agent, scope="invoice.read")


@each
def test_a_person_of_a_provider_is_known_by_its_access_token(home, provider):
    made = checks.issued(exchanged(home, provider))
    assert made.claims["sub"] == f"{provider}:{PERSON[provider]['sub']}"


@each
def test_a_machine_of_a_provider_is_no_person(home, provider):
    checks.refused(home.broker, exchanged(home, provider, **MACHINE[provider]), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("provider, fence", [("entra", {"sub": "oid-1", "scp": None, "roles": ["x"], "groups": None}),
                                             ("okta", {"sub": "changed", "uid": None})])
def test_a_machine_is_refused_by_require_alone(home, provider, fence):
    checks.refused(home.broker, exchanged(home, provider, **fence), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("provider, changes", [
    ("entra", {"iss": f"https://sts.windows.net/{TENANT}/"}), ("entra", {"tid": "another"}),
    ("entra", {"aud": "api://locum"}), ("auth0", {"iss": "https://acme.eu.auth0.com"}),
    ("okta", {"iss": "https://acme.okta.com"}), ("okta", {"typ": "application/okta-internal-at+jwt"})])
def test_what_the_page_says_is_refused_is(home, provider, changes):
    checks.refused(home.broker, exchanged(home, provider, **changes), "LCM-SUBJECT-INVALID")


@pytest.mark.parametrize("provider, changes", [
    ("entra", {"groups": None, "_claim_names": {"groups": "src1"}, "_claim_sources": {"src1": {"endpoint": "x"}}}),
    ("entra", {"groups": None, "hasgroups": True}), ("entra", {"groups": None}), ("okta", {"groups": None}),
    ("auth0", {"https://acme.example/groups": None})])
def test_no_permit_for_a_group_matches_where_the_groups_are_not_known(home, provider, changes):
    checks.refused(home.broker, exchanged(home, provider, **changes), "LCM-CONSENT-MISSING")


def test_one_of_two_audiences_is_enough(home):
    aud = [home.providers["auth0"].aud, "https://acme.eu.auth0.com/userinfo"]
    checks.issued(exchanged(home, "auth0", aud=aud))
