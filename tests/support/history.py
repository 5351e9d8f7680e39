"""A load of changes, marks and uses over several nodes while something breaks, and what must hold of it afterwards."""

import random
import threading
from collections import Counter
from dataclasses import dataclass, field

import requests

from support import client, tokens
from support.nodes import Cluster, at, scene_of
from support.parallel import side_by_side
from support.scene import until
from support.world import stamp, unique

THREADS = 4
PAUSE_S = 0.015
"""Of each thread between two requests: the load is steady, and the history stays short enough to be read whole."""
USES = 40
"""Of a round's grant: about as many as a round takes; the rest is taken at the end."""
ENOUGH_S = 120
PAGE, SAMPLE = 100, 200


@dataclass
class Marked:
    """A request with an assertion, by its task: how often it was permitted, and how often nobody knows."""

    pairs: list[tuple[str, str]]
    task: str
    permits: int = 0
    unknown: int = 2


@dataclass
class Known:
    """What was acknowledged, and what is not known."""

    permits: list[dict] = field(default_factory=list)
    """Bodies of tokens that were answered."""
    marks: list["Marked"] = field(default_factory=list)
    """Requests with an assertion that were sent to two nodes in turn."""
    uses: Counter = field(default_factory=Counter)
    """Permits by grant of counted uses."""
    made: list[str] = field(default_factory=list)
    """Ids of clients whose making was acknowledged."""
    not_made: list[str] = field(default_factory=list)
    """Those of which it was said that they were not made."""
    dead: list[str] = field(default_factory=list)
    """Tokens whose revocation was acknowledged."""
    unsure: list[str] = field(default_factory=list)
    """Those whose revocation was asked for, and may have been made."""
    wrong: list[str] = field(default_factory=list)
    """Answers that nothing explains."""
    unanswered: int = 0
    unavailable: int = 0


