"""Contract §5, §10: body 64 KiB, token 16 KiB, JSON depth 32; and the grammar of the other parameters (§6)."""

import json

import pytest

from support import tokens
from support.checks import issued, refusal_shape, refused
from support.client import JWT, exchange


def nested(depth: int):
    value = "x"
    for _ in range(depth):
        value = {"a": value}
    return value


def test_a_body_over_64_kib_is_413(broker):
    answer = exchange(broker, filler="x" * 65536)
    assert answer.status_code == 413
    assert refusal_shape(broker, answer)["code"] == "LCM-REQUEST"


def test_a_body_just_under_64_kib_is_read(broker):
    issued(exchange(broker, filler="x" * 60000))


def test_a_token_over_16_kib_is_400(broker):
    token = tokens.id_token(broker, filler="x" * 16384)
    refused(broker, exchange(broker, token), "LCM-REQUEST", "LCM-SUBJECT-INVALID", status=400)


def test_an_actor_token_over_16_kib_is_400(broker):
    actor = tokens.workload_token(broker, filler="x" * 16384)
    answer = exchange(broker, actor_token=actor, actor_token_type=JWT)
    refused(broker, answer, "LCM-REQUEST", "LCM-ACTOR-INVALID", status=400)


def test_a_large_token_under_16_kib_is_read(broker):
    issued(exchange(broker, tokens.id_token(broker, filler="x" * 8000)))


def test_json_of_depth_32_is_the_limit_in_a_token(broker):
    issued(exchange(broker, tokens.id_token(broker, deep=nested(20))))
    refused(broker, exchange(broker, tokens.id_token(broker, deep=nested(40))), "LCM-SUBJECT-INVALID")


def test_json_of_depth_32_is_the_limit_in_authorization_details(broker):
    details = json.dumps([{"type": "invoice_post", "company": nested(40)}])
    refused(broker, exchange(broker, authorization_details=details), "LCM-DETAILS", "LCM-REQUEST")


@pytest.mark.parametrize("value", ["0", "-1", "1.5", "x", "1e3", "+5", " 5", "99999999999999999999999", "0x10"])
def test_expires_in_is_an_integer_of_at_least_one(broker, value):
    refused(broker, exchange(broker, expires_in=value), "LCM-REQUEST")


def test_purpose_has_at_most_500_characters(broker):
    issued(exchange(broker, purpose="ä" * 500))
    refused(broker, exchange(broker, purpose="x" * 501), "LCM-REQUEST")


def test_task_id_has_at_most_128_characters_of_its_alphabet(broker):
    issued(exchange(broker, task_id="A.z_9:-" + "x" * 121))
    for value in ("x" * 129, "a b", "a/b", "ä", "a\n", "a;b"):
        refused(broker, exchange(broker, task_id=value), "LCM-REQUEST")


@pytest.mark.parametrize("scope", ["invoice.read  invoice.read", " invoice.read", "invoice.read ", "invoice.read\ninvoice.post",
                                   'invoice"read', "invoice\\read", "invoice.räd", "\t"])
def test_a_scope_outside_its_grammar_is_never_read_as_another(broker, scope):
    answer = exchange(broker, scope=scope)
    if answer.status_code == 200:
        assert issued(answer).claims["scope"] == "invoice.read"
    else:
        refused(broker, answer, "LCM-SCOPE-REFUSED", "LCM-REQUEST")


@pytest.mark.parametrize("scope", ["*", "invoice.*", ".*", "invoice", "invoice.", "all", "sap:invoice.read", "sap/*"])
def test_there_are_no_wildcards(broker, scope):
    refused(broker, exchange(broker, scope=scope), "LCM-SCOPE-REFUSED")
