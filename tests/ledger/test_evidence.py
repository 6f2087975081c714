"""How good answers were: ratings, checks and escalations by deployment, task and language."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from router.core.records.answers import CheckVerdict, Evidence
from router.core.records.entries import EntryStatus
from router.core.records.facts import AnswerDoubted, AnswerJudged
from router.core.records.spend import Window
from router.core.settings.deployments import Work
from router.errors import LedgerError
from router.ledger.sqlite.attempts import SqliteLedger
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import ALL, START, Book, beside_it, intent, settlement

PASSED, FAILED = CheckVerdict("json", True, "passed"), CheckVerdict("json", False, "the answer is not JSON")
CHAT = Work("chat", "en")


async def attempt(  # noqa: PLR0917
    book: Book,
    request_id: str,
    n: int,
    deployment: str,
    work: Work = CHAT,
    status: EntryStatus = EntryStatus.OK,
    session: str | None = None,
) -> None:
    """Book one attempt at a kind of work."""
    sent = replace(intent(request_id, n), deployment=deployment, task=work.task, language=work.language)
    sent = replace(sent, session_id=session)
    await book.book(replace(sent, started_at=START + n), replace(settlement(request_id, n), status=status))


async def test_checks_and_escalations_count_for_who_answered(book: Book) -> None:
    await attempt(book, "climbed", 1, "cheap")
    book.ledger.note(
        AnswerJudged(
            "climbed",
            1,
            (
                FAILED,
                CheckVerdict("length", True, "passed"),
            ),
        )
    )
    await attempt(book, "climbed", 2, "dear")
    book.ledger.note(AnswerJudged("climbed", 2, (PASSED,)))
    await attempt(book, "stayed", 1, "cheap", Work())
    book.ledger.note(
        AnswerJudged(
            "stayed",
            1,
            (
                FAILED,
                CheckVerdict("lint", True, "not run", judged=False),
            ),
        )
    )
    await attempt(book, "fell over", 1, "cheap", status=EntryStatus.FAILED)
    await attempt(book, "fell over", 2, "dear")
    await book.ledger.flush()
    assert await book.reader.evidence(ALL) == {
        ("cheap", CHAT): Evidence(checks_passed=1, checks_failed=1, escalations=1),
        ("cheap", Work()): Evidence(checks_failed=1),
        ("dear", CHAT): Evidence(checks_passed=1),
    }
    assert await book.reader.evidence(Window(START + 3, START + 9)) == {}


async def test_a_rating_is_of_the_last_answer_and_the_last_word_holds(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    book = Book(ledger, reader, SqliteUpkeep(path))
    await attempt(book, "a", 1, "cheap", status=EntryStatus.FAILED)
    await attempt(book, "a", 2, "dear")
    await attempt(book, "b", 1, "dear")
    await attempt(book, "b", 2, "away", status=EntryStatus.FAILED)
    await attempt(book, "c", 1, "dear", Work("code", "en"))
    for request_id, good in (("a", True), ("b", True), ("b", False), ("c", False)):
        await SqliteUpkeep(path).rate(request_id, good=good, now_ms=START + 10)
    assert await reader.evidence(ALL) == {
        ("dear", CHAT): Evidence(ratings=2, stars=6),
        ("dear", Work("code", "en")): Evidence(ratings=1, stars=1),
    }
    assert await reader.evidence(Window(0, START)) == {}


async def test_without_a_name_the_newest_answered_request_is_rated(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    book = Book(ledger, reader, SqliteUpkeep(path))
    await attempt(book, "old", 1, "cheap")
    await attempt(book, "new", 2, "dear")
    await attempt(book, "failed", 3, "away", status=EntryStatus.FAILED)
    rated = await SqliteUpkeep(path).rate(None, good=True, now_ms=START + 10)
    assert (rated.request_id, rated.deployment) == ("new", "dear")


async def test_a_complaint_is_about_the_newest_answer_of_its_session(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    book = Book(ledger, reader, SqliteUpkeep(path))
    await attempt(book, "first", 1, "cheap", session="s1")
    await attempt(book, "second", 2, "dear", session="s1")
    await attempt(book, "failed", 3, "away", status=EntryStatus.FAILED, session="s1")
    await attempt(book, "elsewhere", 4, "other", session="s2")
    for session in ("s1", "s1", "s3"):
        ledger.note(AnswerDoubted(session, START + 10))
    await ledger.flush()
    assert await reader.evidence(ALL) == {("dear", CHAT): Evidence(doubts=1)}
    await SqliteUpkeep(path).rate("second", good=True, now_ms=START + 11)
    assert await reader.evidence(ALL) == {
        ("dear", CHAT): Evidence(ratings=1, stars=5)
    }  # a rating outweighs it


async def test_what_nobody_answered_cannot_be_rated(
    path: Path, ledger: SqliteLedger, reader: SqliteReports
) -> None:
    with pytest.raises(LedgerError, match="no request was answered yet"):
        await SqliteUpkeep(path).rate(None, good=True, now_ms=START)
    await attempt(Book(ledger, reader, SqliteUpkeep(path)), "failed", 1, "away", status=EntryStatus.FAILED)
    for request_id in ("failed", "nobody", ""):
        with pytest.raises(LedgerError, match=f"no answered request {request_id}"):
            await SqliteUpkeep(path).rate(request_id, good=True, now_ms=START)
    assert await reader.evidence(ALL) == {}


async def test_where_there_is_no_ledger_nothing_is_rated_and_none_is_made(path: Path) -> None:
    with pytest.raises(LedgerError, match="there is no ledger"):
        await SqliteUpkeep(path).rate("r1", good=True, now_ms=START)
    assert not path.exists()  # noqa: ASYNC240


async def test_a_ledger_from_before_anything_was_judged_reads_as_nothing_seen(
    path: Path, ledger: SqliteLedger
) -> None:
    await ledger.aclose()
    beside_it(
        path, "DROP TABLE rating", "DROP TABLE check_result", "DROP TABLE doubt", "PRAGMA user_version = 4"
    )
    reader = await open_reports(path)
    assert await reader.evidence(ALL) == {}
    await reader.aclose()
