"""Contract §12, targets: 201 and 200, uniqueness, what never changes."""

import pytest

from support.checks import refused
from support.scene import problem
from support.world import unique


def test_a_target_is_made_and_then_replaced(world, admin):
    made = world.target()  # asserts 201
    again = admin.put(f"/targets/{made.id}", made.body | {"max_lifetime": 120})
    assert again.status_code == 200, again.text
    assert admin.get(f"/targets/{made.id}").json()["max_lifetime"] == 120


def test_a_target_reads_back_as_what_was_put_plus_the_read_only_members(world, admin):
    made = world.target(details={"order": {"amount": {"type": "decimal", "narrow": "at_most"}}})
    answer = admin.get(f"/targets/{made.id}")
    shown = answer.json()
    assert answer.headers["ETag"] and shown["id"] == made.id and shown["created_at"]
    for member, value in made.body.items():
        if member != "scopes":
            assert shown[member] == value, member
    assert {n: s["risk"] for n, s in shown["scopes"].items()} == {"thing.read": "low", "thing.write": "high"}


def test_put_ignores_the_read_only_members_so_what_was_read_can_be_put(world, admin):
    made = world.target()
    shown = admin.get(f"/targets/{made.id}").json()
    changed = shown | {"created_at": "2001-01-01T00:00:00Z", "state": "retired", "id": "another-id"}
    again = admin.put(f"/targets/{made.id}", changed)
    assert again.status_code == 200, again.text
    after = admin.get(f"/targets/{made.id}").json()
    assert (after["created_at"], after["id"]) == (shown["created_at"], made.id)


def test_an_audience_never_changes(world, admin):
    made = world.target()
    problem(admin.put(f"/targets/{made.id}", made.body | {"audience": f"urn:test:{unique()}"}), 409)
    assert admin.get(f"/targets/{made.id}").json()["audience"] == made.audience


@pytest.mark.parametrize("changes", [
    lambda other: {"audience": other.audience},
    lambda other: {"audience": other.resources[0]},
    lambda other: {"resources": [other.audience]},
    lambda other: {"resources": [f"https://{unique()}.example", other.resources[0]]},
])
def test_audiences_and_resources_are_unique_over_all_targets(world, admin, changes):
    """§6: `audience`s and `resources` are unique over all targets."""
    other, name = world.target(), unique("target")
    body = other.body | {"audience": f"urn:test:{name}", "resources": [f"https://{name}.example"]} | changes(other)
    problem(admin.put(f"/targets/{name}", body), 422)
    problem(admin.get(f"/targets/{name}"), 404)


@pytest.mark.parametrize("member", ["audience", "resources"])
@pytest.mark.parametrize("forbidden", ["{issuer}", "urn:locum:agent:invoice-agent", "urn:locum:x"])
def test_a_target_is_never_named_like_the_broker_itself(world, admin, broker, member, forbidden):
    """§6: never our issuer or `urn:locum:…`."""
    name, value = unique("target"), forbidden.format(issuer=broker.issuer)
    body = world.target().body | {"audience": f"urn:test:{name}", "resources": []}
    problem(admin.put(f"/targets/{name}", body | {member: [value] if member == "resources" else value}), 422)


@pytest.mark.parametrize("changes", [
    {"scopes": {"thing.read": {"risk": "enormous"}}}, {"scopes": {"two words": {"risk": "low"}}}, {"scopes": "x"},
    {"max_lifetime": 3601}, {"max_lifetime": 0}, {"max_lifetime": "300"},
    {"connector": {"kind": "issue", "alg": "HS256"}}, {"connector": {"kind": "issue", "alg": "none"}},
    {"connector": {"kind": "teleport"}}, {"delivery": "pigeon"}, {"resources": ["not a uri"]},
    {"resources": ["https://x.example/#fragment"]}, {"resource_server": "no-such-client"},
    {"details": {"order": {"amount": {"type": "imaginary", "narrow": "equal"}}}},
    {"details": {"order": {"amount": {"type": "string", "narrow": "at_most"}}}},
    {"details": {"order": {"lines": {"type": "strings", "narrow": "prefix"}}}},
    {"scopes": {"thing.read": {"risk": "low", "requires": ["no-such-type"]}}},
])
def test_a_target_that_makes_no_sense_is_refused_and_nothing_changed(world, admin, changes):
    made = world.target()
    before = admin.get(f"/targets/{made.id}")
    body = problem(admin.put(f"/targets/{made.id}", made.body | changes), 422)
    assert body["errors"], body
    after = admin.get(f"/targets/{made.id}")
    assert (after.json(), after.headers["ETag"]) == (before.json(), before.headers["ETag"])


@pytest.mark.parametrize("kind, narrow", [
    ("string", "equal"), ("string", "prefix"), ("strings", "subset"), ("integer", "equal"), ("integer", "at_most"),
    ("integer", "at_least"), ("decimal", "equal"), ("decimal", "at_most"), ("decimal", "at_least"),
    ("time_span", "within"), ("cidr", "within")])
def test_every_field_type_with_its_comparators_is_taken(world, admin, kind, narrow):
    made = world.target(details={"order": {"field": {"type": kind, "narrow": narrow}}})
    assert admin.get(f"/targets/{made.id}").json()["details"]["order"]["field"]["narrow"] == narrow


@pytest.mark.parametrize("bad", ["Sap", "-x", "a" * 64, "a%20b"])
def test_an_id_outside_the_grammar_is_refused(world, admin, bad):
    body = world.target().body | {"audience": f"urn:test:{unique()}", "resources": []}
    problem(admin.put(f"/targets/{bad}", body), 422)


def test_a_scope_taken_out_of_the_catalogue_is_refused_at_once(scene, admin, broker):
    assert scene.exchange().status_code == 200
    body = scene.target.body | {"scopes": {"thing.write": {"risk": "high"}}}
    answer = admin.put(f"/targets/{scene.target.id}", body)
    if answer.status_code == 200:
        refused(broker, scene.exchange(), "LCM-SCOPE-REFUSED")
    else:  # a ceiling still names it
        problem(answer, 422)


def test_a_new_target_answers_to_its_audience_its_id_and_its_resource(scene):
    for name in ({"audience": scene.target.audience}, {"audience": scene.target.id},
                 {"audience": None, "resource": scene.target.resources[0]}):
        made = scene.token(**name)
        assert made.claims["aud"] == name.get("resource", scene.target.audience)


def test_an_unknown_target_is_not_found(admin):
    problem(admin.get(f"/targets/{unique('nowhere')}"), 404)


def test_the_demo_targets_are_there_as_contract_3_says(admin):
    sap = admin.get("/targets/sap").json()
    assert sap["audience"] == "urn:demo:sap" and sap["resource_server"] == "sap-rs"
    assert set(sap["scopes"]) >= {"invoice.read", "invoice.post"} and sap["scopes"]["invoice.post"]["risk"] == "high"
    assert "invoice_post" in sap["details"]
    for name in ("workday", "firewall"):
        assert admin.get(f"/targets/{name}").json()["audience"] == f"urn:demo:{name}"
