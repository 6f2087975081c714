"""The one table with text in it: found again, bounded, and gone when it is told to go."""

from __future__ import annotations

from contextlib import closing
from dataclasses import replace
from pathlib import Path

import pytest

from router.core.records.answers import CachedResponse
from router.core.records.facts import ResponseCached
from router.core.settings.policy import USUAL_RESPONSE_CACHE
from router.engine.clock import ManualClock
from router.errors import LedgerError
from router.ledger.sqlite import driver as sqlite
from router.ledger.sqlite import upkeep
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.driver import open_for_reading, open_for_writing, reading
from router.ledger.sqlite.reports import SqliteReports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import START, Book
from tests.test_commands import bytes_below

PARIS = CachedResponse("k1", "Paris, a city that is unlike any other", "gemma", START)


async def test_an_answer_is_found_by_its_key_while_it_is_young_enough(book: Book) -> None:
    book.ledger.note(ResponseCached(PARIS, USUAL_RESPONSE_CACHE))
    await book.ledger.flush()
    assert await book.reader.kept("k1", START) == PARIS
    assert await book.reader.kept("k1", START + 1) is None
    assert await book.reader.kept("k2", 0) is None


async def test_a_newer_answer_to_the_same_takes_its_place_and_the_oldest_go_first(book: Book) -> None:
    for place, key in enumerate(("k1", "k2", "k1", "k3")):
        book.ledger.note(
            ResponseCached(
                CachedResponse(key, str(place), "gemma", START + place),
                replace(USUAL_RESPONSE_CACHE, answers=2),
            )
        )
    await book.ledger.flush()
    found = [await book.reader.kept(key, 0) for key in ("k1", "k2", "k3")]
    assert [kept.text if kept else None for kept in found] == ["2", None, "3"]


async def test_text_over_the_bound_pushes_out_what_is_older_and_is_not_kept_alone(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    bounds, half = replace(USUAL_RESPONSE_CACHE, mib=1), "é" * (1 << 18)
    for place, text in enumerate((half, half, "small")):
        ledger.note(ResponseCached(CachedResponse(f"k{place}", text, "gemma", START + place), bounds))
    await ledger.flush()
    assert await reader.cache_size() == (2, (1 << 19) + 5)
    assert await reader.kept("k0", 0) is None
    ledger.note(ResponseCached(CachedResponse("large", half * 3, "gemma", START + 9), bounds))
    await ledger.flush()
    assert await reader.kept("large", 0) is None


async def test_what_has_come_of_age_is_removed_by_the_sweep(
    ledger: SqliteLedger, reader: SqliteReports, path: Path
) -> None:
    ledger.note(ResponseCached(PARIS, replace(USUAL_RESPONSE_CACHE, age_s=60)))
    await ledger.flush()
    await SqliteUpkeep(path, "me").sweep(START + 59_999, 1)
    assert (await reader.cache_size())[0] == 1
    await SqliteUpkeep(path, "me").sweep(START + 60_000, 1)
    assert (await reader.cache_size())[0] == 0


async def test_it_outlives_its_process_and_forgetting_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = await open_ledger(path, ManualClock())
    ledger.note(ResponseCached(PARIS, USUAL_RESPONSE_CACHE))
    await ledger.aclose()
    assert PARIS.text.encode() in bytes_below(tmp_path)
    again = await open_ledger(path, ManualClock())
    assert await SqliteUpkeep(path).forget_cached_responses() == 1
    assert PARIS.text.encode() not in bytes_below(tmp_path)
    assert await SqliteUpkeep(path).forget_cached_responses() == 0
    await again.aclose()


MARKER = "a sentence nobody else would write"


async def _keep_many(path: Path) -> None:
    """Keep 300 answers of several pages each in a new ledger that holds five."""
    ledger = await open_ledger(path, ManualClock())
    for place in range(300):
        answer = CachedResponse(f"k{place}", f"{place}: {MARKER}. " * 200, "gemma", START + place)
        ledger.note(ResponseCached(answer, replace(USUAL_RESPONSE_CACHE, answers=5)))
    await ledger.aclose()


async def test_answers_pushed_out_by_the_bounds_leave_no_text_on_free_pages(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    await _keep_many(path)
    with closing(open_for_writing(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    held = path.read_bytes()
    assert f"299: {MARKER}".encode() in held
    assert not [place for place in range(295) if f" {place}: {MARKER}".encode() in held]


@pytest.mark.parametrize("earlier", [True, False])
async def test_forgetting_cleans_the_free_pages_that_earlier_versions_left(
    tmp_path: Path, earlier: bool
) -> None:
    path = tmp_path / "ledger.db"
    await _keep_many(path)
    if earlier:
        with closing(open_for_writing(path)) as connection:
            connection.execute("PRAGMA secure_delete = OFF")
            connection.execute("DELETE FROM kept_answer WHERE key <> 'k299'")
            connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        assert f"296: {MARKER}".encode() in path.read_bytes()
    assert await SqliteUpkeep(path).forget_cached_responses() == (1 if earlier else 5)
    assert MARKER.encode() not in bytes_below(tmp_path)


async def test_forgetting_says_when_another_program_keeps_text_in_the_file(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "ledger.db"
    await _keep_many(path)
    monkeypatch.setattr(upkeep, "open_for_writing", lambda path: sqlite.open_for_writing(path, busy_s=0.05))
    with closing(open_for_reading(path)) as other, reading(other):
        other.execute("SELECT count(*) FROM kept_answer").fetchall()
        with pytest.raises(LedgerError, match="answers are removed, but another program holds"):
            await SqliteUpkeep(path).forget_cached_responses()
    assert await SqliteUpkeep(path).forget_cached_responses() == 0
    assert MARKER.encode() not in bytes_below(tmp_path)
