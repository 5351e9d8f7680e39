"""Contract §15, kind `refresh_vault`: people's own refresh tokens, sent by one at a time, and what is rotated is kept first."""

import json
import threading

import pytest
import requests

from support import client
from support.handouts import SCOPES, failed, remembered
from support.scene import problem, until
from support.vaulted import Vaulted
from support.vendor import answer
from support.world import stamp, unique


@pytest.fixture
def scene(world, vendor):
    """In the shared dev world."""
    return Vaulted(world, vendor)


@pytest.fixture
def own(fresh_world, vendor):
    """In a dev world of the test's own."""
    return Vaulted(fresh_world, vendor)


def beside(run, *args):
    """Runs beside the test; what came of it is in the list once the thread has ended."""
    got = []

    def call():
        try:
            got.append(run(*args))
        except requests.RequestException as error:
            got.append(error)
    thread = threading.Thread(target=call)
    thread.start()
    return thread, got


# ------------------------------------------------------------- one exchange

def test_the_persons_refresh_token_gets_a_credential_of_the_granted_scopes(scene, vendor):
    first = scene.at_vendor.token
    got = scene.obtained()
    asked = vendor.asked[-1]
    assert asked.form == {"grant_type": "refresh_token", "refresh_token": first, "scope": SCOPES["thing.read"]}
    assert asked.headers["Authorization"].startswith("Basic ") and asked.path == "/token"
    assert got.scope == "thing.read" and got.access_token == vendor.made[-1]
    assert "refresh_token" not in got and got.receipt, "it does not say who acts for whom"
    assert scene.credential(got.delegation_id)["state"] == "obtained"


def test_each_exchange_sends_what_the_one_before_brought(scene, vendor):
    for _ in range(3):
        scene.obtained()
    assert [asked.form["refresh_token"] for asked in vendor.asked_for] == scene.at_vendor.all[:3]
    assert scene.at_vendor.reused == []


def test_a_vendor_that_does_not_rotate_is_sent_the_same_again(scene, vendor):
    vendor.always = None
    sent = {vendor.asked[-1].form["refresh_token"] for _ in range(2) if scene.obtained()}
    assert sent == {scene.at_vendor.token}
    vendor.always = lambda asked: vendor.granted(asked, refresh_token=asked.form["refresh_token"])
    before = scene.admin.get(f"/secrets/{scene.kept}").headers["ETag"]
    scene.obtained()
    assert scene.admin.get(f"/secrets/{scene.kept}").headers["ETag"] == before, "nothing was rotated, so nothing is recorded"


def test_workday_gets_the_client_in_the_header_alone(world, vendor):
    def workday(vendor, secret, **_):
        return {"profile": "workday-vault", "base_url": vendor.url, "secrets": {"client": secret},
                "parameters": {"tenant": "acme", "client_id": "N2Zk", "vault": {}}}
    scene = Vaulted(world, vendor, workday, accept_overhang={"reason": "test"})
    shown = scene.admin.get(f"/targets/{scene.target.id}").json()["credential"]
    assert shown == {"narrow": "no", "expire": "declared", "revoke": "no", "unique": "yes", "carries_person": True}
    token = scene.at_vendor.token
    scene.obtained()
    asked = vendor.asked[-1]
    assert (asked.path, asked.form) == ("/ccx/oauth2/acme/token", {"grant_type": "refresh_token", "refresh_token": token})
    assert asked.headers["Authorization"] == client.basic("N2Zk", scene.secret)


# ------------------------------------------------------------- who is not there

def test_a_person_without_an_entry_is_not_asked_for(scene, vendor):
    scene.vault({"demo:somebody-else": scene.kept})
    got = scene.exchange()
    body = failed(scene.broker, got, "LCM-DOWNSTREAM-REFUSED", "not_sent")
    assert "refresh token" in body["error_description"] and "`vault`" in body["error_description"]
    assert vendor.asked == []
    scene.vault({scene.person: scene.kept})
    assert scene.obtained().scope == "thing.read"


