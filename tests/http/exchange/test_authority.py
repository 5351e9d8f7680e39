"""Contract §6, "Authority"."""

import pytest

from support import tokens
from support.checks import issued, refused
from support.client import ACCESS_TOKEN, JWT, exchange
from support.world import World, entry

ABC = {"a": "low", "b": "low", "c": "low"}


@pytest.fixture(scope="module")
def setting(broker):
    world = World(broker)
    target = world.target(ABC)
    return target, world.actor(target, ["a", "b"], default=["a"])


def test_an_id_token_limits_nothing(broker, setting):
    target, agent = setting
    made = issued(exchange(broker, agent=agent, audience=target.audience, scope="a b"))
    assert set(made.claims["scope"].split()) == set(made.body["scope"].split()) == {"a", "b"}


def test_a_scope_outside_the_ceiling_is_refused_by_name_with_what_would_pass(broker, setting):
    target, agent = setting
    body = refused(broker, exchange(broker, agent=agent, audience=target.audience, scope="a c"), "LCM-SCOPE-REFUSED")
    assert "`c`" in body["error_description"]
    assert body["would_pass"]["scope"] == "a"


def test_a_scope_outside_the_catalogue_is_refused(broker, setting):
    target, agent = setting
    refused(broker, exchange(broker, agent=agent, audience=target.audience, scope="d"), "LCM-SCOPE-REFUSED")


def test_no_scope_means_the_ceilings_default_never_all(broker, setting):
    target, agent = setting
    assert issued(exchange(broker, agent=agent, audience=target.audience)).claims["scope"] == "a"


def test_no_scope_and_no_default_is_refused(broker, world):
    target = world.target(ABC)
    agent = world.actor(target, ["a", "b"], default=[])
    refused(broker, exchange(broker, agent=agent, audience=target.audience), "LCM-SCOPE-REQUIRED")


def test_on_a_later_hop_the_default_is_cut_to_the_parents(broker, world):
    target = world.target(ABC)
    first, second = world.actor(target, ["a", "b"]), world.actor(target, ["a", "b"], default=["a", "b"])
    token = issued(exchange(broker, agent=first, audience=target.audience, scope="b", delegate_to=second.id)).token
    made = issued(exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience))
    assert made.claims["scope"] == "b"


def test_a_default_that_the_parent_lacks_altogether_is_refused(broker, world):
    target = world.target(ABC)
    first, second = world.actor(target, ["a", "b"]), world.actor(target, ["a", "b"], default=["a"])
    token = issued(exchange(broker, agent=first, audience=target.audience, scope="b", delegate_to=second.id)).token
    answer = exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience)
    refused(broker, answer, "LCM-SCOPE-REQUIRED", "LCM-SCOPE-REFUSED")


def test_a_hop_cannot_widen_the_scope(broker, world):
    target = world.target(ABC)
    first, second = world.actor(target, ["a", "b"]), world.actor(target, ["a", "b"])
    token = issued(exchange(broker, agent=first, audience=target.audience, scope="a", delegate_to=second.id)).token
    answer = exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience, scope="a b")
    body = refused(broker, answer, "LCM-SCOPE-REFUSED")
    assert body["would_pass"]["scope"] == "a"


def test_a_hop_may_narrow_the_scope(broker, world):
    target = world.target(ABC)
    first, second = world.actor(target, ["a", "b"]), world.actor(target, ["a", "b"])
    token = issued(exchange(broker, agent=first, audience=target.audience, scope="a b", delegate_to=second.id)).token
    made = issued(exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience, scope="b"))
    assert made.claims["scope"] == "b"


def test_the_second_agents_ceiling_counts_too(broker, world):
    target = world.target(ABC)
    first, second = world.actor(target, ["a", "b"]), world.actor(target, ["a"])
    token = issued(exchange(broker, agent=first, audience=target.audience, scope="a b", delegate_to=second.id)).token
    answer = exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience, scope="b")
    refused(broker, answer, "LCM-SCOPE-REFUSED")


def test_equal_scope_names_of_two_targets_are_two_things(broker, world):
    one, two = world.target(ABC), world.target(ABC)
    issuer = world.issuer(scope_map={"x": [f"{one.id}:a", f"{two.id}:b"]})
    agent = world.agent(ceiling=[entry(t.id, ["a", "b"], ["a"]) for t in (one, two)], subject_issuers=[issuer.id])
    for target in (one, two):
        world.permit(agent.id, target.id)

    def ask(target, scope):
        token = tokens.idp_access_token(broker, key=issuer.key, iss=issuer.issuer, scope="x")
        return exchange(broker, token, JWT, agent=agent, audience=target.audience, scope=scope)

    issued(ask(one, "a"))
    issued(ask(two, "b"))
    refused(broker, ask(one, "b"), "LCM-SCOPE-REFUSED")
    refused(broker, ask(two, "a"), "LCM-SCOPE-REFUSED")


def test_a_scope_that_only_lacks_the_basis_asks_for_consent(broker, world):
    target = world.target(ABC)
    agent = world.actor(target, ["a"], actions=("exchange",))
    refused(broker, exchange(broker, agent=agent, audience=target.audience, scope="a"), "LCM-CONSENT-MISSING")


def test_a_scope_that_also_lacks_the_policy_does_not_ask_for_consent(broker, world):
    target = world.target(ABC)
    agent = world.actor(target, ["a"], actions=())
    refused(broker, exchange(broker, agent=agent, audience=target.audience, scope="a"), "LCM-POLICY-DENIED")


def test_asking_twice_for_one_scope_is_asking_once(broker, setting):
    target, agent = setting
    assert issued(exchange(broker, agent=agent, audience=target.audience, scope="a a")).claims["scope"] == "a"


def test_a_scope_removed_from_the_catalogue_is_gone_for_everyone(broker, world):
    target = world.target(ABC)
    first, second = world.actor(target, ["a", "b"]), world.actor(target, ["a", "b"])
    token = issued(exchange(broker, agent=first, audience=target.audience, scope="a b", delegate_to=second.id)).token
    answer = world.admin.put(f"/targets/{target.id}", target.body | {"scopes": {"a": {"risk": "low"}}},
                             headers={"If-Match": world.admin.get(f"/targets/{target.id}").headers["ETag"]})
    if answer.status_code == 200:
        refused(broker, exchange(broker, token, ACCESS_TOKEN, agent=second, audience=target.audience, scope="b"),
                "LCM-SCOPE-REFUSED")
    else:
        assert answer.status_code in (409, 422)
