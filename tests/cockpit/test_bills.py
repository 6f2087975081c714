"""A deployment that is billed at other rates than it is priced is named wherever figures are shown."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from router.core.money import CostSource
from router.core.records.usage import Usage
from tests.cockpit.booked import call, document, fill, shop_in
from tests.cockpit.scripted import cockpit, until
from tests.ledger.samples import INTENT, SETTLEMENT

TOLD = "sonnet (middle) is billed 1.25 times what its price says, in the median of 20 calls"


def book(path: Path, calls: int, reported: int) -> None:
    rows = []
    for n in range(calls):
        intent, settled = call(n, "chat", Usage(input_tokens=1_000, output_tokens=100), reported)
        source = CostSource.PROVIDER_REPORTED
        rows.append((intent, replace(settled, cost_source=source, list_cost_nano_usd=4_500_000)))
    fill(path, rows)


def test_it_is_told_by_spend_doctor_and_dashboard(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    book(shop.ledger, 20, 5_625_000)
    spent = shop.run("spend")
    assert TOLD in spent.stderr
    assert TOLD not in spent.stdout
    assert TOLD in shop.run("doctor").stdout
    [problem] = document(shop.run("--json"))["problems"]
    assert TOLD in problem


def test_bills_that_are_the_price_are_no_news(tmp_path: Path) -> None:
    shop = shop_in(tmp_path)
    book(shop.ledger, 20, 4_500_000)
    assert shop.run("spend").stderr == ""
    assert "bills of" not in shop.run("doctor").stdout
    assert document(shop.run("--json"))["problems"] == []


async def test_the_screen_says_where_to_look() -> None:
    world = cockpit()
    for n in range(20):
        intent = replace(INTENT, request_id=f"r{n}", deployment="deepseek", model_requested="deepseek-chat")
        intent = replace(intent, started_at=world.clock.now_ms())
        await world.ledger.admit(intent)
        billed = replace(SETTLEMENT, request_id=f"r{n}", cost_source=CostSource.PROVIDER_REPORTED)
        world.ledger.settle(replace(billed, cost_nano_usd=2, list_cost_nano_usd=1))
    async with world.app.run_test(size=(80, 24)) as pilot:
        assert "BILLS OFF (doctor)" in (await until(pilot, "BILLS OFF")).splitlines()[0]