def test_one_person_is_never_served_by_the_token_of_another(scene, vendor):
    other = unique("refresh")
    scene.keep(other, "refresh-of-another")
    scene.vault({scene.person: scene.kept, "demo:another": other})
    scene.obtained()
    vendor.always = None
    scene.obtained(scene.subject(sub="another"))
    assert vendor.asked[-1].form["refresh_token"] == "refresh-of-another"


def test_a_refresh_token_that_is_refused_has_to_be_put_again(scene, vendor):
    scene.keep(scene.kept, "refresh-that-ended")
    body = failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM-REFUSED", "refused")
    assert "refresh token" in body["error_description"] and "put again" in body["error_description"]
    scene.keep(scene.kept, scene.at_vendor.token)
    assert scene.obtained().scope == "thing.read"


# ------------------------------------------------------------- the target

def test_a_vault_names_secrets_that_there_are(scene):
    for name in (unique("nothing"), "", "../x", 7, None):
        put = scene.admin.put(f"/targets/{scene.target.id}", scene.declared({"demo:a/b": scene.kept, scene.person: name}))
        problem(put, 422, f"/connector/parameters/vault/{scene.person}")
    put = scene.admin.put(f"/targets/{scene.target.id}", scene.declared({"demo:a/b": unique("nothing")}))
    problem(put, 422, "/connector/parameters/vault/demo:a~1b")
    problem(scene.admin.put(f"/targets/{scene.target.id}", scene.declared({scene.person: scene.secret_name})), 422,
            f"/connector/parameters/vault/{scene.person}")


def test_a_refresh_token_that_is_bound_goes_nowhere_else(scene):
    bound = unique("refresh")
    scene.keep(bound, "x", origins=["https://elsewhere.example"])
    put = scene.admin.put(f"/targets/{scene.target.id}", scene.declared({scene.person: bound}))
    problem(put, 422, f"/connector/parameters/vault/{scene.person}")


def test_the_secret_says_who_uses_it_and_keeps_its_terms_when_rotated(scene, vendor):
    end = stamp(3_000_000)
    scene.keep(scene.kept, scene.at_vendor.token, expires_at=end, origins=[vendor.url])
    before = scene.admin.get(f"/secrets/{scene.kept}")
    scene.obtained()
    after = scene.admin.get(f"/secrets/{scene.kept}")
    assert before.json() == after.json() and after.json()["used_by"] == [scene.target.id]
    assert after.json()["expires_at"] == end and before.headers["ETag"] != after.headers["ETag"]
    assert scene.admin.call("DELETE", f"/secrets/{scene.kept}", {"reason": "test"}).status_code == 409


# ------------------------------------------------------------- one at a time

def test_refreshes_of_one_person_wait_for_each_other(scene, vendor):
    vendor.hold()
    calls = [beside(scene.exchange) for _ in range(6)]
    until(lambda: vendor.asked or None)
    vendor.release()
    for thread, _ in calls:
        thread.join(60)
    answers = [got[0] for _, got in calls]
    assert [got.status_code for got in answers] == [200] * 6, [got.text for got in answers]
    assert scene.at_vendor.reused == []
    assert sorted(asked.form["refresh_token"] for asked in vendor.asked_for) == sorted(scene.at_vendor.all[:6])
    assert len({got.json()["access_token"] for got in answers}) == 6


def test_one_person_does_not_wait_for_another(scene, vendor):
    other, free = unique("refresh"), threading.Event()
    scene.keep(other, "refresh-of-another")
    scene.vault({scene.person: scene.kept, "demo:another": other})
    vendor.always = None
    vendor.says.append(lambda asked: (free.wait(60), vendor.granted(asked))[1])
    thread, got = beside(scene.exchange)
    until(lambda: vendor.asked or None)
    assert scene.obtained(scene.subject(sub="another")).scope == "thing.read"
    free.set()
    thread.join(60)
    assert got[0].status_code == 200


def test_what_an_administrator_puts_meanwhile_stays(scene, vendor):
    vendor.hold()
    thread, got = beside(scene.exchange)
    until(lambda: vendor.asked or None)
    scene.keep(scene.kept, "refresh-of-a-later-consent")
    vendor.release()
    thread.join(60)
    assert got[0].status_code == 200, got[0].text
    vendor.always = None
    scene.obtained()
    assert vendor.asked[-1].form["refresh_token"] == "refresh-of-a-later-consent"


