"""What processes share, as rows: kept over restarts, read from older files, not lost under a lock."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.records.admission import Lesson, Quota, Terms, Unit
from router.core.records.facts import HealthLearned
from router.core.records.health import Health
from router.core.settings.policy import Policy
from router.engine.clock import ManualClock
from router.errors import LedgerError
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.limits import RUNNING
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import (
    SCOPES,
    START,
    TERMS,
    beside_it,
    connected,
    intent,
    kill,
    line_of,
    other_process,
    settlement,
)

LIMITED = Lesson(
    SCOPES, classify(Exchange("x", status=429, headers={"retry-after": "70"}), START), Policy(), 0.0
)
DAY = 86_400_000


async def test_a_restart_keeps_every_rest_as_it_was(path: Path, clock: ManualClock) -> None:
    for _ in range(2):
        ledger = await open_ledger(path, clock)
        ledger.note(HealthLearned(LIMITED, START))
        await ledger.aclose()
        clock.advance(1)
    reader = await open_reports(path)
    health = (await reader.health())["deployment:gemma"]
    assert (health.state, health.until_ms, health.strikes) == (Health.COOLING, START + 70_000, 1)
    assert health.reason == LIMITED.diagnosis.evidence
    await reader.aclose()


async def test_a_clock_that_was_a_month_ahead_keeps_nobody_away_for_a_month(path: Path) -> None:
    ahead = await open_ledger(path, ManualClock(START + 30 * DAY))
    ahead.note(HealthLearned(LIMITED, START + 30 * DAY))
    await ahead.aclose()
    ledger = await open_ledger(path, ManualClock(START))
    await ledger.aclose()
    assert beside_it(path, "SELECT until_ms FROM health") == [(START + DAY,)]


async def test_a_ledger_from_before_health_was_kept_reads_as_healthy(path: Path, clock: ManualClock) -> None:
    ledger = await open_ledger(path, clock)
    await ledger.aclose()
    beside_it(path, "DROP TABLE health", "DROP TABLE learned_limit", "PRAGMA user_version = 1")
    reader = await open_reports(path)
    assert (await reader.health(), await reader.limits()) == ({}, [])
    await reader.aclose()


async def test_words_of_a_newer_cockpit_are_passed_over(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    beside_it(
        path,
        "INSERT INTO health VALUES ('s', 'meditating', NULL, 0, 0, '[]', '', 0)",
        "INSERT INTO learned_limit VALUES ('d', 'rpw', 'header', 5, 1.0, 0)",
    )
    assert (await reader.health(), await reader.limits()) == ({}, [])
    assert (await ledger.admit(intent("r"), TERMS)).refusal is None


async def test_what_is_learned_while_the_file_is_locked_is_known_as_soon_as_it_is_not(
    path: Path, clock: ManualClock
) -> None:
    ledger = await open_ledger(path, clock, connect=connected())
    await ledger.admit(intent("r"))
    locking = connected()(path)
    locking.execute("BEGIN IMMEDIATE")
    ledger.settle(settlement("r"), LIMITED)
    ledger.note(HealthLearned(LIMITED, START))
    with pytest.raises(LedgerError, match="not booked yet"):
        await ledger.flush()
    locking.execute("ROLLBACK")
    locking.close()
    refused = (await ledger.admit(intent("r2"), TERMS)).refusal
    assert refused
    assert refused.until_ms == START + 70_900  # the settlement came 900 ms after START
    await ledger.aclose()


async def test_clearing_without_a_writer_reaches_a_ledger_that_is_open(
    path: Path, ledger: SqliteLedger
) -> None:
    ledger.note(HealthLearned(LIMITED, START))
    assert (await ledger.admit(intent("r"), TERMS)).refusal
    await SqliteUpkeep(path).clear_cooldowns({"deployment:gemma"})
    assert (await ledger.admit(intent("r"), TERMS)).refusal is None


async def test_clearing_where_there_is_no_ledger_makes_none(path: Path) -> None:
    await SqliteUpkeep(path).clear_cooldowns()
    assert not path.parent.exists()


async def test_a_killed_process_holds_no_place_among_calls_at_once(path: Path, ledger: SqliteLedger) -> None:
    alone = Terms(quotas=(Quota("1 call at once", Unit.PARALLEL, 1, 1, START),))
    process = await other_process(path, "hang", "theirs")
    assert await line_of(process) == "admitted"
    assert (await ledger.admit(intent("mine"), alone)).refusal
    await kill(process)
    assert (await ledger.admit(intent("mine"), alone)).refusal is None


async def test_calls_at_once_are_counted_over_the_open_rows_alone(path: Path, ledger: SqliteLedger) -> None:
    await ledger.flush()
    plan = beside_it(path, f"EXPLAIN QUERY PLAN {RUNNING.replace('?', '0')}")
    assert "token_spend_open" in str(plan)
