"""Contract §15, "Trouble": a vendor that fails is given a pause, and what was surely not sent may be sent again."""

import threading

import pytest

from support import client
from support.checks import refusal_shape
from support.handouts import Handout, failed
from support.process import Member
from support.scene import until
from support.vendor import Vendor, answer, refusal, reset
from support.world import unique


def retry_after(response) -> int:
    """Seconds that the answer asks for."""
    return int(response.headers["Retry-After"])


def identical(scene):
    """One request with one assertion, to be sent as often as one likes; the answer."""
    from support.tokens import client_assertion
    pairs = [*client.form(scene.subject(), audience=scene.target.audience, scope="thing.read"),
             ("client_assertion_type", client.ASSERTION_TYPE), ("client_assertion", client_assertion(scene.broker, scene.agent))]
    return lambda: client.token(scene.broker, pairs, auth=None)


def spent(answer_) -> None:
    """The assertion was answered once, and opens nothing any more."""
    assert (answer_.status_code, answer_.json()["code"]) == (401, "LCM-CLIENT-AUTH"), answer_.text


# ------------------------------------------------------------- nobody there

def test_a_vendor_that_takes_no_connection_was_sent_nothing(world):
    with Vendor(closed=True) as vendor:
        scene = Handout(world, vendor)
        body = failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "not_sent")
        assert vendor.url.rpartition(":")[2] not in body["error_description"]
        vendor.open()
        assert scene.obtained().scope == "thing.read"


def test_a_vendor_that_is_not_allowed_is_sent_nothing(world):
    scene = Handout(world, Member(url="https://198.51.100.7:8443"))
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "not_sent")


def test_plain_http_is_for_this_machine_alone(world, vendor):
    scene = Handout(world, vendor)
    connector = scene.target.body["connector"] | {"base_url": "http://198.51.100.7:8080"}
    made = scene.admin.put(f"/targets/{scene.target.id}", scene.target.body | {"connector": connector})
    assert made.status_code == 422 and made.json()["errors"][0]["pointer"] == "/connector/base_url", made.text


# ------------------------------------------------------------- the breaker

@pytest.mark.parametrize("trouble", [answer(500, {}), answer(503, "x"), reset, answer(200, b" " * (1 << 20))], ids=["500", "503", "reset", "endless"])
def test_after_five_failures_in_a_row_nothing_is_sent_for_a_while(world, vendor, trouble):
    scene = Handout(world, vendor)
    vendor.always = trouble
    for _ in range(5):
        failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "unknown")
    paused = scene.exchange()
    failed(scene.broker, paused, "LCM-DOWNSTREAM", "not_sent")
    assert 1 <= retry_after(paused) <= 10 and len(vendor.asked) == 5


def test_a_pause_costs_no_other_target(world, vendor):
    scene, other = Handout(world, vendor), Handout(world, vendor)
    vendor.says += [answer(500, {})] * 5
    for _ in range(6):
        assert scene.exchange().status_code == 503
    assert len(vendor.asked) == 5
    assert other.obtained().scope == "thing.read"


def test_answers_in_between_and_refusals_count_as_no_failures(world, vendor):
    scene = Handout(world, vendor)
    for said in ([answer(500, {})] * 4 + [refusal(400)]) * 2 + [refusal(401)] * 6 + [answer(500, {})] * 4:
        vendor.says.append(said)
        assert scene.exchange().status_code in (400, 503)
    assert len(vendor.asked) == 20 and scene.obtained().scope == "thing.read"


def test_operators_are_told(world, vendor):
    scene = Handout(world, vendor)
    vendor.says += [answer(500, {})] * 5
    for _ in range(5):
        scene.exchange()
    ready = client.http.get(f"{world.broker.operations}/readyz?verbose", timeout=30)
    assert ready.status_code == 200, "a vendor's trouble is not the broker's"


# ------------------------------------------------------------- left alone

@pytest.mark.parametrize("status", [429, 503])
@pytest.mark.parametrize(("asked", "told"), [("7", 7), ("300", 300), ("9999", 300), ("99999999999999999999", 300)])
def test_retry_after_is_passed_on_and_kept(world, vendor, status, asked, told):
    scene = Handout(world, vendor)
    vendor.says.append(answer(status, {"error": "temporarily_unavailable"}, Retry_After=asked))
    first = scene.exchange()
    body = refusal_shape(scene.broker, first)
    assert (first.status_code, body["code"], body["retryable"]) == (503, "LCM-DOWNSTREAM", True)
    assert retry_after(first) == told
    second = scene.exchange()
    failed(scene.broker, second, "LCM-DOWNSTREAM", "not_sent")
    assert 1 <= retry_after(second) <= told and len(vendor.asked) == 1


