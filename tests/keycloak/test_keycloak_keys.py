"""Keycloak's keys change while people are at work."""

from realm import kid
from rotating import Rotating
from trust import Trust

from support.checks import issued, refused
from support.scene import until

ALGS = ("RS256", "RS256", "RS256", "RS256", "ES256")
ENOUGH = 40


def test_five_rotations_under_load_end_in_no_final_refusal(world, fresh_realm, figure):
    trust = Trust(world, fresh_realm)
    with Rotating(trust) as load:
        load.until(fresh_realm.admin("GET", "/keys")["active"]["RS256"], ENOUGH)
        for alg in ALGS:
            load.until(fresh_realm.rotate(alg), ENOUGH)
    figure(f"{len(ALGS)} rotations: {load.passed.total()} exchanges by {len(load.passed)} keys, {load.repeated} times "
           f"503, {load.final.total()} final refusals {dict(load.final)}, the longest exchange {load.longest_s:.1f} s")
    assert load.final.total() == 0, dict(load.final)
    assert len(load.passed) == 1 + len(ALGS)


def test_a_token_of_the_key_before_is_good_while_keycloak_publishes_that_key(world, fresh_realm):
    trust, before = Trust(world, fresh_realm), fresh_realm.sign_in().id_token
    issued(trust.exchange(before))
    new = fresh_realm.rotate()
    assert kid(fresh_realm.sign_in().id_token) == new != kid(before)
    issued(trust.exchange(before))


def test_a_key_that_keycloak_publishes_no_longer_proves_nothing(world, fresh_realm):
    trust, before = Trust(world, fresh_realm), fresh_realm.sign_in().id_token
    issued(trust.exchange(before))
    fresh_realm.rotate()
    fresh_realm.drop(kid(before))
    answer = until(lambda: (a := trust.exchange(before)).status_code == 400 and a, 60)
    refused(trust.broker, answer, "LCM-SUBJECT-INVALID")
