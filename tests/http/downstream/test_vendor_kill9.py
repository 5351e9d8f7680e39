"""Contract §15, "Two records": a broker that dies while a vendor is asked says at its next start that nobody knows."""

import threading

import pytest
import requests

from support import client, tokens
from support.handouts import Handout
from support.scene import until
from support.vendor import answer


def ask(scene, got=None, **params):
    """Exchanges beside the test; what came of it goes to `got`."""
    def run():
        try:
            answer_ = scene.exchange(**params)
        except requests.RequestException as error:
            answer_ = error
        if got is not None:
            got.append(answer_)
    thread = threading.Thread(target=run)
    thread.start()
    return thread


@pytest.fixture
def cut(fresh_world, vendor):
    """A scene whose broker was killed while the vendor was asked, and started again; the id of the delegation."""
    scene = Handout(fresh_world, vendor)
    before = scene.obtained()
    vendor.hold()
    call = ask(scene)
    until(lambda: len(vendor.asked) == 2)
    delegation = tokens.decode(vendor.asked[1].form["assertion"])["jti"]
    fresh_world.broker.kill9()
    vendor.release()
    call.join(30)
    fresh_world.broker.start()
    return scene, before, delegation


def test_an_open_permit_becomes_unknown(cut):
    scene, before, delegation = cut
    found = scene.admin.decision(delegation).json()
    assert (found["id"], found["outcome"]) == (delegation, "permit")
    shown = scene.credential(delegation)
    assert (shown["state"], shown["fingerprint"], shown["revocation"]) == ("unknown", None, None)
    assert scene.credential(before.delegation_id)["state"] == "obtained"
    assert [asked.path for asked in scene.vendor.revoked] == [], "nobody knows what to revoke"


def test_it_is_settled_once(cut):
    scene, _, delegation = cut
    def records():
        shown = client.http.get(f"{scene.broker.operations}/metrics", timeout=30).text.splitlines()
        return next(line for line in shown if line.startswith("locum_ledger_records_total "))
    index = scene.credential(delegation)
    count = records()
    scene.broker.restart()
    assert records() == count and scene.credential(delegation) == index


def test_what_may_live_on_is_told(cut):
    scene, before, delegation = cut
    revoked = scene.world.revoke("agent", scene.agent.id)
    assert [one["target"] for one in revoked.survivors] == [scene.target.id], revoked
    scene.until_revocation(before.delegation_id, "done")


def test_its_assertion_is_spent(fresh_world, vendor):
    scene = Handout(fresh_world, vendor)
    pairs = [*client.form(scene.subject(), audience=scene.target.audience, scope="thing.read"),
             ("client_assertion_type", client.ASSERTION_TYPE),
             ("client_assertion", tokens.client_assertion(scene.broker, scene.agent))]
    vendor.hold()

    def run():
        with pytest.raises(requests.RequestException):
            client.token(scene.broker, pairs, auth=None)
    call = threading.Thread(target=run)
    call.start()
    until(lambda: vendor.asked or None)
    fresh_world.broker.kill9()
    vendor.release()
    call.join(30)
    fresh_world.broker.start()
    again = client.token(scene.broker, pairs, auth=None)
    assert (again.status_code, again.json()["code"]) == (401, "LCM-CLIENT-AUTH"), again.text
    assert len(vendor.asked) == 1


def test_it_is_ready_and_hands_out_as_before(cut):
    scene, *_ = cut
    assert scene.obtained().scope == "thing.read"


def test_a_caller_that_hangs_up_leaves_an_outcome(fresh_world, vendor):
    scene = Handout(fresh_world, vendor)
    vendor.hold()
    with pytest.raises(requests.RequestException):
        pairs = [*client.form(scene.subject(), audience=scene.target.audience, scope="thing.read")]
        head = {"Authorization": client.basic(scene.agent.client_id, scene.agent.client_secret)}
        client.http.post(scene.broker.token_endpoint, data=dict(pairs), headers=head, timeout=(5, 0.5))
    until(lambda: vendor.asked or None)
    delegation = tokens.decode(vendor.asked[0].form["assertion"])["jti"]
    vendor.release()
    until(lambda: scene.credential(delegation)["state"] == "obtained" or None)


def test_a_broker_that_is_stopped_ends_what_is_under_way(fresh_world, vendor):
    scene, got = Handout(fresh_world, vendor), []
    vendor.says.append(answer(500, {}))
    scene.exchange()
    vendor.hold()
    call = ask(scene, got)
    until(lambda: len(vendor.asked) == 2)
    stopped = threading.Thread(target=fresh_world.broker.stop)
    stopped.start()
    vendor.release()
    call.join(30)
    stopped.join(60)
    assert got[0].status_code == 200, got
    fresh_world.broker.start()
    assert scene.credential(got[0].json()["delegation_id"])["state"] == "obtained"