@pytest.mark.parametrize("said", ["soon", "-1", "0", "1.5", ""])
def test_a_pause_that_cannot_be_read_is_none(world, vendor, said):
    scene = Handout(world, vendor)
    vendor.says.append(answer(429, {}, Retry_After=said))
    assert scene.exchange().status_code == 503
    assert scene.obtained().scope == "thing.read"


def test_429_opens_no_breaker(world, vendor):
    scene = Handout(world, vendor)
    vendor.says += [answer(429, {})] * 6
    for _ in range(6):
        assert scene.exchange().status_code == 503
    assert len(vendor.asked) == 6 and scene.obtained().scope == "thing.read"


# ------------------------------------------------------------- secrets and keys

def test_without_its_secret_nothing_is_sent(world, vendor):
    scene = Handout(world, vendor)
    gone = scene.admin.call("DELETE", f"/secrets/{scene.secret_name}", {"reason": "test"})
    if gone.status_code == 409:
        return  # what a target names stays
    body = failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "not_sent")
    assert vendor.asked == [] and scene.secret_name not in body["error_description"]


def test_a_secret_that_does_not_sign_sends_nothing(world, vendor):
    scene = Handout(world, vendor)
    connector = scene.target.body["connector"]
    connector["secrets"] |= {"signing": scene.secret_name}
    made = scene.admin.put(f"/targets/{scene.target.id}", scene.target.body | {"connector": connector})
    if made.status_code == 422:
        return  # said already where it is declared
    failed(scene.broker, scene.exchange(), "LCM-DOWNSTREAM", "not_sent")
    assert vendor.asked == []


# ------------------------------------------------------------- the same request again

def test_the_identical_request_may_run_again_where_nothing_was_sent(world):
    with Vendor(closed=True) as vendor:
        scene = Handout(world, vendor)
        again = identical(scene)
        for _ in range(2):
            failed(scene.broker, again(), "LCM-DOWNSTREAM", "not_sent")
        vendor.open()
        assert again().status_code == 200
        spent(again())
        assert len(vendor.asked) == 1


def test_another_request_with_that_assertion_may_not(world):
    with Vendor(closed=True) as vendor:
        scene = Handout(world, vendor)
        pairs = [*client.form(scene.subject(), audience=scene.target.audience, scope="thing.read"),
                 ("client_assertion_type", client.ASSERTION_TYPE)]
        from support.tokens import client_assertion
        pairs.append(("client_assertion", client_assertion(scene.broker, scene.agent)))
        failed(scene.broker, client.token(scene.broker, pairs, auth=None), "LCM-DOWNSTREAM", "not_sent")
        vendor.open()
        spent(client.token(scene.broker, [*pairs, ("purpose", unique())], auth=None))
        assert vendor.asked == []


@pytest.mark.parametrize("said", [reset, answer(500, {}), answer(200, {}), refusal(400)], ids=["reset", "500", "nonsense", "refusal"])
def test_the_identical_request_may_not_run_again_once_something_may_have_been_sent(world, vendor, said):
    scene = Handout(world, vendor)
    vendor.says.append(said)
    again = identical(scene)
    assert again().status_code in (400, 503)
    spent(again())
    assert len(vendor.asked) == 1


def test_that_holds_over_a_restart(fresh_world, vendor):
    with Vendor(closed=True) as closed:
        sent, not_sent = Handout(fresh_world, vendor), Handout(fresh_world, closed)
        vendor.says.append(reset)
        again, once_more = identical(sent), identical(not_sent)
        failed(sent.broker, again(), "LCM-DOWNSTREAM", "unknown")
        failed(not_sent.broker, once_more(), "LCM-DOWNSTREAM", "not_sent")
        fresh_world.broker.restart()
        closed.open()
        spent(again())
        assert once_more().status_code == 200
        spent(once_more())


def test_one_still_under_way_is_refused(world, vendor):
    scene = Handout(world, vendor)
    vendor.hold()
    again, got = identical(scene), []
    first = threading.Thread(target=lambda: got.append(again()))
    first.start()
    until(lambda: vendor.asked or None)
    second = again()
    assert second.status_code in (400, 401), second.text
    vendor.release()
    first.join(30)
    assert got[0].status_code == 200 and len(vendor.asked) == 1


# ------------------------------------------------------------- many at one time

def test_a_vendor_that_hangs_holds_up_no_other(world, vendor):
    slow = Handout(world, vendor)
    with Vendor() as other:
        quick = Handout(world, other)
        vendor.hold()
        calls = [threading.Thread(target=slow.exchange) for _ in range(4)]
        for call in calls:
            call.start()
        until(lambda: len(vendor.asked) == 4)
        assert quick.obtained().scope == "thing.read"
        vendor.release()
        for call in calls:
            call.join(30)
    assert len(vendor.made) == 4
