"""Attacks with the wrong kind of token, rows 19 to 24, and with malformed input, rows 39 and 67."""

import http.client
import json
import uuid
from urllib.parse import urlencode, urlsplit

import pytest

from support import tokens
from support.checks import issued, refusal_shape, refused
from support.client import ACCESS_TOKEN, ID_TOKEN, JWT, REFRESH_TOKEN, TYPE, basic, client_credentials, exchange, form, token
from support.world import unique

SUBJECT = "LCM-SUBJECT-INVALID"


def logout_token(broker):
    events = {"http://schemas.openid.net/event/backchannel-logout": {}}
    return tokens.id_token(broker, header={"typ": "logout+jwt"}, events=events, jti=uuid.uuid4().hex)


def untyped_logout_token(broker):
    return tokens.id_token(broker, events={"http://schemas.openid.net/event/backchannel-logout": {}}, exp=tokens.DROP)


def dpop_proof(broker):
    key = tokens.new_jwk()
    claims = {"jti": "x", "htm": "POST", "htu": broker.token_endpoint, "iat": tokens.now()}
    return tokens.sign(claims, key, header={"typ": "dpop+jwt", "jwk": tokens.public(key)})


def our_access_token(broker):
    return issued(exchange(broker)).token


def our_actor_token(broker):
    return issued(client_credentials(broker, audience=broker.issuer)).token


def security_event(broker):
    return tokens.id_token(broker, header={"typ": "secevent+jwt"}, events={"x": {}})


LIES = [(logout_token, ID_TOKEN), (logout_token, JWT), (untyped_logout_token, ID_TOKEN), (dpop_proof, ID_TOKEN), (dpop_proof, JWT),
        (tokens.client_assertion, ID_TOKEN), (tokens.client_assertion, JWT), (our_access_token, ID_TOKEN), (our_access_token, JWT),
        (our_actor_token, ID_TOKEN), (our_actor_token, JWT), (tokens.id_token, JWT), (tokens.id_token, ACCESS_TOKEN),
        (tokens.idp_access_token, ID_TOKEN), (tokens.idp_access_token, ACCESS_TOKEN), (security_event, ID_TOKEN),
        (tokens.workload_token, ID_TOKEN), (tokens.workload_token, ACCESS_TOKEN)]


@pytest.mark.parametrize("make, kind", LIES, ids=lambda x: getattr(x, "__name__", str(x).rsplit(":", 1)[-1]))
def test_attack_19_a_token_with_a_lie_about_its_type(broker, make, kind):
    refused(broker, exchange(broker, make(broker), kind), SUBJECT)


@pytest.mark.parametrize("kind", [REFRESH_TOKEN, TYPE + "saml2", TYPE + "saml1", TYPE + "id-jag"])
def test_attack_19_a_type_that_is_not_accepted_at_all(broker, kind):
    refused(broker, exchange(broker, tokens.id_token(broker), kind), "LCM-REQUEST", SUBJECT)


@pytest.mark.parametrize("aud", ["another-app", "urn:demo:sap", ["another-app", "urn:demo:sap"]])
def test_attack_20_a_right_signature_but_the_audience_of_another_service(broker, aud):
    refused(broker, exchange(broker, tokens.id_token(broker, aud=aud)), SUBJECT)
    refused(broker, exchange(broker, tokens.idp_access_token(broker, aud=aud), JWT), SUBJECT)


@pytest.mark.parametrize("make, kind", [(tokens.id_token, ID_TOKEN), (tokens.idp_access_token, JWT)])
def test_attack_21_a_subject_token_without_exp_or_iat_or_expired(broker, make, kind):
    t = tokens.now()
    for changes in ({"exp": tokens.DROP}, {"iat": tokens.DROP}, {"iat": t - 700, "exp": t - 100}, {"iat": t - 2, "exp": t - 1}):
        refused(broker, exchange(broker, make(broker, **changes), kind), SUBJECT)


@pytest.mark.parametrize("sub", ["wl/someone-else", "wl/*", "*", "wl/", "repo:org/*", "wl/invoice-agent\x00", " wl/invoice-agent"])
def test_attack_22_the_right_workload_issuer_but_another_or_a_wildcard_subject(broker, sub):
    actor = tokens.workload_token(broker, sub=sub)
    refused(broker, exchange(broker, actor_token=actor, actor_token_type=JWT), "LCM-ACTOR-INVALID")


def test_attack_22_a_wildcard_subject_cannot_be_registered_as_one(broker, world):
    workload = {"issuer": "demo-workloads", "claims": {"sub": "wl/*"}}
    body = world.agent_body(unique("agent"), tokens.new_jwk(), workload=workload)
    if world.admin.post("/agents", body).status_code == 201:
        actor = tokens.workload_token(broker, "anything")
        refused(broker, exchange(broker, actor_token=actor, actor_token_type=JWT), "LCM-ACTOR-INVALID")


def test_attack_24_a_token_cut_short_or_lengthened(broker):
    token_ = issued(exchange(broker, delegate_to="hr-agent")).token
    for changed in (token_[:-1], token_[:-10], token_ + "A", token_ + "AAAA", token_ + ".", token_[1:], token_ + " ", token_ + "%00"):
        refused(broker, exchange(broker, changed, ACCESS_TOKEN, agent="hr-agent"), SUBJECT)


