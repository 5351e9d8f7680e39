"""Contract §12 and §5, issuers: two lists that may not overlap, what never changes, trust that follows at once."""

import pytest

from support import tokens
from support.checks import issued, refused
from support.scene import problem
from support.world import unique


def subject_token(made, **changes):
    """An ID token of an issuer of the test's own."""
    t = tokens.now()
    claims = {"iss": made.issuer, "sub": "ada", "aud": "test-app", "iat": t, "exp": t + 300, "groups": ["staff"]}
    return tokens.sign(claims | changes, made.key, header={"typ": "JWT"})


def test_an_issuer_is_made_and_then_replaced(world, admin):
    made = world.issuer()  # asserts 201
    again = admin.put(f"/issuers/{made.id}", made.body | {"audiences": ["other-app"]})
    assert again.status_code == 200, again.text
    answer = admin.get(f"/issuers/{made.id}")
    assert answer.json()["audiences"] == ["other-app"] and answer.headers["ETag"]


def test_an_issuer_reads_back_as_what_was_put(world, admin):
    made = world.issuer()
    shown = admin.get(f"/issuers/{made.id}").json()
    assert shown["id"] == made.id and shown["created_at"]
    for member in ("issuer", "kind", "role", "audiences", "access_audiences", "algs", "trust_may_act", "accept_act",
                   "accept_untyped", "groups_claim"):
        assert shown[member] == made.body[member], member


@pytest.mark.parametrize("id", ["local", "locum"])
def test_the_ids_of_locums_own_are_no_issuers(world, admin, id):
    body = world.issuer().body | {"issuer": f"https://{unique('iss')}.example"}
    answer = admin.put(f"/issuers/{id}", body)
    problem(answer, 422)
    assert [flaw["pointer"] for flaw in answer.json()["errors"]] == ["/id"]
    assert admin.get(f"/issuers/{id}").status_code == 404


@pytest.mark.parametrize("audiences, access", [(["a", "b"], ["b", "c"]), (["a"], ["a"])])
def test_the_two_audience_lists_may_not_overlap(world, admin, audiences, access):
    made, name = world.issuer(), unique("iss")
    body = made.body | {"issuer": f"https://{name}.example", "audiences": audiences, "access_audiences": access}
    problem(admin.put(f"/issuers/{name}", body), 422)
    problem(admin.put(f"/issuers/{made.id}", body | {"issuer": made.issuer}), 422)
    assert admin.get(f"/issuers/{made.id}").json()["audiences"] == made.body["audiences"]


def test_the_default_access_audience_counts_as_overlap(world, admin, broker):
    """§5: `access_audiences` is our issuer by default."""
    made, name = world.issuer(), unique("iss")
    body = made.body | {"issuer": f"https://{name}.example", "audiences": [broker.issuer]}
    del body["access_audiences"]
    problem(admin.put(f"/issuers/{name}", body), 422)


@pytest.mark.parametrize("changes", [{"issuer": "https://elsewhere.example"}, {"role": "workload"}])
def test_issuer_and_role_never_change(world, admin, changes):
    made = world.issuer()
    problem(admin.put(f"/issuers/{made.id}", made.body | changes), 409)
    shown = admin.get(f"/issuers/{made.id}").json()
    assert (shown["issuer"], shown["role"]) == (made.issuer, "subject")


@pytest.mark.parametrize("changes", [
    {"kind": "oracle"}, {"role": "king"}, {"role": None}, {"algs": ["none"]}, {"algs": ["HS256"]}, {"algs": "ES256"},
    {"jwks": None, "jwks_uri": None}, {"jwks": {"keys": "x"}}, {"audiences": "my-app"}, {"issuer": 7},
    {"scope_map": {"theirs": "sap:invoice.read"}}, {"scope_map": {"theirs": ["no-colon"]}},
    {"trust_may_act": "yes"}])
def test_an_issuer_that_makes_no_sense_is_refused(world, admin, changes):
    body, name = world.issuer().body, unique("iss")
    found = problem(admin.put(f"/issuers/{name}", body | {"issuer": f"https://{name}.example"} | changes), 422)
    assert found["errors"], found
    problem(admin.get(f"/issuers/{name}"), 404)


def test_trust_follows_a_change_at_once(scene, world, admin, broker):
    made = world.issuer()
    agent = scene.second_agent(subject_issuers=[made.id])
    assert issued(scene.exchange(subject_token(made), agent=agent)).claims["sub"] == f"{made.id}:ada"
    key = tokens.new_jwk()
    changed = admin.put(f"/issuers/{made.id}", made.body | {"jwks": {"keys": [tokens.public(key)]}})
    assert changed.status_code == 200, changed.text
    refused(broker, scene.exchange(subject_token(made), agent=agent), "LCM-SUBJECT-INVALID")
    made["key"] = key
    assert scene.exchange(subject_token(made), agent=agent).status_code == 200


def test_an_audience_listed_in_audience_agents_serves_only_those_agents(scene, world, admin, broker):
    made = world.issuer()
    chosen, other = (scene.second_agent(subject_issuers=[made.id]) for _ in range(2))
    body = made.body | {"audiences": ["test-app", "open-app"], "audience_agents": {"test-app": [chosen.id]}}
    assert admin.put(f"/issuers/{made.id}", body).status_code == 200
    assert scene.exchange(subject_token(made), agent=chosen).status_code == 200
    refused(broker, scene.exchange(subject_token(made), agent=other), "LCM-SUBJECT-INVALID")
    assert scene.exchange(subject_token(made, aud="open-app"), agent=other).status_code == 200


def test_an_issuer_no_agent_is_allowed_to_use_opens_nothing(scene, world, broker):
    """§6: the subject's issuer must be among the actor's `subject_issuers`."""
    refused(broker, scene.exchange(subject_token(world.issuer())), "LCM-SUBJECT-INVALID")


def test_an_id_outside_the_grammar_is_refused(world, admin):
    problem(admin.put("/issuers/Not_An_Id", world.issuer().body | {"issuer": "https://x.example"}), 422)


def test_an_unknown_issuer_is_not_found(admin):
    problem(admin.get(f"/issuers/{unique('nobody')}"), 404)


def test_the_demo_issuers_are_there_as_contract_3_says(admin):
    by_id = {name: admin.get(f"/issuers/{name}").json() for name in ("demo", "demo-workloads")}
    assert by_id["demo"]["role"] == "subject" and by_id["demo-workloads"]["role"] == "workload"
    assert by_id["demo"]["trust_may_act"] is True and by_id["demo"]["audiences"] == ["demo-app"]


def test_two_issuers_with_the_same_sub_never_meet(scene, world):
    """§2: a person's `sub` is `<issuer id>:<sub there>`."""
    one, two = world.issuer(), world.issuer()
    agent = scene.second_agent(subject_issuers=[one.id, two.id])
    subs = {scene.token(subject_token(i), agent=agent).claims["sub"] for i in (one, two)}
    assert subs == {f"{one.id}:ada", f"{two.id}:ada"}
