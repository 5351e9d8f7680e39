"""Calls at one moment, and many calls side by side."""

import threading
from concurrent.futures import ThreadPoolExecutor


def at_once(*calls) -> list:
    """Makes all calls at the same moment, each in a thread of its own; what they gave, in order."""
    start = threading.Barrier(len(calls))

    def made(call):
        start.wait()
        return call()

    with ThreadPoolExecutor(len(calls)) as pool:
        return [future.result() for future in [pool.submit(made, call) for call in calls]]


def side_by_side(call, items, threads: int = 8) -> list:
    """Makes a call with each item, so many at a time; what they gave, in order."""
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(call, items))
