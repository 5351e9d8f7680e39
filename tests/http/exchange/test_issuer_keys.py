"""Contract §5, §10, §14: where the keys of an issuer come from, and where they never come from."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from support import client, tokens
from support.checks import issued, refused
from support.client import exchange
from support.issuer import IssuerServer
from support.world import entry

INVALID = "LCM-SUBJECT-INVALID"


def setting(world, **changes):
    issuer = world.issuer(**changes)
    agent = world.agent(ceiling=[entry("sap", ["invoice.read"], ["invoice.read"])], subject_issuers=[issuer.id])
    world.permit(agent.id, "sap")
    return issuer, agent


def ask(broker, issuer, agent, **changes):
    return exchange(broker, tokens.id_token(broker, iss=issuer.issuer, aud="test-app", **changes), agent=agent)


@pytest.mark.parametrize("alg", ["ES256", "RS256", "PS256", "EdDSA"])
def test_an_issuer_may_sign_with_every_algorithm_it_is_registered_for(broker, world, alg):
    issuer, agent = setting(world, keys=[tokens.new_jwk(alg)], algs=[alg])
    issued(ask(broker, issuer, agent, key=issuer.key))


def test_an_algorithm_outside_algs_is_refused(broker, world):
    issuer, agent = setting(world, keys=[tokens.new_jwk("ES256"), tokens.new_jwk("RS256")], algs=["RS256"])
    refused(broker, ask(broker, issuer, agent, key=issuer["keys"][0]), INVALID)
    issued(ask(broker, issuer, agent, key=issuer["keys"][1]))


def test_a_key_is_used_with_its_own_algorithm_only(broker, world):
    issuer, agent = setting(world, keys=[tokens.new_jwk("RS256")], algs=["RS256", "PS256"])
    refused(broker, ask(broker, issuer, agent, key=issuer.key, alg="PS256"), INVALID)


def test_a_key_for_encryption_signs_nothing(broker, world):
    key = tokens.new_jwk()
    issuer, agent = setting(world, keys=[tokens.new_jwk(), key | {"use": "enc"}])
    refused(broker, ask(broker, issuer, agent, key=key), INVALID)


def test_one_bad_key_costs_no_other(broker, world):
    """Contract §10: a key that cannot be used, and a `kid` of two different keys, are left out; the rest is used."""
    good, twice = tokens.new_jwk(), tokens.new_jwk()
    rival = tokens.new_jwk() | {"kid": twice["kid"]}
    with IssuerServer([tokens.public(key) for key in (twice, good, rival)]) as server:
        server.jwks += [tokens.public(good), {"kty": "EC", "crv": "P-521", "kid": "strange", "x": "AA", "y": "AA"}]
        issuer, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks")
        issued(ask(broker, issuer, agent, key=good))
        for key in (twice, rival):
            refused(broker, ask(broker, issuer, agent, key=key), INVALID)


def test_kid_and_alg_choose(broker, world):
    """Contract §10: one `kid` may name a key of each algorithm."""
    keys = [tokens.new_jwk("ES256") | {"kid": "same"}, tokens.new_jwk("RS256") | {"kid": "same"}]
    issuer, agent = setting(world, keys=keys, algs=["ES256", "RS256"])
    for key in keys:
        issued(ask(broker, issuer, agent, key=key))


def test_a_key_without_alg_is_used_with_each_algorithm_that_fits(broker, world):
    key = tokens.new_jwk("RS256")
    issuer, agent = setting(world, jwks={"keys": [{k: v for k, v in tokens.public(key).items() if k != "alg"}]},
                            algs=["ES256", "RS256", "PS256"])
    for alg in ("RS256", "PS256"):
        issued(ask(broker, issuer, agent, key=key, alg=alg))


def test_keys_are_fetched_once_and_kept(broker, world):
    first = tokens.new_jwk()
    with IssuerServer([tokens.public(first)]) as server:
        issuer, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks")
        issued(ask(broker, issuer, agent, key=first))
        before = len(server.asked)
        issued(ask(broker, issuer, agent, key=first))
        assert len(server.asked) == before, "known keys are not fetched again"


def test_a_kid_that_is_not_among_keys_that_were_just_fetched_is_subject_invalid(broker, world):
    """Contract §10: final only where the keys were fetched after the request came, and else 503."""
    with IssuerServer([tokens.public(tokens.new_jwk())]) as server:
        issuer, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks")
        for _ in range(20):
            before = len(server.asked)
            answer = ask(broker, issuer, agent, key=tokens.new_jwk())
            fetched = len(server.asked) > before
            refused(broker, answer, INVALID if fetched else "LCM-UNAVAILABLE")
            if not fetched:
                assert "expected the `kid` of a key" in answer.json()["error_description"]
                assert answer.json()["retryable"] is True and int(answer.headers["Retry-After"]) >= 1
        assert len(server.asked) <= 7, "unknown kids may not make a storm"


def test_rotations_one_after_another_cost_no_honest_exchange(broker, world):
    """A provider that forbids caching, as Keycloak does, and rotates its key faster than keys are refreshed."""
    keys = [tokens.new_jwk() for _ in range(5)]
    with IssuerServer() as server:
        issuer, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks")
        for key in keys:
            server.jwks = [tokens.public(key)]
            for _ in range(3):
                issued(ask(broker, issuer, agent, key=key))


def test_the_keys_of_an_oidc_issuer_are_discovered(broker, world):
    key = tokens.new_jwk()
    with IssuerServer([tokens.public(key)]) as server:
        issuer, agent = setting(world, kind="oidc", issuer=server.url, jwks=None)
        issued(ask(broker, issuer, agent, key=key))
        assert "/.well-known/openid-configuration" in server.asked


def test_keys_may_come_packed_with_gzip(broker, world):
    key = tokens.new_jwk()
    with IssuerServer([tokens.public(key)]) as server:
        server.packed = True
        issuer, agent = setting(world, kind="oidc", issuer=server.url, jwks=None)
        issued(ask(broker, issuer, agent, key=key))


def test_keys_that_are_too_large_once_they_are_unpacked_are_none(broker, world):
    key = tokens.new_jwk()
    with IssuerServer() as server:
        server.packed = True
        server.answer = lambda path: {"keys": [tokens.public(key)], "pad": " " * 1_000_000}
        issuer, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks")
        refused(broker, ask(broker, issuer, agent, key=key), "LCM-UNAVAILABLE")


def test_an_oidc_issuer_that_discovers_another_name_is_not_trusted(broker, world):
    key = tokens.new_jwk()
    with IssuerServer([tokens.public(key)]) as server:
        server.answer = lambda path: {"issuer": "https://other.example", "jwks_uri": f"{server.url}/jwks"} \
            if "well-known" in path else {"keys": server.jwks}
        issuer, agent = setting(world, kind="oidc", issuer=server.url, jwks=None)
        refused(broker, ask(broker, issuer, agent, key=key), "LCM-UNAVAILABLE", INVALID)


def test_an_issuer_whose_server_fails_is_503(broker, world):
    with IssuerServer() as server:
        server.answer = lambda path: None
        issuer, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks")
        refused(broker, ask(broker, issuer, agent, key=tokens.new_jwk()), "LCM-UNAVAILABLE")


def test_while_one_issuer_hangs_the_others_answer(broker, world):
    key, release = tokens.new_jwk(), threading.Event()
    with IssuerServer() as server, ThreadPoolExecutor(4) as pool:
        server.answer = lambda path: release.wait(60) and None
        stuck, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks")
        other, its_agent = setting(world)
        waiting = [pool.submit(ask, broker, stuck, agent, key=key) for _ in range(4)]
        try:
            for _ in range(20):
                issued(ask(broker, other, its_agent, key=other.key))
        finally:
            release.set()
        for answer in waiting:
            refused(broker, answer.result(), "LCM-UNAVAILABLE")
        refused(broker, ask(broker, stuck, agent, key=key), "LCM-UNAVAILABLE")
        assert server.asked == ["/jwks"], "all who wait share one fetch, and the next comes later"


@pytest.mark.parametrize("host", ["0.0.0.0", "[::ffff:127.0.0.1]", "169.254.169.254", "10.0.0.1"])
def test_keys_are_not_fetched_from_where_nobody_allowed(broker, world, host):
    """Attack row 62: the key address of an issuer that leads into a private network."""
    key = tokens.new_jwk()
    with IssuerServer([tokens.public(key)]) as server:
        uri = f"{server.url.replace('127.0.0.1', host)}/jwks"
        issuer, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=uri)
        refused(broker, ask(broker, issuer, agent, key=key), "LCM-UNAVAILABLE")
        assert server.asked == []


class Elsewhere(IssuerServer):
    """Its discovery names a place with a user and password."""

    def answer(self, path: str):
        found = super().answer(path)
        return found if "jwks_uri" not in (found or {}) else found | {"jwks_uri": found["jwks_uri"].replace("//", "//me:secret@")}


def test_keys_are_not_fetched_with_a_password_that_an_issuer_names(broker, world):
    key = tokens.new_jwk()
    with Elsewhere([tokens.public(key)]) as server:
        issuer, agent = setting(world, issuer=server.url, kind="oidc", jwks=None)
        refused(broker, ask(broker, issuer, agent, key=key), "LCM-UNAVAILABLE")
        assert server.asked == ["/.well-known/openid-configuration"]


def test_jku_and_x5u_in_a_header_are_never_followed(broker):
    key = tokens.new_jwk()
    with IssuerServer([tokens.public(key)]) as server:
        for header in ({"jku": f"{server.url}/jwks"}, {"x5u": f"{server.url}/x5u"}):
            for kid in ({}, {"kid": tokens.DROP}, {"kid": broker.idp.private_jwk.kid}):
                refused(broker, exchange(broker, tokens.id_token(broker, key=key, header=header | kid)), INVALID)
        assert server.asked == []


def test_a_key_endpoint_of_one_issuer_says_nothing_about_another(broker, world):
    """Attack row 23: one key server, two issuers; a key of the one never signs for the other."""
    one, two = setting(world), setting(world)
    refused(broker, ask(broker, one[0], one[1], key=two[0].key), INVALID)
    issued(ask(broker, one[0], one[1], key=one[0].key))


class HeldServer(IssuerServer):
    """A key server that says when it was asked, and answers when it is let go."""

    def __init__(self, keys):
        self.was_asked, self.let_go = threading.Event(), threading.Event()
        super().__init__(keys)

    def answer(self, path):
        self.was_asked.set()
        assert self.let_go.wait(client.TIMEOUT_S)
        return super().answer(path)


@pytest.mark.parametrize("change", [{"audiences": []}, {"forbid": ["sub"]}, {"algs": ["RS256"]}], ids=lambda c: next(iter(c)))
def test_what_is_declared_while_a_token_waits_for_keys_counts_for_it(broker, world, change):
    key = tokens.new_jwk()
    with HeldServer([tokens.public(key)]) as server, ThreadPoolExecutor(1) as pool:
        issuer, agent = setting(world, issuer=server.url, jwks=None, jwks_uri=f"{server.url}/jwks")
        waiting = pool.submit(ask, broker, issuer, agent, key=key)
        assert server.was_asked.wait(client.TIMEOUT_S)
        world.change(f"/issuers/{issuer.id}", **change)
        server.let_go.set()
        refused(broker, waiting.result(), INVALID)