def test_attack_24_a_grant_id_cut_short_or_lengthened(broker, world):
    agent = world.actor("sap", ["invoice.read"])
    grant = world.grant(agent.id, {"sap": ["invoice.read"]})
    for changed in (grant[:-1], grant + "0", grant.upper(), grant + " ", grant[4:]):
        refused(broker, exchange(broker, changed, "urn:locum:token-type:grant", agent=agent), SUBJECT)


def duplicated(broker, part):
    key = broker.idp.private_jwk
    head = json.dumps({"alg": tokens.alg_of(key), "kid": key["kid"]})
    payload = json.dumps(tokens.id_token_claims(broker))
    if part == "header":
        head = head[:-1] + f', "alg": "{tokens.alg_of(key)}"}}'
    elif part == "payload":
        payload = payload[:-1] + ', "sub": "bob"}'
    else:
        payload = payload[:-1] + ', "x": {"a": 1, "a": 2}}'
    return tokens.sign_raw(head.encode(), payload.encode(), key, tokens.alg_of(key))


@pytest.mark.parametrize("part", ["header", "payload", "inner"])
def test_attack_39_duplicate_json_members_in_a_token(broker, part):
    refused(broker, exchange(broker, duplicated(broker, part)), SUBJECT)


def test_attack_39_duplicate_members_under_another_spelling(broker):
    key = broker.idp.private_jwk
    head = json.dumps({"alg": tokens.alg_of(key), "kid": key["kid"]}).encode()
    payload = json.dumps(tokens.id_token_claims(broker))[:-1] + ', "s\\u0075b": "bob"}'
    refused(broker, exchange(broker, tokens.sign_raw(head, payload.encode(), key, tokens.alg_of(key))), SUBJECT)


def test_attack_39_duplicate_members_in_authorization_details(broker):
    text = '[{"type":"invoice_post","company":"a","company":"b","amount":"1","invoices":[]}]'
    refused(broker, exchange(broker, authorization_details=text), "LCM-DETAILS", "LCM-REQUEST")


def test_attack_39_duplicate_form_parameters(broker):
    pairs = form(tokens.id_token(broker)) + [("scope", "invoice.read"), ("scope", "invoice.post")]
    refused(broker, token(broker, pairs), "LCM-PARAM-DUPLICATE")
    encoded = urlencode(form(tokens.id_token(broker)) + [("scope", "invoice.read")]) + "&%73cope=invoice.post"
    answer = raw(broker, encoded.encode())
    assert answer[0] == 400 and json.loads(answer[1])["code"] == "LCM-PARAM-DUPLICATE"


HUNG_UP = 0
"""In mid-flood a server may also close the line: the other good answer to a body over the limit."""


def raw(broker, body, headers=None):
    """One request outside of `requests`: `(status, body)`; an iterable body is sent in chunks."""
    me = broker.agent("invoice-agent")
    head = {"Authorization": basic(me.client_id, me.client_secret), "Content-Type": "application/x-www-form-urlencoded"}
    line = http.client.HTTPConnection(urlsplit(broker.issuer).netloc, timeout=30)
    try:
        line.request("POST", "/token", body=body, headers=head | (headers or {}), encode_chunked=not isinstance(body, bytes))
        answer = line.getresponse()
        return answer.status, answer.read()
    except (BrokenPipeError, ConnectionResetError, http.client.RemoteDisconnected):
        return HUNG_UP, b""
    finally:
        line.close()


def test_attack_67_a_body_without_limit_is_cut_off(broker):
    def flood():
        yield b"subject_token="
        for _ in range(4000):
            yield b"x" * 4096

    status, _ = raw(broker, flood(), {"Transfer-Encoding": "chunked"})
    assert status in (413, HUNG_UP)
    issued(exchange(broker))


def test_attack_67_json_of_100000_levels(broker):
    deep = "[" * 15000
    refused(broker, exchange(broker, authorization_details=deep), "LCM-DETAILS", "LCM-REQUEST")
    key = broker.idp.private_jwk
    head = json.dumps({"alg": tokens.alg_of(key), "kid": key["kid"]}).encode()
    payload = ('{"iss":"' + broker.idp.issuer + '","x":' + "[" * 5000 + "]" * 5000 + "}").encode()
    refused(broker, exchange(broker, tokens.sign_raw(head, payload, key, tokens.alg_of(key))), SUBJECT, "LCM-REQUEST")
    status, _ = raw(broker, b"authorization_details=" + b"%5B" * 100000)
    assert status in (413, HUNG_UP)
    issued(exchange(broker))


def test_attack_67_very_many_form_fields(broker):
    status, _ = raw(broker, b"a=&" * 1_000_000)
    assert status in (413, HUNG_UP)
    status, body = raw(broker, b"&".join(b"a%d=" % n for n in range(8000)))
    assert status in (400, 413) and b"access_token" not in body
    issued(exchange(broker))


@pytest.mark.parametrize("body", [b"\xff\xfe", b"%ff=%fe", b"scope=%", b"scope=%zz", b"=&=&=", b"&&&&", b"\x00", b"grant_type"])
def test_attack_67_a_form_that_is_none(broker, body):
    status, text = raw(broker, body)
    assert status == 400
    assert json.loads(text)["code"] in ("LCM-REQUEST", "LCM-PARAM-DUPLICATE")


def test_attack_67_an_unauthenticated_flood_is_refused_alike(broker):
    answer = exchange(broker, auth=None, filler="x" * 70000)
    assert answer.status_code == 413
    refusal_shape(broker, answer)
