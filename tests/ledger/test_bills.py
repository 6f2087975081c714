from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from router.core.cost.reconcile import LAST_CALLS
from router.core.money import CostSource
from router.ledger.sqlite import history
from router.ledger.sqlite.attempts import SqliteLedger
from router.ledger.sqlite.reports import SqliteReports
from tests.ledger.samples import INTENT, SETTLEMENT, START, beside_it


async def book(
    ledger: SqliteLedger,
    n: int,
    *,
    deployment: str = "glm",
    reported: int | None = 110,
    computed: int | None = 100,
    rates: str = "{}",
) -> None:
    name = f"{deployment}-{n}"
    source = CostSource.COMPUTED if reported is None else CostSource.PROVIDER_REPORTED
    await ledger.admit(
        replace(INTENT, request_id=name, started_at=START + n, deployment=deployment, rates_json=rates)
    )
    ledger.settle(
        replace(
            SETTLEMENT,
            request_id=name,
            cost_nano_usd=reported or computed,
            cost_source=source,
            list_cost_nano_usd=computed,
        )
    )
    await ledger.flush()


async def test_reported_and_computed_are_read_for_each_deployment(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await book(ledger, 1)
    await book(ledger, 2, reported=120)
    await book(ledger, 3, reported=None)
    await book(ledger, 4, computed=None)
    await book(ledger, 5, computed=0)
    await book(ledger, 1, deployment="other", reported=7, computed=9)
    found = {one.deployment: one.bills for one in await reader.billed(START)}
    assert found == {"glm": ((120, 100), (110, 100)), "other": ((7, 9),)}
    assert await reader.billed(START + 6) == []


async def test_calls_at_an_earlier_price_and_older_ones_are_left_out(
    ledger: SqliteLedger, reader: SqliteReports
) -> None:
    await book(ledger, 0, rates='{"old": 1}')
    for n in range(1, LAST_CALLS + 3):
        await book(ledger, n, rates='{"new": 1}')
    [found] = await reader.billed(START)
    assert len(found.bills) == LAST_CALLS
    await book(ledger, 1000, rates='{"newest": 1}')
    [found] = await reader.billed(START)
    assert (found.bills, found.rates_json) == (((110, 100),), '{"newest": 1}')


async def test_a_large_ledger_is_not_read_through_for_it(path: Path, ledger: SqliteLedger) -> None:
    await ledger.flush()
    for query in (history._NEXT, history._NEWEST_BILLS):
        filled = query.replace("?", "''")
        plan = " ".join(str(row[-1]) for row in beside_it(path, f"EXPLAIN QUERY PLAN {filled}"))
        assert "SEARCH token_spend USING" in plan
        assert "token_spend_reported" in plan
