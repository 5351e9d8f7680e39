"""What a credential of a vendor's costs the broker beside a token of its own, and what a vendor that never answers
costs the others."""

import itertools
import statistics
import time

import driver
import meters
import signing
from vendor import Targets, Vendor, connector

ISSUE = {"es256": {"kind": "issue", "alg": "ES256"}, "rs256": {"kind": "issue", "alg": "RS256"}}
BESIDE = {"oauth": "es256", "xsuaa": "rs256"}
"""Each with the token of Locum's that it is compared with: the same signature is made for both, or a receipt's."""
PEOPLE = 200
ROUNDS = 5
"""Each way, in turn: a machine that is busy meanwhile is busy for all."""
HANGING_ROUNDS = 3
UNDER_WAY, HANGING_CLIENTS = 32, 48
"""As many as a target may have under way at a time, and some that wait for these."""


def made_for(bench, connectors: dict[str, dict]) -> dict[str, list[bytes]]:
    """Requests at each target."""
    tokens = signing.presign(lambda number: bench.world.subject_token(number).encode(), PEOPLE)
    targets = Targets(bench, connectors)
    return {name: targets.requests(name, [token.decode() for token in tokens]) for name in connectors}


def measure(bench, seconds: float, accept) -> dict:
    """One line: CPU of the broker for each kind of exchange, one after the other and 16 at a time."""
    out, errors, done = {"profile": "downstream"}, [], 0
    with Vendor() as vendor:
        made = made_for(bench, ISSUE | {name: connector(name, vendor.url) for name in BESIDE})
        for name, requests in made.items():  # warms up
            errors += bench.drive(itertools.islice(itertools.cycle(requests), 400), accept).errors
        for connections in (1, 16):
            costs = {name: [] for name in made}
            for _ in range(ROUNDS):
                for name, requests in made.items():
                    before = meters.cpu_seconds(bench.ready["pid"])
                    run = driver.drive(bench.address, itertools.cycle(requests), accept, connections,
                                       seconds=seconds / ROUNDS / 4)
                    cpu = meters.cpu_seconds(bench.ready["pid"]) - before
                    costs[name].append(cpu / max(len(run.latencies), 1) * 1e6)
                    errors, done = errors + run.errors, done + len(run.latencies)
            cost = {name: statistics.median(found) for name, found in costs.items()}
            out |= {f"cpu_us_{name}_{connections}": round(cost[name]) for name in cost}
            out |= {f"more_us_{name}_{connections}": round(cost[name] - cost[beside]) for name, beside in BESIDE.items()}
    return out | {"rss_mb": meters.rss_mb(bench.ready["pid"]), "requests": done, "errors": len(errors),
                  "first_error": errors[0] if errors else None}


class Hanging:
    """Agents that wait for a vendor that never answers, while the `with` block lasts."""

    def __init__(self, bench, requests: list[bytes], vendor: Vendor):
        self._bench, self._requests, self._vendor = bench, requests, vendor

    def __enter__(self):
        before = self._vendor.asked.value
        self._waiting = [driver.Connection(self._bench.address) for _ in range(HANGING_CLIENTS)]
        for connection, request in zip(self._waiting, self._requests):
            connection.send(request)
        while self._vendor.asked.value < before + UNDER_WAY:
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        """None of them was answered."""
        for connection in self._waiting:
            connection.socket.setblocking(False)
            try:
                answered = connection.socket.recv(1)
            except BlockingIOError:
                answered = None
            if answered is not None:
                raise SystemExit("a vendor that never answers was answered for")
            connection.socket.close()


def beside_hanging(bench, seconds: float, accept) -> dict:
    """One line: how long exchanges take while none at another vendor comes back, and while there are none."""
    out, errors, done = {"profile": "hanging-target"}, [], 0
    with Vendor() as vendor, Vendor(silent=True) as silent:
        # One for each round: after it, Locum lets its vendor alone for a while.
        hanging = {f"hanging-{number}": connector("oauth", silent.url) for number in range(HANGING_ROUNDS)}
        made = made_for(bench, {"issue": ISSUE["es256"], "oauth": connector("oauth", vendor.url)} | hanging)
        latencies = {(name, where): [] for name in ("issue", "oauth") for where in ("alone", "beside")}

        def drive(name: str, where: str) -> None:
            nonlocal errors, done
            run = bench.drive(itertools.cycle(made[name]), accept, seconds=seconds / HANGING_ROUNDS / 2)
            latencies[name, where] += run.latencies
            errors, done = errors + run.errors, done + len(run.latencies)

        for name in ("issue", "oauth"):  # warms up
            errors += bench.drive(itertools.islice(itertools.cycle(made[name]), 400), accept).errors
        for name_hanging in hanging:
            drive("issue", "alone")
            drive("oauth", "alone")
            with Hanging(bench, made[name_hanging], silent):
                drive("issue", "beside")
                drive("oauth", "beside")
    p99 = {where: meters.percentile_ms(found, 0.99) for where, found in latencies.items()}
    for name in ("issue", "oauth"):
        out |= {f"p99_ms_{name}": p99[name, "alone"], f"p99_ms_{name}_beside": p99[name, "beside"],
                f"ratio_{name}": round(p99[name, "beside"] / p99[name, "alone"], 2)}
    return out | {"asked_of_hanging": silent.asked.value, "requests": done, "errors": len(errors),
                  "first_error": errors[0] if errors else None}
