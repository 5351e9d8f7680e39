"""Ten thousand idle connections and a thousand slow ones; and what happens when no more can be held."""

import resource
import socket
from contextlib import ExitStack

import pytest
import requests

from support import client, tokens
from support.broker import Broker
from support.process import binary
from test_connections import connect, head
from test_metrics import page, value

IDLE, SLOW, HEALTHY = 10_000, 1_000, 100
SPARE = 1_000
"""Files that broker and test open besides."""
EACH = 24 * 1024
"""Bytes of memory that a connection may cost."""

# The tests of this file open thousands of files: one after the other.
pytestmark = pytest.mark.xdist_group("manyconnections")


@pytest.fixture
def many_files():
    """This process may open as many files as the test needs; the broker raises its own limit."""
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    needed = IDLE + SLOW + SPARE
    if hard < needed:
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (needed, needed))
        except (ValueError, OSError):
            pytest.skip(f"needs {needed} open files, {hard} are allowed here")
    else:
        resource.setrlimit(resource.RLIMIT_NOFILE, (needed, hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, max(hard, soft)))


def healthy(broker, person: str, agent="invoice-agent") -> bool:
    """An exchange on a connection of its own."""
    me = broker.agent(agent)
    with requests.Session() as session:
        session.trust_env = False
        answer = session.post(broker.token_endpoint, data=client.form(person), timeout=30,
                              auth=(me["client_id"], me["client_secret"]))
    return answer.status_code == 200


def test_ten_thousand_idle_and_a_thousand_slow_connections_do_not_stop_healthy_requests(many_files, fresh_broker, figure):
    before = value(page(fresh_broker), "process_resident_memory_bytes")
    person = tokens.id_token(fresh_broker)
    with ExitStack() as stack:
        idle = [connect(fresh_broker, stack) for _ in range(IDLE)]
        slow = [connect(fresh_broker, stack, head("x-slow: a")) for _ in range(SLOW // 2)]
        slow += [connect(fresh_broker, stack, head("content-length: 60000") + b"\r\ngrant_") for _ in range(SLOW // 2)]
        answered = 0
        for number in range(HEALTHY):
            for connection in slow[number::HEALTHY]:
                connection.sendall(b"b")
            answered += healthy(fresh_broker, person)
        text = page(fresh_broker)
        after = value(text, "process_resident_memory_bytes")
        held = value(text, "locum_connections")
        figure(f"connections: {IDLE} idle and {SLOW} slow held, {answered} of {HEALTHY} healthy requests answered, "
               f"RSS {before / 2**20:.1f} MiB before and {after / 2**20:.1f} MiB with them")
        assert answered == HEALTHY and len(idle) == IDLE and held >= IDLE + SLOW
        assert value(text, "locum_connections_closed_total") == 0, "none had to go"
    assert after - before < (IDLE + SLOW) * EACH


def is_open(connection: socket.socket) -> bool:
    """Whether the broker has not closed it."""
    connection.setblocking(False)
    try:
        return connection.recv(1) != b""
    except BlockingIOError:
        return True
    except ConnectionError:
        return False


def limited(monkeypatch, folder, ulimit: str):
    """Brokers that are started from now on run under that limit of open files."""
    wrapper = folder / "locum"
    wrapper.write_text(f"#!/bin/sh\nulimit {ulimit}\nexec '{binary()}' \"$@\"\n")
    wrapper.chmod(0o755)
    monkeypatch.setenv("LOCUM_BIN", str(wrapper))


def test_the_broker_raises_its_own_soft_limit_of_open_files(monkeypatch, tmp_path):
    limited(monkeypatch, tmp_path, "-S -n 256")
    with Broker() as broker:
        soft, hard = resource.prlimit(broker.pid, resource.RLIMIT_NOFILE)
        assert soft == hard > 256


def test_where_no_more_can_be_held_the_longest_idle_one_goes_and_healthy_requests_are_answered(monkeypatch, tmp_path):
    files, wanted = 700, 600
    limited(monkeypatch, tmp_path, f"-n {files}")
    with Broker() as broker, ExitStack() as stack:
        person = tokens.id_token(broker)
        idle = [connect(broker, stack) for _ in range(wanted)]
        assert all(healthy(broker, person) for _ in range(HEALTHY))
        standing = [number for number, connection in enumerate(idle) if is_open(connection)]
        # A bound below the limit on files: some are kept for the ledger and calls out.
        assert 200 < len(standing) < files
        assert standing == list(range(standing[0], wanted)), "the oldest went"
        closed = value(page(broker), "locum_connections_closed_total")
        assert closed >= standing[0]
