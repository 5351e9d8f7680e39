"""Contract §10: the shape of a refusal, and its table of codes."""

import pytest

from support import tokens
from support.checks import on_record, refusal_shape, refused
from support.client import admin, basic, exchange, http
from support.scene import Scene

NASTY = ['x"y', "x\\y", "x\ny", "x\x00y", "ünïcode", "\u202egnp", "<script>alert(1)</script>", "`tick`", "%0d%0aSet-Cookie:a=b",
         "x\r\ny", "\x7f", "\x1b[31m", "😀"]


@pytest.mark.parametrize("value", NASTY, ids=ascii)
@pytest.mark.parametrize("name", ["audience", "scope", "resource", "subject_token_type", "requested_token_type", "grant_type",
                                  "task_id", "expires_in", "delegate_to", "authorization_details", "subject_token"])
def test_whatever_is_sent_the_description_stays_printable_ascii_without_quote_and_backslash(broker, name, value):
    answer = exchange(broker, **{name: value})
    assert answer.status_code == 400
    refusal_shape(broker, answer)
    assert not answer.headers.get("Set-Cookie")


@pytest.mark.parametrize("name", ["audience", "scope", "resource", "requested_token_type", "grant_type"])
def test_user_input_is_shown_to_64_bytes_at_most(broker, name):
    body = refusal_shape(broker, exchange(broker, **{name: "a" * 3000}))
    assert "a" * 65 not in body["error_description"]
    body = refusal_shape(broker, exchange(broker, **{name: "ü" * 3000}))
    assert len(body["error_description"]) < 1000


def test_user_input_stands_in_backticks(broker):
    body = refused(broker, exchange(broker, scope="invoice.fly"), "LCM-SCOPE-REFUSED")
    assert "`invoice.fly`" in body["error_description"]


def test_a_scope_refusal_says_expected_found_and_what_would_pass(broker):
    body = refused(broker, exchange(broker, scope="invoice.read invoice.fly"), "LCM-SCOPE-REFUSED")
    text = body["error_description"]
    assert "expected" in text and "found" in text
    assert body["would_pass"] == {"scope": "invoice.read"} and "invoice.read" in text
    assert body["retryable"] is False


def test_every_cause_of_a_failed_client_authentication_is_one_text(broker, world):
    retired = world.agent()
    world.agent_state(retired.id, "retire")
    wrong = {"iss": "x", "sub": "x"}
    answers = [exchange(broker, auth=None, headers={"Authorization": basic(i, s)})
               for i, s in (("invoice-agent", "wrong"), ("nobody", "wrong"), ("", ""), (retired.client_id, retired.client_secret))]
    for assertion in (tokens.client_assertion(broker, exp=1), tokens.client_assertion(broker, **wrong), "x",
                      tokens.client_assertion(broker, key=tokens.new_jwk())):
        answers.append(exchange(broker, auth=None, client_assertion=assertion,
                                client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer"))
    answers.append(exchange(broker, auth=None, client_id="invoice-agent", client_secret="wrong"))
    answers.append(exchange(broker, auth=None))
    texts = {refused(broker, a, "LCM-CLIENT-AUTH")["error_description"] for a in answers}
    assert len(texts) == 1, texts


def test_a_failed_client_authentication_is_not_recorded(broker):
    body = refused(broker, exchange(broker, auth=None), "LCM-CLIENT-AUTH")
    assert admin(broker).decision(body["request_id"]).status_code == 404


def test_a_refusal_is_found_by_its_request_id_with_what_was_asked(broker, world):
    # An agent of its own: of one that is refused often, some stand in a summary.
    scene = Scene(world)
    body = refused(broker, scene.exchange(scope="thing.fly", task_id="t-77"), "LCM-SCOPE-REFUSED")
    record = on_record(broker, body)
    assert record["client_id"] == scene.agent.id and record["requested"]["scope"] == "thing.fly"
    assert record["subject"]["sub"] == scene.person and record["target"] == scene.target.id
    assert not record.get("granted")


def test_every_request_has_an_id_of_its_own(broker):
    ids = {refusal_shape(broker, exchange(broker, "nonsense"))["request_id"] for _ in range(5)}
    assert len(ids) == 5


@pytest.mark.parametrize("code", [
    "LCM-REQUEST", "LCM-PARAM-DUPLICATE", "LCM-CLIENT-AUTH", "LCM-GRANT-TYPE", "LCM-CLIENT-NOT-ALLOWED", "LCM-SUBJECT-INVALID",
    "LCM-SUBJECT-REVOKED", "LCM-ACTOR-INVALID", "LCM-ACTOR-MISMATCH", "LCM-MAY-ACT", "LCM-CHAIN-DEPTH", "LCM-CHAIN-HOPS",
    "LCM-CHAIN-CYCLE", "LCM-CHAIN-SIZE", "LCM-AGENT-STATE", "LCM-AGENT-UNCERTIFIED", "LCM-LOCKED", "LCM-POLICY-DENIED",
    "LCM-POLICY-ERROR", "LCM-TARGET-UNKNOWN", "LCM-TARGET-SEVERAL", "LCM-TARGET-REFUSED", "LCM-TARGET-LOCKED",
    "LCM-SCOPE-REFUSED", "LCM-SCOPE-REQUIRED", "LCM-DETAILS", "LCM-CONSENT-MISSING", "LCM-STEP-UP",
    "LCM-UNAVAILABLE"])
def test_every_code_has_its_page(broker, code):
    answer = http.get(f"{broker.issuer}/errors/{code}")
    assert answer.status_code == 200 and code in answer.text


def test_a_code_that_does_not_exist_has_no_page(broker):
    none = http.get(f"{broker.issuer}/errors/LCM-NO-SUCH-CODE")
    assert (none.status_code, none.json()["code"]) == (404, "LCM-NOT-FOUND")
    assert none.json()["request_id"].startswith("req_")


def test_an_issuer_whose_keys_cannot_be_had_is_503_and_retryable(broker, world):
    issuer = world.issuer(jwks=None, jwks_uri="http://127.0.0.1:9/jwks", issuer="http://127.0.0.1:9")
    agent = world.agent(subject_issuers=[issuer.id])
    token = tokens.id_token(broker, key=issuer.key, iss=issuer.issuer, aud="test-app")
    answer = exchange(broker, token, agent=agent)
    body = refused(broker, answer, "LCM-UNAVAILABLE")
    assert body["retryable"] is True and int(answer.headers["Retry-After"]) > 0


def test_a_locked_agent_person_target_and_everything_say_so(fresh_broker, fresh_world):
    for kind, what, codes in (("agent", "invoice-agent", ("LCM-LOCKED",)), ("person", "demo:ada", ("LCM-LOCKED",)),
                              ("target", "sap", ("LCM-TARGET-LOCKED",)), ("issuer", "demo", ("LCM-LOCKED",)),
                              ("client", "invoice-agent", ("LCM-LOCKED",)), ("all", None, ("LCM-LOCKED",))):
        lock = fresh_world.lock(kind, what)
        refused(fresh_broker, exchange(fresh_broker), *codes)
        fresh_world.lift(lock)
        assert exchange(fresh_broker).status_code == 200, kind
