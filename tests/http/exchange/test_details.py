"""Contract §6, `authorization_details` (RFC 9396): declared, narrowed field by field, never widened."""

import json

import pytest

from support import tokens
from support.checks import issued, refused
from support.client import ACCESS_TOKEN, GRANT, exchange
from support.world import World

SPAN = {"not_before": "2026-01-01T00:00:00Z", "not_after": "2026-12-31T00:00:00Z"}


def span(**changes):
    return SPAN | changes


# kind: (declared type, narrow, the limit, what is within, what is not)
KINDS = {
    "text": ("string", "equal", "DE01", ["DE01"], ["DE0", "de01", "DE01 ", "", 5, None, ["DE01"]]),
    "path": ("string", "prefix", "/api/v1", ["/api/v1", "/api/v1/x", "/api/v1/x/y"],
             ["/api/v1x", "/api", "/api/v10", "/", "", "/api/v1/../v2", "/api/v1/%2e%2e/v2", "/api/v1/x%2Fy",
              "/api/v1/x%2fy", "/api/v1/..", 5]),
    "list": ("strings", "subset", ["a", "b"], [["a"], ["b", "a"]], [["a", "c"], "a", [1], ["A"], None, {"a": 1}]),
    "same": ("integer", "equal", 7, [7], [8, 6, 7.5, "7", -7, None, True]),
    "most": ("integer", "at_most", 10, [10, 0, 3], [11, -1, "3", 3.5, None, 2**53]),
    "least": ("integer", "at_least", 10, [10, 11], [9, 0, -11, "11"]),
    "money_same": ("decimal", "equal", "10.00", ["10.00"], ["10.01", "9.99", "-10.00", "ten", "", None]),
    "money_most": ("decimal", "at_most", "5000.00", ["5000.00", "5000", "0", "0.01", "4999.999"],
                   ["5000.001", "5000.0000000000000000001", "-1", "1e3", "NaN", "inf", "0x10", " 1", "1,5", 10]),
    "money_least": ("decimal", "at_least", "0.10", ["0.10", "0.1", "3"], ["0.0999999999999999999", "0"]),
    "when": ("time_span", "within", SPAN,
             [SPAN, span(not_before="2026-02-01T00:00:00Z"), span(not_after="2026-12-31T00:00:00+01:00")],
             [span(not_before="2025-12-31T23:59:59Z"), span(not_after="2027-01-01T00:00:00Z"), {"not_before": SPAN["not_before"]},
              span(not_after="2026-12-31T00:00:00-01:00"), span(not_after="tomorrow"), "2026", span(extra=1),
              {"not_before": SPAN["not_after"], "not_after": SPAN["not_before"]}]),
    "net": ("cidr", "within", "10.1.0.0/16", ["10.1.0.0/16", "10.1.2.0/24", "10.1.2.3/32"],
            ["10.0.0.0/8", "10.2.0.0/24", "10.1.2.3/24", "::/0", "::ffff:10.1.2.0/120", "10.1.2.3", "10.1.0.0/33", "", 5]),
    "net6": ("cidr", "within", "2001:db8::/32", ["2001:db8::/32", "2001:db8:1::/48"], ["2001::/16", "10.0.0.0/8", "2001:db8::1/48"]),
}
GOOD = [(kind, value) for kind, row in KINDS.items() for value in row[3]]
BAD = [(kind, value) for kind, row in KINDS.items() for value in row[4]]
DETAILS = {kind: {"f": {"type": row[0], "narrow": row[1]}} for kind, row in KINDS.items()}
DETAILS["pair"] = {"company": {"type": "string", "narrow": "equal"}, "amount": {"type": "decimal", "narrow": "at_most"}}
SCOPES = {"a": "low", "pay": {"risk": "low", "requires": ["pair"]}}
LIMITS = [{"type": kind, "f": row[2]} for kind, row in KINDS.items()]


