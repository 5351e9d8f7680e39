"""SAP systems of which no client installs alone: what Locum sends opens them by independent validators, and nothing
else that was made from it does."""

import base64
import json

import pytest
import requests
from handing import Handed, pem_pair
from systems import S4, Abap, SuccessFactors

from support import client

OVERHANG = {"accept_overhang": {"reason": "test"}}
LIFE_S = 300
SYSTEMS = {
    "s4hana": (S4, {"client_id": "LOCUM", "audience": S4.audience, "attribute_client_id": True,
                    "token_validity_s": LIFE_S}, OVERHANG),
    "abap": (Abap, {"client_id": "LOCUM", "audience": Abap.audience, "scopes": {"a.read": "ZAPI_0001"},
                    "token_validity_s": LIFE_S}, {}),
    "successfactors": (SuccessFactors, {"client_id": "key-1", "company_id": "acme"}, OVERHANG),
}
ALL = pytest.mark.parametrize("profile", SYSTEMS)
BASIC = pytest.mark.parametrize("profile", ["s4hana", "abap"])


@pytest.fixture(scope="module")
def pair():
    """What signs, and its certificate."""
    return pem_pair("locum-saml")


@pytest.fixture
def opened(broker, pair):
    """A system of a profile and a target of it; `parameters` change what the target says, `signing` who signs."""
    running = []

    def make(profile: str, parameters: dict | None = None, signing: str | None = None, secret: str = "secret", **changes):
        kind, declared, delivery = SYSTEMS[profile]
        system = kind(pair[1])
        running.append(system)
        secrets = {"signing": signing or pair[0]} | ({} if profile == "successfactors" else {"client": secret})
        connector = {"kind": "saml_bearer", "profile": profile, "base_url": system.url, "secrets": list(secrets),
                     "parameters": declared | (parameters or {})}
        return system, Handed(broker, connector, secrets, {"a.read": "low"}, **(delivery | changes))

    yield make
    for system in running:
        system.__exit__()


def refused(answer) -> None:
    """The vendor's refusal, not in its words."""
    assert (answer.status_code, answer.json()["error"]) == (400, "invalid_target"), answer.text
    assert "LCM-DOWNSTREAM-REFUSED" in answer.text and "canary" not in answer.text


def sent_again(system, **changes):
    """The last request once more, changed."""
    asked = system.asked[-1]
    head = {"Authorization": asked.headers["Authorization"]} if "Authorization" in asked.headers else {}
    form = {name: value for name, value in (asked.form | changes).items() if value is not None}
    return requests.post(system.url + asked.path, data=form, headers=head, timeout=client.TIMEOUT_S)


@ALL
def test_the_system_takes_the_person_and_the_delegation_and_no_two_assertions_are_the_same(opened, profile):
    system, target = opened(profile)
    first, second = target.obtained("a.read"), target.obtained("a.read")
    for got in (first, second):
        known = system.tokens[got["access_token"]]
        assert (known.person, known.id) == ("ada", f"_{got['delegation_id']}")
        assert got["expires_in"] == system.life_s
    assert first["access_token"] != second["access_token"]


@ALL
@pytest.mark.parametrize("ahead_s", [301, -120])
def test_an_assertion_is_good_for_five_minutes_and_not_before_its_time(opened, profile, ahead_s):
    system, target = opened(profile)
    system.ahead_s = ahead_s
    refused(target.exchange("a.read"))


@ALL
@pytest.mark.parametrize("parameters", [{"audience": "https://another.example"}, {"issuer": "another"}], ids=str)
def test_an_assertion_for_another_audience_or_by_another_issuer_is_refused(opened, profile, parameters):
    refused(opened(profile, parameters)[1].exchange("a.read"))


@ALL
def test_an_assertion_by_another_key_of_the_same_name_is_refused(opened, profile):
    refused(opened(profile, signing=pem_pair("locum-saml")[0])[1].exchange("a.read"))


@BASIC
def test_a_wrong_password_of_the_client_is_refused(opened, profile):
    refused(opened(profile, secret="another")[1].exchange("a.read"))


def test_a_wrong_company_is_refused(opened):
    refused(opened("successfactors", {"company_id": "another"})[1].exchange("a.read"))


@ALL
def test_a_changed_assertion_is_refused(opened, profile):
    system, target = opened(profile)
    target.obtained("a.read")
    assertion = system.decode(system.asked[-1].form["assertion"])
    changed = assertion.replace(b">ada<", b">bob<")
    assert changed != assertion
    encode = base64.b64encode if profile == "successfactors" else base64.urlsafe_b64encode
    again = sent_again(system, assertion=encode(changed).decode())
    assert again.status_code in (400, 401) and len(system.tokens) == 1


@BASIC
def test_an_assertion_counts_once(opened, profile):
    system, target = opened(profile)
    target.obtained("a.read")
    assert sent_again(system).status_code == 400 and len(system.tokens) == 1


def test_successfactors_gives_the_same_token_for_the_same_assertion_unless_asked_for_a_new_one(opened):
    system, target = opened("successfactors")
    token = target.obtained("a.read")["access_token"]
    assert sent_again(system, new_token=None).json()["access_token"] == token
    assert sent_again(system, new_token="true").json()["access_token"] != token


def test_a_token_that_successfactors_returns_again_is_handed_to_nobody(opened):
    system, target = opened("successfactors")
    system.forgetful = True
    target.obtained("a.read")
    answer = target.exchange("a.read")
    assert answer.status_code == 503 and "LCM-DOWNSTREAM" in answer.text


def test_abap_is_told_the_services_and_s4hana_is_told_none(opened):
    system, target = opened("abap")
    assert target.obtained("a.read")["scope"] == "a.read"
    assert list(system.tokens.values())[0].scope == "ZAPI_0001"
    assert "invalid_scope" in sent_again(system, scope=None).text
    system, target = opened("s4hana")
    target.obtained("a.read")
    assert "scope" not in system.asked[0].form


def test_a_service_that_abap_does_not_know_is_refused_and_more_than_was_asked_is_not_handed_out(opened):
    refused(opened("abap", {"scopes": {"a.read": "ZAPI_0009"}})[1].exchange("a.read"))
    system, target = opened("abap")
    system.generous = True
    answer = target.exchange("a.read")
    assert answer.status_code == 503 and "LCM-DOWNSTREAM" in answer.text


@BASIC
def test_a_token_that_lives_longer_than_declared_is_not_handed_out(opened, profile):
    system, target = opened(profile, accept_overhang=None)
    system.life_s = LIFE_S + 1
    answer = target.exchange("a.read")
    assert answer.status_code == 400 and "LCM-HANDOUT-UNSAFE" in answer.text and "expire" in answer.text


def test_successfactors_is_not_asked_where_a_day_was_not_accepted(opened):
    system, target = opened("successfactors", accept_overhang=None)
    answer = target.exchange("a.read")
    assert answer.status_code == 400 and "LCM-HANDOUT-UNSAFE" in answer.text and "expire" in answer.text
    assert not system.asked


@ALL
def test_nothing_of_what_proves_the_client_is_told(broker, opened, profile):
    system, target = opened(profile)
    got = target.obtained("a.read")
    assert "LOCUM:secret" not in json.dumps(got) and system.asked[-1].form["assertion"] not in broker.output()
