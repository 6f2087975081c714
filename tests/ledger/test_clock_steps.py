"""Somebody sets the clock: the ledger's rests move with it, once, for all processes of the boot."""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

import pytest

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.records.admission import Lesson
from router.core.records.facts import HealthLearned, LimitExhausted
from router.core.records.health import ExhaustedLimit
from router.core.settings.policy import Policy
from router.engine.clock import ManualClock
from router.ledger.private_files import prepare
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.driver import open_for_writing, writing
from router.ledger.sqlite.health import health_by, keep_time
from router.ledger.sqlite.orders import Note
from router.ledger.sqlite.reports import open_reports
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.writer import Writer
from tests.ledger.samples import SCOPES, START, TERMS, beside_it
from tests.ledger.test_admission import at

HOUR_S = 3_600
KEY = "deployment:gemma"


def limited(seconds: float) -> Lesson:
    answer = Exchange("x", status=429, headers={"retry-after": f"{seconds:g}"})
    return Lesson(SCOPES, classify(answer, START), Policy(), 0.0)


async def left_s(ledger: SqliteLedger, clock: ManualClock) -> float | None:
    """Return for how long an attempt is refused now; None when it is let in."""
    asked = at(f"r{clock.ms}", clock.ms - START)
    refusal = (await ledger.admit(asked, TERMS)).refusal
    return (refusal.until_ms - clock.ms) / 1000 if refusal and refusal.until_ms else None


@pytest.mark.parametrize("step_s", [-HOUR_S, -5, 5, HOUR_S, 72 * HOUR_S])
async def test_a_rest_is_as_long_as_it_was_for_every_process(
    path: Path, ledger: SqliteLedger, clock: ManualClock, step_s: float
) -> None:
    other = await open_ledger(path, clock)
    ledger.note(HealthLearned(limited(70), START))
    await ledger.flush()
    clock.advance(10)
    clock.step(step_s)
    assert await left_s(other, clock) == 60
    assert await left_s(ledger, clock) == 60
    clock.advance(60)
    assert await left_s(ledger, clock) is None
    await other.aclose()


async def test_a_date_is_not_moved(ledger: SqliteLedger, clock: ManualClock) -> None:
    ledger.note(HealthLearned(limited(2 * HOUR_S), START))
    await ledger.flush()
    clock.step(HOUR_S)
    assert await left_s(ledger, clock) == HOUR_S


async def test_what_was_handed_in_before_and_written_after_is_moved_too(
    path: Path, ledger: SqliteLedger, clock: ManualClock
) -> None:
    await ledger.flush()
    writer = Writer(path, clock, open_for_writing)
    handed_in = Note(HealthLearned(limited(70), START), ahead_ms=0)
    clock.step(-HOUR_S)
    writer.write([handed_in])
    assert await left_s(ledger, clock) == 70
    writer.close()


async def test_a_reader_tells_rests_by_the_clock_as_it_is_set(
    path: Path, ledger: SqliteLedger, clock: ManualClock
) -> None:
    ledger.note(HealthLearned(limited(70), START))
    await ledger.flush()
    reader = await open_reports(path, clock)
    assert (await reader.health())[KEY].until_ms == START + 70_000
    clock.step(-HOUR_S)
    assert (await reader.health())[KEY].until_ms == clock.ms + 70_000
    assert await left_s(ledger, clock) == 70  # now it is written so
    assert (await reader.health())[KEY].until_ms == clock.ms + 70_000
    await reader.aclose()


def test_another_boot_counts_from_somewhere_else_and_moves_nothing(path: Path, clock: ManualClock) -> None:
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
        beside_it(path, f"INSERT INTO health VALUES ('{KEY}', 'cooling', {START + 9_000}, 1, 0, '[]', '', 0)")
        for boot, ahead in (("one", 0), (None, 7), ("another", HOUR_S * 1000)):
            clock.stepped_ms = ahead
            with writing(connection):
                keep_time(connection, clock, boot)
            assert health_by(connection, clock)[KEY].until_ms == START + 9_000
        assert beside_it(path, "SELECT boot, ahead_ms FROM clock") == [("another", HOUR_S * 1000)]


async def test_what_was_told_to_be_full_is_forgotten_when_the_clock_is_set(
    path: Path, ledger: SqliteLedger, clock: ManualClock
) -> None:
    ledger.note(LimitExhausted(KEY, ExhaustedLimit("no requests left", START + 12_000)))
    await ledger.flush()
    reader = await open_reports(path, clock)
    assert set(await reader.told_full()) == {KEY}
    clock.step(-HOUR_S)
    assert await reader.told_full() == {}
    await left_s(ledger, clock)
    assert beside_it(path, "SELECT count(*) FROM full_until") == [(0,)]
    await reader.aclose()
