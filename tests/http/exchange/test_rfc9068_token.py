"""RFC 9068 and contract §7: the access token itself."""

import re

import pytest

from support import tokens
from support.checks import ID, issued, key_of
from support.client import ACCESS_TOKEN, JWT, exchange, http
from support.world import entry


def test_rfc9068_2_1_the_header_says_at_jwt_and_names_a_published_key(broker):
    made = issued(exchange(broker))
    assert made.header["typ"] == "at+jwt" and made.header["alg"] == "ES256"
    key = key_of(broker, made.token)
    assert key["alg"] == "ES256"
    tokens.verify(made.token, key)


def test_rfc9068_2_1_a_changed_claim_breaks_the_signature(broker):
    made = issued(exchange(broker))
    with pytest.raises(tokens.InvalidSignature):
        tokens.verify(tokens.tampered(made.token, sub="demo:eve"), key_of(broker, made.token))


def test_rfc9068_2_2_every_required_claim_is_there(broker):
    before = tokens.now()
    made = issued(exchange(broker, scope="invoice.read"))
    claims = made.claims
    assert claims["iss"] == broker.issuer
    assert claims["sub"] == "demo:ada"
    assert claims["aud"] == "urn:demo:sap"
    assert claims["client_id"] == "invoice-agent"
    assert re.fullmatch(ID, claims["jti"])
    assert before - 1 <= claims["iat"] <= tokens.now() + 1
    assert claims["exp"] - claims["iat"] == made.body["expires_in"] == 300


def test_the_del_claim_says_where_the_token_comes_from(broker):
    first = issued(exchange(broker, delegate_to="hr-agent"))
    made = issued(exchange(broker, first.token, ACCESS_TOKEN, agent="hr-agent"))
    one, two = first.claims["del"], made.claims["del"]
    assert re.fullmatch("dlg_" + ID, one["id"]) and one["id"] == first.body["delegation_id"]
    assert one["id"] != two["id"]
    assert one["basis"] == two["basis"] == "policy"
    assert one["grant"] is None and two["grant"] is None
    assert one["up"] == [] and two["up"] == [first.claims["jti"]]
    assert len(one["ver"]) == 1 and len(two["ver"]) == 2
    assert all(re.fullmatch("ver_" + ID, v) for v in two["ver"])
    assert one["ver"][0] in two["ver"] and one["sid"] is None


def test_del_ver_is_parallel_to_the_chain(broker):
    first = issued(exchange(broker, delegate_to="hr-agent"))
    made = issued(exchange(broker, first.token, ACCESS_TOKEN, agent="hr-agent"))
    assert made.claims["act"]["sub"] == "hr-agent"
    assert made.claims["del"]["ver"][1:] == first.claims["del"]["ver"], "newest first, as the chain"


def test_del_sid_is_a_keyed_hash_of_the_session(broker):
    one = issued(exchange(broker, tokens.id_token(broker, sid="s-1"))).claims["del"]["sid"]
    same = issued(exchange(broker, tokens.id_token(broker, sid="s-1"))).claims["del"]["sid"]
    other = issued(exchange(broker, tokens.id_token(broker, sid="s-2"))).claims["del"]["sid"]
    assert one and one == same != other and "s-1" not in one


def test_rfc9068_2_2_1_sign_in_claims_are_copied_and_never_refreshed(broker):
    at = tokens.now() - 4000
    subject = tokens.id_token(broker, auth_time=at, acr="mfa", amr=["pwd", "otp"])
    first = issued(exchange(broker, subject, delegate_to="hr-agent"))
    made = issued(exchange(broker, first.token, ACCESS_TOKEN, agent="hr-agent"))
    for claims in (first.claims, made.claims):
        assert (claims["auth_time"], claims["acr"], claims["amr"]) == (at, "mfa", ["pwd", "otp"])


def test_rfc9068_2_2_1_sign_in_claims_are_not_invented(broker):
    subject = tokens.id_token(broker, auth_time=tokens.DROP, acr=tokens.DROP, amr=tokens.DROP)
    claims = issued(exchange(broker, subject)).claims
    assert claims.get("auth_time") is None and claims.get("acr") is None and claims.get("amr") is None


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_the_target_chooses_the_algorithm(broker, world, alg):
    target = world.target(connector={"kind": "issue", "alg": alg})
    agent = world.agent(ceiling=[entry(target.id, ["thing.read"], ["thing.read"])])
    world.permit(agent.id, target.id)
    made = issued(exchange(broker, agent=agent, audience=target.audience))
    assert made.header["alg"] in ({"EdDSA", "Ed25519"} if alg == "EdDSA" else {alg})
    tokens.verify(made.token, key_of(broker, made.token), made.header["alg"])


def test_every_published_key_has_a_kid_one_algorithm_and_no_private_half(broker):
    keys = http.get(f"{broker.issuer}/jwks").json()["keys"]
    assert keys and len({k["kid"] for k in keys}) == len(keys)
    for key in keys:
        assert key["alg"] and tokens.public(key) == key


def test_a_jwt_that_was_asked_for_is_the_same_kind_of_token(broker):
    assert issued(exchange(broker, requested_token_type=JWT)).header["typ"] == "at+jwt"


def test_ids_are_small_letters_and_later_ones_sort_later(broker):
    one, two = issued(exchange(broker)), issued(exchange(broker))
    assert one.claims["jti"][:9] <= two.claims["jti"][:9]


def test_a_token_is_at_most_4_kib(broker):
    assert len(issued(exchange(broker)).token) <= 4096