# ------------------------------------------------------------- kept first

@pytest.mark.parametrize("beside_", [{"expires_in": -1}, {"scope": "everything"}, {"token_type": "mac"}, {"access_token": 7}],
                         ids=["life", "scope", "type", "token"])
def test_what_was_rotated_is_kept_though_nothing_is_handed_out(scene, vendor, beside_):
    def odd(asked):
        status, headers, body = scene.at_vendor.answer(asked)
        return answer(status, json.loads(body) | beside_)
    vendor.says.append(odd)
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")
    assert scene.obtained().scope == "thing.read"
    assert scene.at_vendor.reused == []


def test_a_rotated_token_is_there_after_a_restart(own):
    own.obtained()
    own.broker.restart()
    own.obtained()
    assert own.at_vendor.reused == [] and len(own.at_vendor.all) == 3


def test_a_rotated_token_is_on_record_before_the_answer(own):
    for _ in range(3):
        own.obtained()
        own.broker.kill9()
        own.broker.start()
    own.obtained()
    assert own.at_vendor.reused == [] and len(own.at_vendor.all) == 5


def test_a_caller_that_hangs_up_loses_no_rotated_token(own, vendor):
    vendor.hold()
    pairs = dict(client.form(own.subject(), audience=own.target.audience, scope="thing.read"))
    head = {"Authorization": client.basic(own.agent.client_id, own.agent.client_secret)}
    with pytest.raises(requests.RequestException):
        client.http.post(own.broker.token_endpoint, data=pairs, headers=head, timeout=(5, 0.5))
    until(lambda: vendor.asked or None)
    vendor.release()
    assert own.obtained().scope == "thing.read"
    assert own.at_vendor.reused == []


def test_a_broker_that_dies_before_the_record_says_that_the_token_has_to_be_put_again(own, vendor):
    vendor.hold()
    thread, _ = beside(own.exchange)
    until(lambda: vendor.asked or None)
    own.broker.kill9()
    vendor.release()
    thread.join(60)
    until(lambda: len(own.at_vendor.all) == 2)
    own.broker.start()
    body = failed(own.broker, own.exchange(), "LCM-DOWNSTREAM-REFUSED", "refused")
    assert "put again" in body["error_description"]
    own.keep(own.kept, own.at_vendor.token)
    assert own.obtained().scope == "thing.read"


# ------------------------------------------------------------- what changes while others are served

def waiting_behind(scene, vendor):
    """One exchange is held at the vendor, and another waits for its turn; both, and where the other's answer will be."""
    vendor.hold()
    first, _ = beside(scene.exchange)
    until(lambda: vendor.asked or None)
    waiting, got = beside(scene.exchange)
    until(lambda: remembered(scene.broker)["open"] == 2 or None)
    return (first, waiting), got


def let_go(vendor, threads):
    """The vendor answers, and both exchanges end."""
    vendor.release()
    for thread in threads:
        thread.join()


def test_an_entry_that_was_switched_meanwhile_is_not_served_with_the_token_of_before(own, vendor):
    threads, got = waiting_behind(own, vendor)
    other = unique("refresh")
    own.keep(other, "another-refresh-token")
    own.vault({own.person: other})
    let_go(vendor, threads)
    failed(own.broker, got[0], "LCM-DOWNSTREAM", "not_sent")
    assert len(vendor.asked_for) == 1


def test_what_was_locked_meanwhile_sends_nothing(own, vendor):
    threads, got = waiting_behind(own, vendor)
    own.world.lock("target", own.target.id)
    let_go(vendor, threads)
    assert (got[0].status_code, got[0].json()["code"]) == (400, "LCM-LOCKED")
    assert len(vendor.asked_for) == 1


def test_one_refresh_token_serves_one_person(scene):
    twice = scene.declared({scene.person: scene.kept, "demo:somebody": scene.kept})
    answered = scene.admin.put(f"/targets/{scene.target.id}", twice)
    problem(answered, 422)
    assert answered.json()["errors"][0]["pointer"].startswith("/connector/parameters/vault/")