@pytest.fixture(scope="module")
def place(broker):
    """A target with every comparator; one agent limited by its ceiling, two that pass things on."""
    world = World(broker)
    target = world.target(SCOPES, details=DETAILS)
    limited = world.actor(target, ["a"], details=LIMITS)
    free, second = world.actor(target, ["a", "pay"]), world.actor(target, ["a", "pay"])
    granted = world.actor(target, ["a"], actions=("exchange",))
    grant = world.grant(granted.id, [{"target": target.id, "scopes": ["a"], "authorization_details": LIMITS}])
    return dict(target=target, limited=limited, free=free, second=second, granted=granted, grant=grant)


def ask(broker, place, agent, details, **params):
    text = details if isinstance(details, str) or details is None else json.dumps(details)
    return exchange(broker, agent=place[agent], audience=place["target"].audience, authorization_details=text, **params)


def by_ceiling(broker, place, kind, value):
    return ask(broker, place, "limited", [{"type": kind, "f": value}])


def by_grant(broker, place, kind, value):
    return ask(broker, place, "granted", [{"type": kind, "f": value}], subject_token=place["grant"], subject_token_type=GRANT)


def by_parent(broker, place, kind, value):
    token = issued(ask(broker, place, "free", [{"type": kind, "f": KINDS[kind][2]}], delegate_to=place["second"].id)).token
    return ask(broker, place, "second", [{"type": kind, "f": value}], subject_token=token, subject_token_type=ACCESS_TOKEN)


LIMITERS = pytest.mark.parametrize("limit", [by_ceiling, by_grant, by_parent], ids=lambda f: f.__name__)


@LIMITERS
@pytest.mark.parametrize("kind, value", GOOD, ids=repr)
def test_a_field_within_its_limit_is_granted_as_asked(broker, place, limit, kind, value):
    made = issued(limit(broker, place, kind, value))
    assert made.body["authorization_details"] == made.claims["authorization_details"] == [{"type": kind, "f": value}]


@LIMITERS
@pytest.mark.parametrize("kind, value", BAD, ids=repr)
def test_a_field_beyond_its_limit_is_refused(broker, place, limit, kind, value):
    refused(broker, limit(broker, place, kind, value), "LCM-DETAILS", "LCM-CONSENT-MISSING")


@pytest.mark.parametrize("text", ["", "[]"])
def test_no_details_and_none_anywhere_means_none(broker, place, text):
    made = issued(ask(broker, place, "free", text, scope="a"))
    assert not made.claims.get("authorization_details")


@pytest.mark.parametrize("text", ["{", "{}", '"x"', "5", "null", "[5]", "[null]", '[{"f":1}]', '[{"type":5}]', "[[]]",
                                  '[{"type":"text","type":"path","f":"DE01"}]', '[{"type":"text","f":"DE01"}] x'])
def test_details_of_another_form_are_refused(broker, place, text):
    refused(broker, ask(broker, place, "free", text), "LCM-DETAILS", "LCM-REQUEST")


@pytest.mark.parametrize("detail", [{"type": "unheard"}, {"type": "text", "f": "x", "g": 1}, {"type": "Text", "f": "x"},
                                    {"type": "text", "f": "x", "locations": ["x"]}, {"type": ""}])
def test_an_unknown_type_or_field_is_refused(broker, place, detail):
    refused(broker, ask(broker, place, "free", [detail]), "LCM-DETAILS")


def test_at_the_root_without_a_grant_every_declared_field_is_required(broker, place):
    for detail in ({"type": "pair"}, {"type": "pair", "company": "DE01"}, {"type": "pair", "amount": "1"}):
        refused(broker, ask(broker, place, "free", [detail]), "LCM-DETAILS")
    issued(ask(broker, place, "free", [{"type": "pair", "company": "DE01", "amount": "1"}]))


def test_at_the_root_a_ceiling_does_not_fill_in_a_field(broker, place):
    refused(broker, ask(broker, place, "limited", [{"type": "text"}]), "LCM-DETAILS")


def test_a_field_left_out_is_inherited_from_the_grant(broker, place):
    made = issued(ask(broker, place, "granted", [{"type": "text"}], subject_token=place["grant"], subject_token_type=GRANT))
    assert made.claims["authorization_details"] == [{"type": "text", "f": "DE01"}]


