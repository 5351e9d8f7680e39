"""RFC 8693 §2.2.1, §4 and contract §7: the answer and the chain in it."""

import re

from support import tokens
from support.checks import ID, issued, permitted
from support.client import ACCESS_TOKEN, exchange


def test_rfc8693_2_2_1_the_answer_carries_every_required_member(broker):
    body = issued(exchange(broker, scope="invoice.read")).body
    assert body["issued_token_type"] == ACCESS_TOKEN
    assert body["token_type"] == "Bearer"
    assert body["scope"] == "invoice.read"
    assert type(body["expires_in"]) is int
    assert re.fullmatch("dlg_" + ID, body["delegation_id"])


def test_rfc8693_2_2_1_no_refresh_token_is_issued(broker):
    assert "refresh_token" not in issued(exchange(broker)).body


def test_rfc8693_2_2_1_scope_is_answered_even_when_none_was_asked(broker):
    assert issued(exchange(broker)).body["scope"] == "invoice.read"


def test_rfc6749_5_1_an_answer_is_json_and_never_stored(broker):
    answer = exchange(broker)
    assert answer.headers["Content-Type"].split(";")[0] == "application/json"
    assert "no-store" in answer.headers["Cache-Control"]
    assert answer.headers["Pragma"] == "no-cache"


def test_rfc8693_4_1_act_names_the_current_actor_by_identity_members_only(broker):
    act = issued(exchange(broker)).claims["act"]
    assert act == {"iss": broker.issuer, "sub": "invoice-agent", "sub_profile": "ai_agent"}


def test_rfc8693_4_1_the_newest_actor_is_outermost(broker):
    first = issued(exchange(broker, tokens.idp_access_token(broker), "urn:ietf:params:oauth:token-type:jwt",
                            delegate_to="hr-agent"))
    second = issued(exchange(broker, first.token, ACCESS_TOKEN, agent="hr-agent"))
    assert second.claims["act"] == {
        "iss": broker.issuer, "sub": "hr-agent", "sub_profile": "ai_agent",
        "act": {"iss": broker.issuer, "sub": "invoice-agent", "sub_profile": "ai_agent"}}
    assert second.claims["sub"] == "demo:ada"


def test_rfc8693_4_4_may_act_does_not_reach_a_target(broker):
    act = {"iss": broker.issuer, "sub": "invoice-agent"}
    made = issued(exchange(broker, tokens.id_token(broker, may_act=act)))
    assert "may_act" not in made.claims


def test_rfc8693_4_2_scope_in_the_token_is_one_string(broker):
    assert issued(exchange(broker)).claims["scope"] == "invoice.read"


def test_a_foreign_client_id_or_act_like_claim_never_reaches_our_token(broker):
    subject = tokens.id_token(broker, del_={"id": "dlg_x"}, nonce="n", azp="demo-app", email="ada@demo.example")
    claims = issued(exchange(broker, subject)).claims
    assert not {"nonce", "azp", "email", "del_", "groups"} & set(claims)


def test_a_permit_is_on_the_record_before_it_is_answered(broker):
    made = permitted(broker, exchange(broker, scope="invoice.read", purpose="pay 4711", task_id="t-1:a.b_c"))
    record = made.record
    assert record["id"] == made.body["delegation_id"] == made.claims["del"]["id"]
    assert record["outcome"] == "permit" and record["code"] is None
    assert record["client_id"] == "invoice-agent" and record["actor_from"] == "client"
    assert record["subject"]["sub"] == "demo:ada"
    assert [a["sub"] for a in record["chain"]] == ["invoice-agent"]
    assert record["target"] == "sap" and record["basis"] == "policy"
    assert record["granted"]["scope"] == "invoice.read"
    assert record["granted"]["expires_in"] == made.body["expires_in"]
    assert record["jti"] == made.claims["jti"] and record["parent"] is None
    assert record["requested"]["scope"] == "invoice.read"
    assert record["policies"] and record["bundle"].startswith("sha256:")
    assert type(record["record"]["index"]) is int and record["record"]["tree"]
