"""The one table with text in it: found again, bounded, and gone when it is told to go."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from router.core.answers.keeping import USUAL, KeptAnswer
from router.engine.clock import ManualClock
from router.ledger import upkeep
from router.ledger.reader import SqliteSpendReader
from router.ledger.sqlite_ledger import SqliteLedger, open_ledger
from tests.ledger.samples import START, Book
from tests.test_commands import bytes_below

PARIS = KeptAnswer("k1", "Paris, a city that is unlike any other", "gemma", START)


async def test_an_answer_is_found_by_its_key_while_it_is_young_enough(book: Book) -> None:
    book.ledger.keep(PARIS, USUAL)
    await book.ledger.flush()
    assert await book.reader.kept("k1", START) == PARIS
    assert await book.reader.kept("k1", START + 1) is None
    assert await book.reader.kept("k2", 0) is None


async def test_a_newer_answer_to_the_same_takes_its_place_and_the_oldest_go_first(book: Book) -> None:
    for place, key in enumerate(("k1", "k2", "k1", "k3")):
        book.ledger.keep(KeptAnswer(key, str(place), "gemma", START + place), replace(USUAL, answers=2))
    await book.ledger.flush()
    found = [await book.reader.kept(key, 0) for key in ("k1", "k2", "k3")]
    assert [kept.text if kept else None for kept in found] == ["2", None, "3"]


async def test_text_over_the_bound_pushes_out_what_is_older_and_is_not_kept_alone(
    ledger: SqliteLedger, reader: SqliteSpendReader
) -> None:
    bounds, half = replace(USUAL, mib=1), "é" * (1 << 18)
    for place, text in enumerate((half, half, "small")):
        ledger.keep(KeptAnswer(f"k{place}", text, "gemma", START + place), bounds)
    await ledger.flush()
    assert await reader.kept_size() == (2, (1 << 19) + 5)
    assert await reader.kept("k0", 0) is None
    ledger.keep(KeptAnswer("large", half * 3, "gemma", START + 9), bounds)
    await ledger.flush()
    assert await reader.kept("large", 0) is None


async def test_what_has_come_of_age_is_removed_by_the_sweep(
    ledger: SqliteLedger, reader: SqliteSpendReader, path: Path
) -> None:
    ledger.keep(PARIS, replace(USUAL, age_s=60))
    await ledger.flush()
    upkeep.sweep_if_mine(path, START + 59_999, 1, "me")
    assert (await reader.kept_size())[0] == 1
    upkeep.sweep_if_mine(path, START + 60_000, 1, "me")
    assert (await reader.kept_size())[0] == 0


async def test_it_outlives_its_process_and_forgetting_leaves_no_trace_in_the_file(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    ledger = await open_ledger(path, ManualClock())
    ledger.keep(PARIS, USUAL)
    await ledger.aclose()
    assert PARIS.text.encode() in bytes_below(tmp_path)
    again = await open_ledger(path, ManualClock())
    assert upkeep.forget_answers(path) == 1
    assert PARIS.text.encode() not in bytes_below(tmp_path)
    assert upkeep.forget_answers(path) == 0
    await again.aclose()
