"""Clients that sign in anew and exchange, again and again, while Keycloak's keys change beneath them."""

import collections
import threading
import time

import requests
from realm import kid
from trust import Trust

from support import client
from support.client import TIMEOUT_S

THREADS = 4
REPEATS = 30
"""Times a client sends a request again that was answered 503 with `Retry-After`."""
FUSE_S = 60


class Rotating:
    """Each thread refreshes its sign-in and exchanges the fresh ID token; what is answered is counted."""

    def __init__(self, trust: Trust):
        self.trust, self.realm = trust, trust.realm
        self.passed: collections.Counter[str] = collections.Counter()
        self.final: collections.Counter[str] = collections.Counter()
        self.repeated, self.longest_s = 0, 0.0
        self._news, self._stopped = threading.Condition(), threading.Event()
        self._sessions = [self.realm.sign_in().refresh_token for _ in range(THREADS)]
        self._threads = [threading.Thread(target=self._work, args=(one,), daemon=True) for one in self._sessions]

    def __enter__(self):
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        for thread in self._threads:
            thread.join(FUSE_S)

    def until(self, key: str, enough: int) -> None:
        """Waits until that many exchanges of tokens by this key have passed."""
        with self._news:
            held = self._news.wait_for(lambda: self.passed[key] >= enough, FUSE_S)
        assert held, f"after {FUSE_S} s {self.passed[key]} exchanges by the new key passed; refused: {dict(self.final)}"

    def _work(self, refresh_token: str) -> None:
        session = requests.Session()
        session.trust_env = False
        while not self._stopped.is_set():
            try:
                token = self.realm.refreshed(refresh_token, session).id_token
                self._exchange(session, token)
            except (requests.RequestException, AssertionError) as error:
                self._note(self.final, f"{type(error).__name__}: {error}")

    def _exchange(self, session: requests.Session, token: str) -> None:
        agent, begun = self.trust.agent, time.monotonic()
        head = {"Authorization": client.basic(agent.client_id, agent.client_secret)}
        for _ in range(REPEATS):
            answer = session.post(self.trust.broker.token_endpoint, data=client.form(token), headers=head,
                                  timeout=TIMEOUT_S)
            if answer.status_code != 503 or "Retry-After" not in answer.headers:
                break
            with self._news:
                self.repeated += 1
            self._stopped.wait(int(answer.headers["Retry-After"]))
        with self._news:
            self.longest_s = max(self.longest_s, time.monotonic() - begun)
        if answer.status_code == 200:
            self._note(self.passed, kid(token))
        else:
            self._note(self.final, f"{answer.status_code} {answer.json().get('code')}")

    def _note(self, where: collections.Counter, what: str) -> None:
        with self._news:
            where[what] += 1
            self._news.notify_all()
