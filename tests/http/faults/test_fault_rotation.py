"""Keys rotate under load and one is retired after its time: not one verification fails, offline or by introspection.

The verifiers are strict: they keep a key set for as long as its `Cache-Control` says and ask for no unknown key."""

import re
import threading
import time

import jwt
import requests

from support import client
from support.broker import Broker
from support.checks import issued
from support.scene import Scene, until
from support.world import World

ROTATIONS, BETWEEN, THREADS = 5, 12, 3
LIFE_S = 300


class Time:
    """The one clock of broker, people and verifiers: the true one and an offset."""

    def __init__(self, clock):
        self._clock, self._ahead = clock, 0

    def now(self) -> float:
        return time.time() + self._ahead

    def pass_by(self, seconds: int):
        self._ahead += seconds
        self._clock(self._ahead)


class Verifier:
    """PyJWT over a key set that is fetched anew when it is stale, and only then."""

    def __init__(self, broker, clock):
        self._url, self._issuer, self._time = f"{broker.issuer}/jwks", broker.issuer, clock
        self._http, self._keys, self._until = requests.Session(), None, 0.0
        self._http.trust_env = False

    def verify(self, token: str, audience: str):
        now = self._time.now()
        if now >= self._until:
            answer = self._http.get(self._url, timeout=30)
            self._keys = jwt.PyJWKSet.from_dict(answer.json())
            self._until = now + int(re.search(r"max-age=(\d+)", answer.headers["Cache-Control"])[1])
        key = self._keys[jwt.get_unverified_header(token)["kid"]]
        # The times are those of another clock than PyJWT's.
        claims = jwt.decode(token, key, algorithms=["ES256"], audience=audience, issuer=self._issuer,
                            options={"verify_exp": False, "verify_iat": False, "verify_nbf": False})
        assert claims["iat"] <= self._time.now() + 1


class Load:
    """Threads that exchange, verify and introspect, each also an older token of its own."""

    def __init__(self, scene, clock):
        self._scene, self._time, self._stop = scene, clock, threading.Event()
        self.verified, self.introspected, self.failures, self.kept = 0, 0, [], []
        self._lock = threading.Lock()
        self._threads = [threading.Thread(target=self._work) for _ in range(THREADS)]

    def _subject(self) -> str:
        now = int(self._time.now())
        return self._scene.subject(iat=now, exp=now + 600, auth_time=now)

    def _work(self):
        verifier = Verifier(self._scene.broker, self._time)
        while not self._stop.is_set():
            try:
                made = issued(self._scene.exchange(self._subject()))
                with self._lock:
                    self.kept.append(made)
                    older = [t for t in self.kept if t.claims["exp"] > self._time.now() + 5][::7][:3]
                for token in [made, *older]:
                    self._look(verifier, token)
            except Exception as flaw:
                self.failures.append(repr(flaw))
                return

    def _look(self, verifier, made):
        verifier.verify(made.token, self._scene.target.audience)
        active = self._scene.active(made.token)
        # It may have expired while it was asked about.
        assert active or made.claims["exp"] <= self._time.now(), f"inactive: {made.header['kid']}"
        with self._lock:
            self.verified, self.introspected = self.verified + 1, self.introspected + 1

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stop.set()
        for thread in self._threads:
            thread.join(60)

    def some_more(self, tokens=BETWEEN):
        """Waits until so many tokens more were looked at."""
        wanted = self.verified + tokens
        until(lambda: self.verified >= wanted or self.failures != [], 120)
        assert self.failures == []


def test_not_one_verification_fails_while_keys_rotate_and_one_is_retired(clock, figure):
    with Broker() as broker:
        world, time_of_all = World(broker), Time(clock)
        scene = Scene(world)
        with Load(scene, time_of_all) as load:
            load.some_more()
            first = load.kept[0].header["kid"]
            for number in range(ROTATIONS):
                # A next key has been published for as long as any key set is kept. Time passes in steps that no
                # exchange under way can take for a jump.
                for _ in range(4):
                    time_of_all.pass_by(16)
                    load.some_more(3 * THREADS)
                assert world.admin.post("/keys/rotate", {"alg": "ES256", "reason": "r"}).status_code == 200
                load.some_more()
                before = next(t for t in reversed(load.kept) if t.header["kid"] != load.kept[-1].header["kid"])
                assert scene.active(before.token), f"signed with the key before rotation {number}"
            for _ in range(LIFE_S // 20 + 1):
                time_of_all.pass_by(20)
                load.some_more(3 * THREADS)
            assert world.admin.post(f"/keys/{first}/retire", {"reason": "its time is over"}).status_code == 200
            load.some_more()
        kids = {made.header["kid"] for made in load.kept}
        assert load.failures == [] and len(kids) == ROTATIONS + 1
        published = {key["kid"] for key in client.http.get(f"{broker.issuer}/jwks").json()["keys"]}
        assert first not in published
        figure(f"key rotation: {ROTATIONS} rotations and a retirement under load, {load.verified} verified offline, "
               f"{load.introspected} introspected, none failed")
