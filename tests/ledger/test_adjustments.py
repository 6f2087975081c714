"""Corrections: the newest one of an attempt is what budgets, sums and screens say; what was there is kept."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from router.core.money import CostSource
from router.core.records.admission import Cap, Used
from router.core.records.entries import EntryStatus
from router.core.records.history import Correction, Unbilled
from router.core.records.spend import Dimension, Spend
from router.core.records.usage import Usage
from router.ledger.sqlite.attempts import SqliteLedger
from router.ledger.sqlite.reports import SqliteReports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from tests.ledger.samples import ALL, INTENT, SETTLEMENT, START, beside_it, intent, settlement

TOLD = Correction(3_000, CostSource.PROVIDER_REPORTED, "it says so")
CUT = replace(
    SETTLEMENT,
    status=EntryStatus.TRUNCATED,
    usage=Usage(input_tokens=10),
    cost_nano_usd=None,
    cost_source=CostSource.UNKNOWN,
    budget_nano_usd=4_000,
    settled_estimate_nano_usd=4_000,
    provider_request_id="gen-1",
)
DAY = Cap("all spend, day", 10**9, 0, since_ms=0)
TAGGED = Cap("tag", 10**9, 0, since_ms=0, tag=("team", "a"))
TIER = Cap("tier", 10**9, 0, since_ms=0, column="tier", value="T2")


async def booked(ledger: SqliteLedger) -> None:
    await ledger.admit(replace(INTENT, tags=(("team", "a"),)))
    ledger.settle(CUT)
    await ledger.flush()


async def test_a_call_that_becomes_known_is_known_everywhere(
    ledger: SqliteLedger, reader: SqliteReports, path: Path
) -> None:
    await booked(ledger)
    caps = [DAY, TAGGED, TIER]
    assert await reader.budgets(caps) == [Used(4_000)] * 3
    assert await SqliteUpkeep(path).adjust(("r1", 1), TOLD, START + 5)
    assert await reader.budgets(caps) == [Used(3_000)] * 3
    known = Spend(3_000, 0, 1, 1, CUT.usage)
    assert await reader.totals([ALL]) == [known]
    for by in (Dimension.TIER, Dimension.TAG, Dimension.SESSION):
        assert [line.spend for line in await reader.groups(ALL, by)] == [known]
    [entry] = await reader.entries(ALL)
    assert entry.settlement == replace(
        CUT, cost_nano_usd=3_000, cost_source=CostSource.PROVIDER_REPORTED, budget_nano_usd=3_000
    )
    assert await reader.differences() == []


async def test_the_newest_correction_holds_and_each_keeps_what_it_found(
    ledger: SqliteLedger, reader: SqliteReports, path: Path
) -> None:
    await booked(ledger)
    for cost in (3_000, None, 2_000):
        source = CostSource.UNKNOWN if cost is None else CostSource.PROVIDER_REPORTED
        assert await SqliteUpkeep(path).adjust(("r1", 1), Correction(cost, source, "checked"), START)
        [spend] = await reader.totals([ALL])
        assert (spend.cost_nano_usd, spend.unknown_cost_attempts) == (cost or 0, int(cost is None))
        assert await reader.budgets([DAY]) == [Used(4_000 if cost is None else cost)]
    assert beside_it(path, "SELECT was_cost_nano_usd, was_cost_source FROM adjustment ORDER BY id") == [
        (None, "unknown"),
        (3_000, "provider_reported"),
        (None, "unknown"),
    ]


async def test_only_an_attempt_that_has_ended_is_corrected(ledger: SqliteLedger, path: Path) -> None:
    await ledger.admit(INTENT)
    assert not await SqliteUpkeep(path).adjust(("r1", 1), TOLD, START)
    assert not await SqliteUpkeep(path).adjust(("nobody", 1), TOLD, START)
    assert beside_it(path, "SELECT count(*) FROM adjustment") == [(0,)]


async def test_a_row_that_does_not_say_what_its_correction_says_is_found(
    ledger: SqliteLedger, reader: SqliteReports, path: Path
) -> None:
    await booked(ledger)
    await SqliteUpkeep(path).adjust(("r1", 1), TOLD, START)
    beside_it(path, "UPDATE token_spend SET cost_nano_usd = 1")
    assert (await reader.differences())[-1] == "attempt 1 of r1"


async def test_who_can_be_asked_about_what_is_metered_ended_unknown_and_has_a_name(
    ledger: SqliteLedger, path: Path
) -> None:
    await booked(ledger)
    others = {
        "known": (intent("known"), settlement("known")),
        "free": (replace(intent("free"), billing="free"), replace(CUT, request_id="free")),
        "nameless": (intent("nameless"), replace(CUT, request_id="nameless", provider_request_id=None)),
        "elsewhere": (replace(intent("elsewhere"), provider="x"), replace(CUT, request_id="elsewhere")),
        "old": (replace(intent("old"), started_at=START - 9), replace(CUT, request_id="old")),
    }
    for asked, end in others.values():
        await ledger.admit(asked)
        ledger.settle(end)
    await ledger.admit(intent("running"))
    await ledger.flush()
    found = await SqliteUpkeep(path).unbilled(["openrouter"], (START, START - 1), 1_000)
    assert found == [Unbilled(("r1", 1), "openrouter", "gen-1", CUT.settled_at)]
