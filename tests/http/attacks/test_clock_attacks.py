"""Attack row 52: a server whose clock is wrong, and one whose clock steps back: nothing early, nothing revived.

The broker runs under libfaketime (Debian's package `faketime`); these tests and the issuers' tokens keep the true time."""

import glob
from pathlib import Path

import pytest

from support import tokens
from support.broker import Broker
from support.checks import issued, refused
from support.client import JWT, exchange, introspect, revoke

LIBRARIES = sorted(glob.glob("/usr/lib/*/faketime/libfaketimeMT.so.1") + glob.glob("/usr/lib/faketime/libfaketimeMT.so.1"))
pytestmark = pytest.mark.skipif(not LIBRARIES, reason="libfaketime is not installed (Debian: faketime)")
MINUTES, HOURS = 60, 3600


class Faked(Broker):
    """A broker under libfaketime, which leaves its shared memory behind when the process is killed."""

    def kill9(self) -> None:
        super().kill9()
        self.sweep()

    def stop(self) -> int:
        code = super().stop()
        self.sweep()
        return code

    def sweep(self) -> None:
        """Remove what belonged to the process that has just ended."""
        for name in ("faketime_shm", "sem.faketime_sem"):
            Path(f"/dev/shm/{name}_{self._process.pid}").unlink(missing_ok=True)


class Clock:
    """A broker whose wall clock is the true one plus an offset that can be changed while it runs."""

    def __init__(self, monkeypatch, folder: Path):
        self._file = folder / "offset"
        self.set(0)
        for name, value in {"LD_PRELOAD": LIBRARIES[0], "FAKETIME_TIMESTAMP_FILE": str(self._file), "FAKETIME_NO_CACHE": "1",
                            "FAKETIME_DONT_FAKE_MONOTONIC": "1"}.items():
            monkeypatch.setenv(name, value)
        self.broker = Faked()

    def set(self, seconds: int) -> None:
        """The offset from now on; put in place whole, since the broker may read at any moment."""
        fresh = self._file.with_suffix(".new")
        fresh.write_text(f"{seconds:+d}\n")
        fresh.replace(self._file)


@pytest.fixture
def clock(monkeypatch, tmp_path):
    """The clock, its broker running."""
    made = Clock(monkeypatch, tmp_path)
    with made.broker:
        yield made


def subject(broker, ahead=600, **changes):
    """An ID token of the true time that ends `ahead` seconds from now."""
    return tokens.id_token(broker, exp=tokens.now() + ahead, **changes)


def test_attack_52_without_an_offset_all_is_as_ever(clock):
    made = issued(exchange(clock.broker))
    assert abs(made.claims["iat"] - tokens.now()) <= 5


@pytest.mark.parametrize("ahead", [2 * MINUTES, 2 * HOURS])
def test_attack_52_a_clock_that_is_ahead_accepts_nothing_that_it_holds_for_expired(clock, ahead):
    clock.set(ahead)
    refused(clock.broker, exchange(clock.broker, subject(clock.broker, ahead - 30)), "LCM-SUBJECT-INVALID")
    end = tokens.now() + ahead + 60
    made = issued(exchange(clock.broker, tokens.id_token(clock.broker, exp=end)))
    assert made.claims["exp"] <= end, "never longer than what went in"
    assertion = tokens.client_assertion(clock.broker, exp=tokens.now() + ahead - 30)
    refused(clock.broker, exchange(clock.broker, subject(clock.broker, ahead + 60), auth=None, client_assertion=assertion,
                                   client_assertion_type="urn:ietf:params:oauth:client-assertion-type:jwt-bearer"),
            "LCM-CLIENT-AUTH")


@pytest.mark.parametrize("behind", [2 * MINUTES, 2 * HOURS])
def test_attack_52_a_clock_that_is_behind_accepts_nothing_from_its_future(monkeypatch, tmp_path, behind):
    clock = Clock(monkeypatch, tmp_path)
    clock.set(-behind)  # from the start: a running clock never goes back
    with clock.broker as broker:
        refused(broker, exchange(broker, subject(broker)), "LCM-SUBJECT-INVALID")
        then = tokens.now() - behind
        refused(broker, exchange(broker, subject(broker, iat=then, nbf=then + 60)), "LCM-SUBJECT-INVALID")
        refused(broker, exchange(broker, subject(broker, iat=then), actor_token=tokens.workload_token(broker),
                                 actor_token_type=JWT), "LCM-ACTOR-INVALID")
        made = issued(exchange(broker, subject(broker, iat=then)))
        assert made.claims["iat"] <= then + 10
        assert made.claims["exp"] <= made.claims["iat"] + 300


def sap_says(broker, token) -> bool:
    """Whether the target would still accept the token."""
    return introspect(broker, token, broker.resource_server("sap")).json()["active"]


@pytest.mark.parametrize("restart", [None, "stop", "kill"])
def test_attack_52_a_step_back_revives_nothing_that_had_expired(clock, restart):
    broker = clock.broker
    short, made = subject(broker, 200), issued(exchange(broker))
    issued(exchange(broker, short))
    assert sap_says(broker, made.token)
    clock.set(2 * HOURS)
    refused(broker, exchange(broker, short), "LCM-SUBJECT-INVALID")
    assert not sap_says(broker, made.token)
    clock.set(0)
    if restart:
        # A start waits until the clock has caught up with the record.
        clock.set(2 * HOURS + MINUTES)
        broker.restart(kill=restart == "kill")
    refused(broker, exchange(broker, short), "LCM-SUBJECT-INVALID")
    assert not sap_says(broker, made.token)
    later = issued(exchange(broker, subject(broker, 3 * HOURS)))
    assert later.claims["iat"] >= tokens.now() + 2 * HOURS - 60, "time on record never goes back"


@pytest.mark.parametrize("step", [-2 * MINUTES, -2 * HOURS, 2 * MINUTES])
def test_attack_52_a_step_revives_nothing_that_was_revoked_or_spent(clock, step):
    broker = clock.broker
    made = issued(exchange(broker))
    assert revoke(broker, made.token).status_code == 200
    assertion = {"client_assertion": tokens.client_assertion(broker, exp=tokens.now() + 3000), "auth": None,
                 "client_assertion_type": "urn:ietf:params:oauth:client-assertion-type:jwt-bearer"}
    lasting = subject(broker, 3 * HOURS)
    issued(exchange(broker, lasting, **assertion))
    clock.set(step)
    assert not sap_says(broker, made.token)
    refused(broker, exchange(broker, lasting, scope="invoice.read", **assertion), "LCM-CLIENT-AUTH")
    clock.set(max(step, 0) + MINUTES)
    broker.restart()
    assert not sap_says(broker, made.token)
    refused(broker, exchange(broker, lasting, scope="invoice.read", **assertion), "LCM-CLIENT-AUTH")
