"""Threads that exchange with single-use assertions, for tests that pull the plug or copy in mid-load."""

import threading

import requests

from support import client, tokens

THREADS = 6
ENOUGH_S = 120


class Load:
    """Exchanges until told to stop or until the broker is gone; keeps what was answered and what was not."""

    def __init__(self, scene, enough: int = 150):
        self.scene, self.wanted = scene, enough
        self.lock, self.enough, self.stopped = threading.Lock(), threading.Event(), threading.Event()
        self.answered: list[tuple[dict, list]] = []
        self.unanswered: list[list] = []
        self.unexpected: list[str] = []
        self.threads = [threading.Thread(target=self._work) for _ in range(THREADS)]

    def _request(self) -> list:
        scene = self.scene
        return client.form(scene.subject(), audience=scene.target.audience, scope="thing.read",
                           client_assertion=tokens.client_assertion(scene.broker, scene.agent),
                           client_assertion_type=client.ASSERTION_TYPE)

    def _work(self):
        url, session = self.scene.broker.token_endpoint, requests.Session()
        session.trust_env = False
        while not self.stopped.is_set():
            pairs = self._request()
            try:
                answer = session.post(url, data=pairs, timeout=30)
            except requests.RequestException:
                with self.lock:
                    self.unanswered.append(pairs)
                return
            with self.lock:
                if answer.status_code == 200:
                    self.answered.append((answer.json(), pairs))
                else:
                    self.unexpected.append(answer.text)
                if len(self.answered) >= self.wanted or len(self.unexpected) > 20:
                    self.enough.set()

    def start(self) -> "Load":
        """Begin."""
        for thread in self.threads:
            thread.start()
        return self

    def until_enough(self):
        """Wait until as many as wanted were answered."""
        assert self.enough.wait(ENOUGH_S), f"too few answers: {len(self.answered)}; {self.unexpected[:3]}"

    def end(self):
        """Stop and wait for what is under way."""
        self.stopped.set()
        for thread in self.threads:
            thread.join(60)
        assert self.unexpected == []

    def run_until_killed(self, meanwhile=lambda: None):
        """Start, do something in the thick of it, kill."""
        self.start()
        meanwhile()
        self.until_enough()
        self.scene.broker.kill9()
        self.end()


def decisions(world, agent_id: str) -> list[dict]:
    """Every decision about an agent, page by page."""
    found, cursor = [], None
    while True:
        query = {"agent": agent_id, "limit": 100} | ({"cursor": cursor} if cursor else {})
        page = world.admin.get("/decisions", params=query).json()
        found += page["items"]
        if (cursor := page["next"]) is None:
            return found