def test_a_field_left_out_is_inherited_from_the_parent(broker, place):
    parent = issued(ask(broker, place, "free", [{"type": "pair", "company": "DE01", "amount": "50"}], delegate_to=place["second"].id))
    made = issued(ask(broker, place, "second", [{"type": "pair", "amount": "20"}], subject_token=parent.token,
                      subject_token_type=ACCESS_TOKEN))
    assert made.claims["authorization_details"] == [{"type": "pair", "company": "DE01", "amount": "20"}]


def test_none_requested_means_the_parents_whole(broker, place):
    details = [{"type": "pair", "company": "DE01", "amount": "50"}, {"type": "text", "f": "x"}]
    parent = issued(ask(broker, place, "free", details, delegate_to=place["second"].id))
    made = issued(ask(broker, place, "second", None, subject_token=parent.token, subject_token_type=ACCESS_TOKEN))
    assert made.claims["authorization_details"] == details


def test_none_requested_means_the_grants_whole(broker, place):
    made = issued(ask(broker, place, "granted", None, subject_token=place["grant"], subject_token_type=GRANT))
    assert made.claims["authorization_details"] == LIMITS


def test_a_parent_without_details_of_a_type_gives_none(broker, place):
    parent = issued(ask(broker, place, "free", [{"type": "text", "f": "x"}], delegate_to=place["second"].id))
    answer = ask(broker, place, "second", [{"type": "path", "f": "/"}], subject_token=parent.token, subject_token_type=ACCESS_TOKEN)
    refused(broker, answer, "LCM-DETAILS")


def test_an_object_is_within_one_single_object_and_not_within_two_together(broker, place):
    details = [{"type": "pair", "company": "DE01", "amount": "10"}, {"type": "pair", "company": "DE02", "amount": "99"}]
    parent = issued(ask(broker, place, "free", details, delegate_to=place["second"].id))

    def child(detail):
        return ask(broker, place, "second", [detail], subject_token=parent.token, subject_token_type=ACCESS_TOKEN)

    issued(child({"type": "pair", "company": "DE02", "amount": "99"}))
    refused(broker, child({"type": "pair", "company": "DE01", "amount": "99"}), "LCM-DETAILS")


def test_a_scope_that_requires_a_type_never_comes_without_it(broker, place):
    refused(broker, ask(broker, place, "free", None, scope="pay"), "LCM-DETAILS")
    refused(broker, ask(broker, place, "free", [{"type": "text", "f": "x"}], scope="pay"), "LCM-DETAILS")
    made = issued(ask(broker, place, "free", [{"type": "pair", "company": "x", "amount": "1"}], scope="pay"))
    assert made.claims["scope"] == "pay"


def test_a_required_type_is_inherited_from_the_parent(broker, place):
    parent = issued(ask(broker, place, "free", [{"type": "pair", "company": "x", "amount": "1"}], scope="pay",
                        delegate_to=place["second"].id))
    made = issued(ask(broker, place, "second", None, scope="pay", subject_token=parent.token, subject_token_type=ACCESS_TOKEN))
    assert made.claims["authorization_details"] == [{"type": "pair", "company": "x", "amount": "1"}]


def test_the_demo_type_of_sap_is_there(broker):
    detail = [{"type": "invoice_post", "company": "DE01", "amount": "100.00", "invoices": ["4711"]}]
    made = issued(exchange(broker, authorization_details=json.dumps(detail), scope="invoice.read"))
    assert made.claims["authorization_details"] == detail


def test_another_targets_type_is_unknown_here(broker, place):
    refused(broker, ask(broker, place, "free", [{"type": "invoice_post"}]), "LCM-DETAILS")


def test_an_empty_list_in_a_grant_sets_no_limit_of_its_own(broker, world, place):
    agent = world.actor(place["target"], ["a"], actions=("exchange",))
    world.grant(agent.id, {place["target"].id: ["a"]})
    made = issued(exchange(broker, agent=agent, audience=place["target"].audience,
                           authorization_details=json.dumps([{"type": "text", "f": "anything"}])))
    assert made.claims["authorization_details"] == [{"type": "text", "f": "anything"}]
    assert tokens.header(made.token)["typ"] == "at+jwt"
