"""Contract §15 and its profiles: a connector that its profile does not take is refused, each flaw at its place."""

import pytest

from support.handouts import SCOPES
from support.scene import problem
from support.tokens import DROP
from support.world import unique

URL = "https://acme.authentication.example"
PAN = [{"scopes": ["thing.read"], "user": "svc-read", "secret": "SECRET"},
       {"scopes": ["thing.read", "thing.write"], "user": "svc-write", "secret": "SECRET"}]
PROFILES = {
    "xsuaa": ("jwt_bearer", {"client_id": "sb-locum!t1", "scopes": SCOPES}, ["client"]),
    "s4hana": ("saml_bearer", {"client_id": "locum", "audience": "https://s4.example"}, ["client", "signing"]),
    "abap": ("saml_bearer", {"client_id": "locum", "audience": "https://s4.example", "scopes": SCOPES}, ["client", "signing"]),
    "successfactors": ("saml_bearer", {"client_id": "key", "company_id": "acme"}, ["signing"]),
    "workday": ("jwt_bearer", {"tenant": "acme", "client_id": "locum"}, ["signing"]),
    "workday-vault": ("refresh_vault", {"tenant": "acme", "client_id": "locum", "vault": {}}, ["client"]),
    "panos": ("vendor_session", {"user": "svc"}, ["client"]),
    "checkpoint": ("vendor_session", {"user": "svc"}, ["client"]),
    "oauth": ("jwt_bearer", {"client_id": "locum"}, ["client"]),
}
NO_PERSON = ("panos", "checkpoint")
REQUIRED = [(profile, name) for profile, (_, given, _) in PROFILES.items() for name in given
            if (profile, name) != ("checkpoint", "user")]


class Targets:
    """Declares targets with connectors of which one thing is changed."""

    def __init__(self, world):
        self.world, self.admin, self.id = world, world.admin, unique("target")
        self.secret = unique("secret")
        taken = self.admin.put(f"/secrets/{self.secret}", {"value": "a-value-of-a-test", "reason": "test"})
        assert taken.status_code == 201, taken.text

    def put(self, profile, parameters=None, secrets=None, target=None, named=None, **connector):
        """The answer to a target of that profile."""
        kind, given, roles = PROFILES[profile]
        given = self._with(given, parameters or {})
        held = self._with({role: self.secret for role in roles}, secrets or {})
        made = self._with({"kind": kind, "profile": profile if named is None else named, "base_url": URL, "parameters": given, "secrets": held}, connector)
        body = {"audience": f"urn:test:{self.id}", "delivery": "handout", "max_lifetime": 300, "connector": made,
                "scopes": {name: {"risk": "low"} for name in SCOPES}}
        if profile in NO_PERSON:
            body["entitlements"] = {name: ["demo:staff"] for name in SCOPES}
        return self.admin.put(f"/targets/{self.id}", self._with(body, target or {}))

    def _with(self, given, changes):
        said = {name: value for name, value in (given | changes).items() if value is not DROP}
        return {name: [one | {"secret": self.secret} if one.get("secret") == "SECRET" else one for one in value]
                if name == "principals" and isinstance(value, list) and all(isinstance(one, dict) for one in value)
                else value for name, value in said.items()}


@pytest.fixture
def targets(world):
    """Under an id of the test's own."""
    return Targets(world)


# ------------------------------------------------------------- what is taken

@pytest.mark.parametrize("profile", PROFILES)
def test_each_profile_takes_what_its_row_requires(targets, profile):
    answer = targets.put(profile)
    assert answer.status_code == 201, answer.text
    shown = answer.json()
    assert shown["connector"]["profile"] == profile
    assert set(shown["credential"]) == {"narrow", "expire", "revoke", "unique", "carries_person"}
    assert shown["credential"]["carries_person"] is (profile not in NO_PERSON)
    assert set(shown["handout"]) == {"safe", "because"}
    # What is shown can be put again as it is.
    again = targets.admin.put(f"/targets/{targets.id}", shown)
    assert again.status_code == 200 and again.json() == shown, again.text
    assert targets.admin.get(f"/secrets/{targets.secret}").json()["used_by"] == [targets.id]


@pytest.mark.parametrize("profile", PROFILES)
def test_without_a_kind_it_is_the_profiles_first(targets, profile):
    answer = targets.put(profile, kind=DROP)
    assert answer.status_code == 201, answer.text
    assert answer.json()["connector"].get("kind") in (None, PROFILES[profile][0])
    with_it = targets.put(profile).json()["credential"]
    assert answer.json()["credential"] == with_it


@pytest.mark.parametrize(("base_url", "kept"), [
    (f"{URL}/", URL), (f"{URL}/tenant/acme", f"{URL}/tenant/acme"), ("http://127.0.0.1:8080", "http://127.0.0.1:8080"),
    ("http://localhost:8080", "http://localhost:8080")])
def test_base_url_may_have_a_path(targets, base_url, kept):
    answer = targets.put("xsuaa", base_url=base_url)
    assert answer.status_code == 201, answer.text
    assert answer.json()["connector"]["base_url"].rstrip("/") == kept


