"""The guard's pauses: tripped by what the rows say, standing for every process, lifted by a person."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from router.core.records.admission import RefusedBy, Terms
from router.core.records.entries import Intent
from router.core.settings.budgets import Guard
from router.engine.clock import ManualClock
from router.ledger.private_files import prepare
from router.ledger.sqlite.admission import admit
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.driver import Connection, open_for_writing, writing
from router.ledger.sqlite.owners import this_process
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import INTENT, START

DOLLAR = 10**9
MINUTE_MS = 60_000
QUIET = Guard(None, None, None)
PAID = replace(INTENT, held_nano_usd=DOLLAR, estimate_nano_usd=DOLLAR, prompt_fingerprint="p", session_id="s")
FREE = replace(PAID, held_nano_usd=0, estimate_nano_usd=0)


@pytest.fixture
def connection(path: Path) -> Iterator[Connection]:
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
        yield connection


class Caller:
    """Sends calls to one ledger, each a request of its own."""

    def __init__(self, connection: Connection, guard: Guard) -> None:
        self.connection, self.guard, self.sent = connection, guard, 0

    def send(self, intent: Intent = PAID, *, at: int = START) -> str | None:
        """Return why the guard refused the call, or None."""
        self.sent += 1
        asked = replace(intent, request_id=f"r{self.sent}", started_at=at)
        with writing(self.connection):
            admission = admit(self.connection, asked, Terms(guard=self.guard), this_process())
        assert admission is not None
        if admission.refusal is None:
            return None
        assert admission.refusal.by is RefusedBy.GUARD
        return admission.refusal.reason


def test_calls_from_before_the_clock_was_set_back_trip_nothing(connection: Connection) -> None:
    caller, hour = Caller(connection, Guard(3 * DOLLAR, 3, 3)), 60 * MINUTE_MS
    for minutes in (0, 59, 60):
        assert caller.send(at=START + minutes * MINUTE_MS) is None
    assert [caller.send(at=START + MINUTE_MS * minutes) for minutes in (0, 20, 59)] == [None] * 3
    assert [caller.send(at=START + hour) is None for _ in range(3)] == [True, True, False]


def test_dollars_within_ten_minutes_pause_every_session(connection: Connection) -> None:
    caller = Caller(connection, replace(QUIET, nano_per_10m=3 * DOLLAR))
    assert [caller.send(at=START + n) for n in range(3)] == [None] * 3
    reason = caller.send(at=START + 3)
    assert reason is not None
    assert "$4 within ten minutes, the guard allows $3" in reason
    assert "cockpit resume" in reason
    assert caller.send(replace(PAID, session_id="other"), at=START + 4) == reason


def test_dollars_spread_over_a_longer_time_trip_nothing(connection: Connection) -> None:
    caller = Caller(connection, replace(QUIET, nano_per_10m=3 * DOLLAR))
    assert [caller.send(at=START + n * 5 * MINUTE_MS) for n in range(20)] == [None] * 20


def test_requests_within_a_minute_are_counted_without_their_retries(connection: Connection) -> None:
    caller = Caller(connection, replace(QUIET, requests_per_minute=2))
    assert [caller.send(replace(PAID, attempt=n)) for n in (1, 2, 3, 1)] == [None] * 4
    reason = caller.send()
    assert reason is not None
    assert "3 paid requests within a minute" in reason


def test_the_same_request_again_and_again_pauses_its_own_session_only(connection: Connection) -> None:
    caller = Caller(connection, replace(QUIET, identical_calls=2))
    for intent in (PAID, replace(PAID, prompt_fingerprint="q"), replace(PAID, session_id="other"), PAID):
        assert caller.send(intent) is None
    reason = caller.send()
    assert reason is not None
    assert "the same paid request 3 times" in reason
    assert caller.send(replace(PAID, prompt_fingerprint="q")) == reason
    assert caller.send(replace(PAID, session_id="other")) is None
    assert caller.send(replace(PAID, session_id=None)) is None


def test_calls_without_a_session_are_paused_together(connection: Connection) -> None:
    caller = Caller(connection, replace(QUIET, identical_calls=1))
    nameless = replace(PAID, session_id=None)
    assert caller.send(nameless) is None
    assert caller.send(nameless) is not None
    assert caller.send(replace(nameless, prompt_fingerprint="q")) is not None
    assert caller.send() is None


def test_what_costs_nothing_neither_trips_nor_is_paused(connection: Connection) -> None:
    caller = Caller(connection, Guard(nano_per_10m=DOLLAR, requests_per_minute=1, identical_calls=1))
    assert [caller.send(FREE) for _ in range(5)] == [None] * 5
    assert caller.send() is None
    assert caller.send() is not None
    assert caller.send(FREE) is None


def test_a_call_of_unknown_price_counts_as_paid(connection: Connection) -> None:
    caller = Caller(connection, replace(QUIET, requests_per_minute=1))
    unpriced = replace(PAID, held_nano_usd=None, estimate_nano_usd=None)
    assert caller.send(unpriced) is None
    assert caller.send(unpriced) is not None


async def test_a_pause_stays_until_it_is_lifted_and_does_not_trip_again_on_what_was_seen(
    connection: Connection, path: Path
) -> None:
    caller = Caller(connection, replace(QUIET, identical_calls=2))
    assert [caller.send() is None for _ in range(3)] == [True, True, False]
    assert caller.send(at=START + 60 * MINUTE_MS) is not None
    lifted = await SqliteUpkeep(path).lift_pauses("s", START + 60 * MINUTE_MS)
    assert lifted == ["the same paid request 3 times within ten minutes, the guard allows 2"]
    after = START + 60 * MINUTE_MS + 1
    assert [caller.send(at=after) is None for _ in range(3)] == [True, True, False]


async def test_a_session_is_resumed_alone_and_without_a_name_everything(
    connection: Connection, path: Path
) -> None:
    caller = Caller(connection, replace(QUIET, identical_calls=1))
    for session in ("s", "t"):
        assert caller.send(replace(PAID, session_id=session)) is None
        assert caller.send(replace(PAID, session_id=session)) is not None
    assert len(await SqliteUpkeep(path).lift_pauses("s", START + 1)) == 1
    assert caller.send(at=START + 2) is None
    assert caller.send(replace(PAID, session_id="t"), at=START + 2) is not None
    assert len(await SqliteUpkeep(path).lift_pauses(None, START + 3)) == 1
    assert caller.send(replace(PAID, session_id="t"), at=START + 4) is None
    assert await SqliteUpkeep(path).lift_pauses(None, START + 5) == []


async def test_one_session_cannot_lift_the_pause_of_all(connection: Connection, path: Path) -> None:
    caller = Caller(connection, replace(QUIET, nano_per_10m=0))
    assert caller.send() is not None
    assert await SqliteUpkeep(path).lift_pauses("s", START + 1) == []
    assert caller.send(at=START + 2) is not None


async def test_where_there_is_no_ledger_nothing_is_paused_and_none_is_made(path: Path) -> None:
    assert await SqliteUpkeep(path).lift_pauses(None, START) == []
    assert not path.exists()  # noqa: ASYNC240


async def test_a_pause_stands_for_a_process_that_comes_later(
    path: Path, ledger: SqliteLedger, clock: ManualClock
) -> None:
    terms = Terms(guard=replace(QUIET, requests_per_minute=1))
    first, second, third = (replace(PAID, request_id=name) for name in "abc")
    assert (await ledger.admit(first, terms)).refusal is None
    assert (await ledger.admit(second, terms)).refusal is not None
    other = await open_ledger(path, clock)
    refusal = (await other.admit(replace(third, started_at=START + 2 * MINUTE_MS), terms)).refusal
    await other.aclose()
    assert refusal is not None
    assert refusal.by is RefusedBy.GUARD