class History:
    """Threads that ask the nodes of a cluster in turn, by chance, until the end; `check` reads everything back."""

    def __init__(self, cluster: Cluster, seed: int = 11):
        self.cluster, self.known, self._seed = cluster, Known(), seed
        self.scene = scene_of(cluster)
        self.grants = [self._grant()]
        self._lock, self._stopped, self._answered = threading.Lock(), threading.Event(), threading.Condition()
        self._answers, self._threads = 0, []

    def _grant(self) -> str:
        body = {"person": self.scene.person, "agent": self.scene.agent.id, "expires_at": stamp(3600), "max_uses": USES,
                "max_depth": 4, "reason": "test",
                "targets": [{"target": self.scene.target.id, "scopes": ["thing.write"], "authorization_details": []}]}
        # Another administrator's change may be under way.
        return until(lambda: made.json()["id"] if (made := self.scene.admin.post("/grants", body)).ok else None)

    def __enter__(self) -> "History":
        for n in range(THREADS):
            self._threads.append(threading.Thread(target=self._work, args=(random.Random(self._seed + n),)))
        for thread in self._threads:
            thread.start()
        return self

    def __exit__(self, *_):
        self._stopped.set()
        for thread in self._threads:
            thread.join(ENOUGH_S)
            assert not thread.is_alive(), "a request has no end"

    def more(self, count: int) -> None:
        """Waits until so many more requests were answered with a success."""
        with self._answered:
            wanted = self._answers + count
            assert self._answered.wait_for(lambda: self._answers >= wanted, ENOUGH_S), \
                f"too few answers; {self.known.unavailable} times 503; {self.known.wrong[:3]}"

    def _work(self, chance: random.Random) -> None:
        session = requests.Session()
        session.trust_env = False
        mine: list[str] = []
        while not self._stopped.wait(PAUSE_S):
            asked = chance.choice((self._mark, self._mark, self._use, self._use, self._change, self._revoke))
            try:
                asked(session, chance, mine)
            except requests.RequestException:
                with self._lock:
                    self.known.unanswered += 1

    def _node(self, chance):
        return chance.choice(self.cluster.nodes)

    def _token(self, session, node, pairs, basic=False) -> requests.Response:
        agent = self.scene.agent
        head = {"Authorization": client.basic(agent["client_id"], agent["client_secret"])} if basic else {}
        return session.post(node.token_endpoint, data=pairs, headers=head, timeout=client.TIMEOUT_S)

    def _noted(self, answer, *expected: int) -> bool:
        """Whether it succeeded; a 503 says that it was not, and anything not expected is wrong."""
        fine = answer.status_code in (200, 201)
        with self._lock:
            if answer.status_code == 503:
                self.known.unavailable += 1
            elif not fine and answer.status_code not in expected:
                self.known.wrong.append(f"{answer.status_code} {answer.url} {answer.text}")
        if fine:
            with self._answered:
                self._answers += 1
                self._answered.notify_all()
        return fine

    def _permit(self, body: dict, mine: list[str]) -> None:
        mine.append(body["access_token"])
        with self._lock:
            self.known.permits.append(body)

    def _mark(self, session, chance, mine) -> None:
        """One assertion, to two nodes in turn: the first may take it, the second may not, once one did."""
        scene, task = self.scene, unique("task")
        pairs = client.form(scene.subject(), audience=scene.target.audience, scope="thing.read", task_id=task,
                            client_assertion=tokens.client_assertion(scene.broker, scene.agent),
                            client_assertion_type=client.ASSERTION_TYPE)
        marked = Marked(pairs, task)
        with self._lock:
            self.known.marks.append(marked)
        for _ in range(2):
            answer = self._token(session, self._node(chance), pairs)
            if answer.status_code != 503:
                marked.unknown -= 1
            if self._noted(answer, 401):
                marked.permits += 1
                self._permit(answer.json(), mine)

    def _use(self, session, chance, mine) -> None:
        scene, grant = self.scene, self.grants[-1]
        pairs = client.form(grant, client.GRANT, audience=scene.target.audience, scope="thing.write")
        answer = self._token(session, self._node(chance), pairs, basic=True)
        if self._noted(answer, 400):
            self._permit(answer.json(), mine)
            with self._lock:
                self.known.uses[grant] += 1

    def _change(self, session, chance, _) -> None:
        node, name = self._node(chance), unique("kept")
        body = {"id": name, "kind": "resource_server", "auth": [{"method": "client_secret"}]}
        answer = session.post(f"{node.admin_api}/clients", json=body, timeout=client.TIMEOUT_S,
                              headers={"Authorization": f"Bearer {node.admin_token}"})
        if self._noted(answer):
            with self._lock:
                self.known.made.append(name)
        elif "was not made" in answer.text:
            with self._lock:
                self.known.not_made.append(name)

    def _revoke(self, session, chance, mine) -> None:
        if not mine:
            return
        node, token, agent = self._node(chance), mine.pop(chance.randrange(len(mine))), self.scene.agent
        head = {"Authorization": client.basic(agent["client_id"], agent["client_secret"])}
        with self._lock:
            self.known.unsure.append(token)
        answer = session.post(client.endpoint(node, "revoke"), data={"token": token}, headers=head,
                              timeout=client.TIMEOUT_S)
        if self._noted(answer):
            with self._lock:
                self.known.dead.append(token)

    # ------------------------------------------------------------- afterwards

    def new_round(self) -> None:
        """Uses are counted on a grant of their own from now on."""
        self.grants.append(self._grant())

    def text(self) -> str:
        """What was played, in figures."""
        known = self.known
        return (f"{len(known.permits)} tokens, {sum(known.uses.values())} uses, {len(known.made)} changes, "
                f"{len(known.dead)} revocations acknowledged, {known.unavailable} times 503, {known.unanswered} unanswered")

    def check(self, spent: tuple[int, ...] = (401,)) -> None:
        """Reads the whole history back at every node. `spent`: what an assertion that was used may be answered."""
        assert self.known.wrong == []
        self._no_mark_is_free_again(spent)
        self._the_rest_of_each_grant_is_taken()
        for node in self.cluster.nodes:
            self._every_change_is_made(node)
            self._every_permit_is_on_record_once(node)
            self._what_was_revoked_is_dead_and_nothing_else(node)

    def _no_mark_is_free_again(self, spent) -> None:
        assert {marked.permits for marked in self.known.marks} <= {0, 1}
        used = [marked.pairs for marked in self.known.marks if marked.permits]
        nodes = self.cluster.nodes

        def again(n):
            return client.token(nodes[n % len(nodes)], used[n], auth=None).status_code

        assert set(side_by_side(again, range(len(used)))) <= set(spent)

    def _the_rest_of_each_grant_is_taken(self) -> None:
        """At all nodes in turn, until each has refused: never more in all than the grant had."""
        for grant in self.grants:
            turn, refused, nodes = 0, 0, self.cluster.nodes
            while refused < len(nodes):
                answer = at(self.scene, nodes[turn % len(nodes)]).exchange(grant, client.GRANT, scope="thing.write")
                assert answer.status_code in (200, 400, 503), answer.text
                turn, refused = turn + 1, refused + 1 if answer.status_code == 400 else 0
                if answer.status_code == 200:
                    self.known.uses[grant] += 1
                    self.known.permits.append(answer.json())
            assert self.known.uses[grant] <= USES, grant

    def _every_change_is_made(self, node) -> None:
        def status(name):
            return node.api.get(f"/clients/{name}").status_code

        assert set(side_by_side(status, self.known.made)) <= {200}, node
        assert set(side_by_side(status, self.known.not_made)) <= {404}, node

    def _every_permit_is_on_record_once(self, node) -> None:
        wanted = {body["delegation_id"] for body in self.known.permits}
        found = until(lambda: self._recorded(node, wanted))
        ids = [item["id"] for item in found]
        places = [(item["record"]["tree"], item["record"]["index"]) for item in found]
        assert len(ids) == len(set(ids)) and len(places) == len(set(places)), node
        tasks = Counter(item.get("task_id") for item in found)
        twice = [marked.task for marked in self.known.marks if tasks[marked.task] > 1 + marked.unknown]
        assert twice == [], node
        uses = Counter(item.get("grant") for item in found)
        assert all(uses[grant] <= USES for grant in self.grants), (node, uses)

    def _recorded(self, node, wanted: set[str]) -> list[dict] | None:
        """The permits on record at a node, once those wanted are among them."""
        found, cursor = [], None
        while True:
            query = {"agent": self.scene.agent.id, "outcome": "permit", "limit": PAGE}
            answer = node.api.get("/decisions", params=query | ({"cursor": cursor} if cursor else {}))
            assert answer.status_code == 200, answer.text
            found += answer.json()["items"]
            if (cursor := answer.json()["next"]) is None:
                return found if wanted <= {item["id"] for item in found} else None

    def _what_was_revoked_is_dead_and_nothing_else(self, node) -> None:
        there, soon = at(self.scene, node), tokens.now() + 30
        assert not any(side_by_side(there.active, self.known.dead)), node
        alive = {body["access_token"] for body in self.known.permits} - set(self.known.unsure)
        alive = [token for token in sorted(alive) if tokens.decode(token)["exp"] > soon]
        assert all(side_by_side(there.active, alive[:SAMPLE])), node