# ------------------------------------------------------------- what is refused

@pytest.mark.parametrize("base_url", [
    "", "acme.example", "ftp://acme.example", "http://acme.example", "http://10.0.0.1", "https://", "https://u@acme.example",
    "https://u:p@acme.example", f"{URL}?x=1", f"{URL}#x", f"{URL}?", "https://acme .example", 7, None, DROP])
def test_base_url_is_https_without_user_query_and_fragment(targets, base_url):
    problem(targets.put("xsuaa", base_url=base_url), 422, "/connector")


@pytest.mark.parametrize(("profile", "name"), REQUIRED)
def test_what_the_row_requires_is_required(targets, profile, name):
    problem(targets.put(profile, {name: DROP}), 422, f"/connector/parameters/{name}")


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_parameter_is_named(targets, profile):
    problem(targets.put(profile, {"colour": "red"}), 422, "/connector/parameters/colour")


@pytest.mark.parametrize(("profile", "name"), [("panos", "scopes"), ("s4hana", "scopes"), ("workday", "subject_token"),
                                               ("panos", "subject"), ("checkpoint", "token_validity_s")])
def test_a_parameter_of_another_row_is_unknown(targets, profile, name):
    problem(targets.put(profile, {name: SCOPES if name == "scopes" else "x"}), 422, f"/connector/parameters/{name}")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_missing_role_is_named(targets, profile):
    for role in PROFILES[profile][2]:
        problem(targets.put(profile, secrets={role: DROP}), 422, f"/connector/secrets/{role}")


@pytest.mark.parametrize("profile", PROFILES)
def test_an_unknown_role_is_named(targets, profile):
    problem(targets.put(profile, secrets={"spare": targets.secret}), 422, "/connector/secrets/spare")


@pytest.mark.parametrize("profile", PROFILES)
def test_a_name_of_no_secret_is_named(targets, profile):
    for role in PROFILES[profile][2]:
        problem(targets.put(profile, secrets={role: unique("nothing")}), 422, f"/connector/secrets/{role}")


@pytest.mark.parametrize("name", ["", "../x", "/etc/passwd", "Upper", "a b", 7, None, ["x"]])
def test_a_secret_is_named_and_is_no_path(targets, name):
    problem(targets.put("xsuaa", secrets={"client": name}), 422, "/connector")


@pytest.mark.parametrize("profile", ["xsuaa", "abap", "oauth"])
@pytest.mark.parametrize(("scopes", "pointer"), [
    (SCOPES | {"thing.more": "x"}, "/thing.more"), ({"thing.read": "x"}, "/thing.write"),
    (SCOPES | {"thing.read": ""}, "/thing.read"), (SCOPES | {"thing.read": 7}, "/thing.read"),
    (SCOPES | {"thing.read": "two  spaces"}, "/thing.read"), (SCOPES | {"thing.read": 'a"b'}, "/thing.read"),
    ([], ""), ("thing.read", "")])
def test_scopes_map_the_whole_catalogue_and_nothing_else(targets, profile, scopes, pointer):
    problem(targets.put(profile, {"scopes": scopes}), 422, f"/connector/parameters/scopes{pointer}")


@pytest.mark.parametrize("scopes", [SCOPES | {"thing.read": "a b"}, SCOPES | {"thing.read": SCOPES["thing.write"]}])
def test_one_scope_may_be_several_of_theirs(targets, scopes):
    assert targets.put("xsuaa", {"scopes": scopes}).status_code == 201


@pytest.mark.parametrize(("principals", "pointer"), [
    ([], ""), ({}, ""), ("svc", ""), ([7], "/0"), ([{}], "/0/scopes"), ([PAN[0] | {"scopes": []}], "/0/scopes"),
    ([PAN[0], PAN[1] | {"scopes": ["thing.read", "thing.more"]}], "/1/scopes"),
    ([PAN[0] | {"scopes": "thing.read"}], "/0/scopes"), ([PAN[0] | {"secret": "no-such-secret"}], "/0/secret"),
    ([{"scopes": ["thing.read"], "user": "svc"}], "/0/secret"), ([{"scopes": ["thing.read"], "secret": "SECRET"}], "/0/user"),
    ([PAN[0] | {"user": ""}], "/0/user"), ([PAN[0] | {"client_id": "x"}], "/0/client_id"),
    ([PAN[0]] * 65, ""), ([PAN[0] | {"colour": "red"}], "/0/colour")])
def test_principals_are_accounts_with_scopes_of_the_catalogue(targets, principals, pointer):
    answer = targets.put("panos", {"user": DROP, "principals": principals}, {"client": DROP})
    problem(answer, 422, f"/connector/parameters/principals{pointer}")


@pytest.mark.parametrize(("profile", "name"), [("panos", "user"), ("checkpoint", "user")])
def test_principals_take_the_place_of_account_and_secret(targets, profile, name):
    answer = targets.put(profile, {name: DROP, "principals": PAN}, {"client": DROP})
    assert answer.status_code == 201, answer.text
    assert answer.json()["credential"]["narrow"] == "principal"


