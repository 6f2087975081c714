"""What stress tests found is kept whole, on the file and in memory."""

from __future__ import annotations

from dataclasses import replace

from router.core.records.stress import Load, LoadPattern
from tests.core.stress.samples import START, result
from tests.ledger.samples import Book


async def test_a_result_is_read_back_whole(book: Book) -> None:
    kept = replace(
        result("ooXt", load=Load(LoadPattern.RAMP, 40, 7.5)),
        stopped="stopped at the first 429",
        cost_nano=None,
    )
    undecided = result("ooS", name="other", at_ms=START - 1)
    book.ledger.note(kept)
    book.ledger.note(undecided)
    await book.ledger.flush()
    assert await book.reader.stress_results(10) == [kept, undecided]
    assert await book.reader.stress_results(10, "other") == [undecided]
    assert await book.reader.stress_results(1) == [kept]
    assert await book.reader.stress_results(0) == []


async def test_what_a_provider_said_is_kept_even_where_it_is_no_text(book: Book) -> None:
    odd = result("ggg")
    assert odd.verdict
    spoilt = replace(odd, evidence="half a pair \ud83d", verdict=replace(odd.verdict, evidence="\ud83d"))
    book.ledger.note(spoilt)
    await book.ledger.flush()
    assert len(await book.reader.stress_results(10)) == 1
