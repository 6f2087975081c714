"""What checks said, in the ledger, and what it adds up to for each check of each route."""

from __future__ import annotations

from dataclasses import replace

from router.core.checks.check_value import check_value
from router.core.records.answers import CheckStats, CheckVerdict
from router.core.records.facts import AnswerJudged
from router.core.records.spend import Window
from router.ledger.sqlite.attempts import SqliteLedger
from router.ledger.sqlite.reports import SqliteReports
from tests.ledger.samples import ALL, START, intent, settlement

PASSED, FAILED = (
    CheckVerdict("json", True, "passed"),
    CheckVerdict("json", False, "the answer is not JSON", detail="text"),
)


async def answered(
    ledger: SqliteLedger, request_id: str, *answers: tuple[CheckVerdict, ...], cost: int | None = 100
) -> None:
    """Book a request whose attempts each had these verdicts; none: it failed before it was judged."""
    for attempt, verdicts in enumerate(answers, start=1):
        await ledger.admit(intent(request_id, attempt))
        known = None if cost is None else cost * attempt
        ledger.settle(replace(settlement(request_id, attempt), cost_nano_usd=known))
        if verdicts:
            ledger.note(AnswerJudged(request_id, attempt, tuple(verdicts)))
    await ledger.flush()


async def test_a_check_is_counted_on_first_answers_with_what_its_climbs_cost_and_mended(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await answered(ledger, "good", (PASSED,))
    await answered(ledger, "mended", (FAILED,), (PASSED,))
    await answered(ledger, "poor twice", (FAILED,), (FAILED,))
    await answered(ledger, "nobody above", (FAILED,), ())
    assert await reader.check_stats(ALL) == [
        CheckStats("auto", "json", judged=4, passed=1, climbed=2, mended=1, below_nano=400, above_nano=600)
    ]


async def test_attempts_before_the_first_answer_are_not_the_checks_doing(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await answered(ledger, "late", (), (FAILED,), (PASSED,))
    [found] = await reader.check_stats(ALL)
    assert (found.judged, found.below_nano, found.above_nano) == (1, 200, 300)


async def test_what_is_not_known_is_counted_apart(ledger: SqliteLedger, reader: SqliteReports) -> None:
    await answered(ledger, "unknown", (FAILED,), (PASSED,), cost=None)
    [found] = await reader.check_stats(ALL)
    assert (found.below_nano, found.above_nano, found.unknown_costs) == (0, 0, 2)


async def test_each_check_has_its_own_line_and_one_that_could_not_judge_has_none(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    lint = CheckVerdict("lint", False, "lint ended with 1")
    broken = CheckVerdict("slow", True, "not judged: it was not run", judged=False)
    await answered(ledger, "one", (PASSED, lint, broken), (PASSED, CheckVerdict("lint", True, "passed")))
    assert [(one.check, one.passed, one.mended) for one in await reader.check_stats(ALL)] == [
        ("json", 1, 0),
        ("lint", 0, 1),
    ]


async def test_answers_outside_the_window_do_not_count(ledger: SqliteLedger, reader: SqliteReports) -> None:
    await answered(ledger, "early", (PASSED,))
    assert await reader.check_stats(Window(START + 1, START + 1000)) == []


async def test_a_check_that_costs_more_than_it_saves_says_so_from_the_ledger(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    for number in range(30):
        await answered(ledger, f"r{number}", (FAILED,), (PASSED,))
    [found] = await reader.check_stats(ALL)
    said = check_value(found)
    assert said is not None
    assert "check json of auto costs more than it saves: 30 of 30 answers fail" in said.why