@pytest.mark.parametrize(("profile", "name", "value"), [
    ("xsuaa", "token_validity_s", 59), ("xsuaa", "token_validity_s", 86_401), ("xsuaa", "token_validity_s", "600"),
    ("xsuaa", "token_validity_s", -1), ("xsuaa", "token_validity_s", 1.5), ("xsuaa", "token_format", "saml"),
    ("xsuaa", "client_auth", "none"), ("xsuaa", "authorities", "x"), ("xsuaa", "client_id", ""), ("xsuaa", "client_id", 7),
    ("xsuaa", "subject", "{person}"), ("xsuaa", "subject", ""), ("xsuaa", "subjects", {"demo:ada": 7}),
    ("xsuaa", "subjects", "ada"), ("successfactors", "name_id", "mail"), ("workday", "tenant", "a/b"),
    ("workday", "exp_as_text", "yes"), ("panos", "token_validity_s", -1), ("checkpoint", "read_only", "true"),
    ("workday-vault", "vault", "ada"), ("workday-vault", "vault", ["ada"]), ("workday-vault", "vault", {"demo:ada": 7}),
    ("oauth", "token_path", "token"), ("oauth", "token_path", "/a/../b"), ("oauth", "token_path", "//evil.example/x"),
    ("oauth", "token_path", "/x?y"), ("oauth", "extra", {"scope": "x"}), ("oauth", "extra", {"grant_type": "x"}),
    ("oauth", "extra", {"x": 1}), ("oauth", "client_auth", "digest"), ("oauth", "revocation_path", "revoke")])
def test_each_parameter_has_its_form(targets, profile, name, value):
    problem(targets.put(profile, {name: value}), 422, f"/connector/parameters/{name}")


@pytest.mark.parametrize("named", ["nothing", "", "XSUAA", 7])
def test_an_unknown_profile_is_told_at_its_place(targets, named):
    problem(targets.put("xsuaa", named=named), 422, "/connector")


@pytest.mark.parametrize(("profile", "kind"), [("xsuaa", "vendor_session"), ("panos", "jwt_bearer"), ("xsuaa", "token_exchange"),
                                               ("workday", "refresh_vault"), ("workday", "saml_bearer"), ("xsuaa", "issue"), ("xsuaa", "nothing")])
def test_a_kind_that_the_profile_has_not_is_told_at_its_place(targets, profile, kind):
    problem(targets.put(profile, kind=kind), 422, "/connector")


@pytest.mark.parametrize("profile", NO_PERSON)
def test_entitlements_are_required_where_nobody_there_knows_the_person(targets, profile):
    problem(targets.put(profile, target={"entitlements": DROP}), 422, "/entitlements")


def test_a_person_is_not_carried_by_client_credentials(targets):
    problem(targets.put("xsuaa", kind="client_credentials"), 422, "/entitlements")
    assert targets.put("xsuaa", kind="client_credentials",
                       target={"entitlements": {name: [] for name in SCOPES}}).status_code == 201


def test_every_flaw_is_told_at_once(targets):
    body = problem(targets.put("xsuaa", {"client_id": DROP, "colour": "red"}, {"client": DROP}, base_url="x"), 422)
    found = {error["pointer"].lstrip("#") for error in body["errors"]}
    assert {"/connector/base_url", "/connector/parameters/client_id", "/connector/parameters/colour",
            "/connector/secrets/client"} <= found, found


def test_a_flaw_changes_nothing(targets):
    made = targets.put("xsuaa").json()
    problem(targets.put("xsuaa", {"client_id": DROP}), 422)
    assert targets.admin.get(f"/targets/{targets.id}").json() == made


def test_a_scope_that_comes_to_the_catalogue_needs_its_name_at_the_vendor(targets):
    targets.put("xsuaa")
    more = {name: {"risk": "low"} for name in (*SCOPES, "thing.more")}
    problem(targets.put("xsuaa", target={"scopes": more}), 422, "/connector/parameters/scopes/thing.more")


# ------------------------------------------------------------- the profiles there are

def test_the_profiles_say_what_they_take_and_can_do(world):
    answer = world.admin.get("/profiles")
    assert answer.status_code == 200, answer.text
    items = {item["id"]: item for item in answer.json()["items"]}
    assert set(PROFILES) <= set(items)
    for profile, (kind, given, roles) in PROFILES.items():
        item = items[profile]
        assert set(item) == {"id", "kinds", "parameters", "secrets", "credential", "documentation"}
        assert item["kinds"][0] == kind and set(given) <= set(item["parameters"]["properties"])
        assert set(roles) <= {role["name"] for role in item["secrets"]} and all(role["what"] for role in item["secrets"])
        assert set(item["credential"]) == {"narrow", "expire", "revoke", "unique", "carries_person"}
        assert item["credential"]["carries_person"] is (profile not in NO_PERSON)
