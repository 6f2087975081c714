"""An answer that costs more than was held for it: it gets more, or it is stopped, booked and told."""

from __future__ import annotations

from dataclasses import replace

from router.core.cost.settling import MOST_BYTES_PER_TOKEN
from router.core.message import Message
from router.core.money import CostSource
from router.core.records.diagnosis import FailureClass
from router.core.records.entries import EntryStatus
from router.core.request import Request
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.routes import Climb
from router.core.usage import Usage, UsageReading
from router.engine.events import Answer, TextArrived
from router.engine.virtual_time import run_virtual
from router.providers.scripted import Script
from tests.configs import small_config
from tests.engine.test_engine import Bench, answer_of

ASK = Request((Message("user", "Count to ten."),), name="paid", max_tokens=10)
PIECE = "x" * 60
LONG = Script((PIECE,) * 50)
"""3,000 bytes where 10 tokens were asked for: 500 tokens at least, 1,000,000 nano-dollars."""


def bench(script: Script, *budgets: Budget, climb: Climb | None = None) -> Bench:
    config = small_config(climb=climb) if climb else small_config()
    return Bench({"paid": [script], "free": [Script(())]}, replace(config, budgets=budgets))


def day(nano: int, *, hard: bool = True) -> Budget:
    return Budget(BudgetScope.ALL, None, BudgetWindow.DAY, nano, hard=hard)


def received(answer: Answer) -> int:
    return len(answer.text)


def test_an_answer_that_no_budget_has_more_for_is_stopped_booked_and_told() -> None:
    async def run() -> None:
        one = bench(LONG, day(200_000))
        events = await one.ask(ASK)
        answer = answer_of(events)
        assert answer.error is not None
        assert answer.error.over_budget
        assert "more than was held for it; budget `all spend, day` of $0.0002" in answer.error.message
        assert 0 < received(answer) < 3_000
        assert sum(isinstance(event, TextArrived) for event in events) < 50
        [row] = await one.rows()
        assert row.settlement is not None
        assert (row.status, row.settlement.failure_class) == (EntryStatus.TRUNCATED, FailureClass.CANCELLED)
        assert (row.settlement.cost_nano_usd, row.settlement.cost_source) == (None, CostSource.UNKNOWN)
        posted = row.settlement.budget_nano_usd or 0
        assert posted == row.settlement.settled_estimate_nano_usd
        # At the stop the answer had passed its hold by what came between two looks, and by no more.
        assert posted <= 200_000 + 2_000 * (256 + len(PIECE)) // MOST_BYTES_PER_TOKEN

    run_virtual(run())


def test_an_answer_that_a_budget_has_more_for_goes_on_and_is_held_at_more() -> None:
    async def run() -> None:
        one = bench(LONG, day(5_000_000))
        answer = answer_of(await one.ask(ASK))
        assert (answer.error, received(answer)) == (None, 3_000)
        [row] = await one.rows()
        assert (row.intent.held_nano_usd or 0) >= 900_000

    run_virtual(run())


def test_a_soft_budget_stops_nothing() -> None:
    async def run() -> None:
        one = bench(LONG, day(10, hard=False))
        assert answer_of(await one.ask(ASK)).error is None
        [row] = await one.rows()
        assert (row.intent.soft_held_nano_usd or 0) >= 900_000

    run_virtual(run())


def test_what_one_call_may_cost_stops_it_without_any_budget() -> None:
    async def run() -> None:
        one = bench(LONG)
        answer = answer_of(await one.ask(replace(ASK, max_cost_nano=300_000)))
        assert answer.error is not None
        assert answer.error.over_budget
        assert "this call may cost $0.0003 at most" in answer.error.message

    run_virtual(run())


def test_an_input_that_was_counted_above_its_bound_stops_it_too() -> None:
    async def run() -> None:
        told = UsageReading(Usage(input_tokens=10_000, output_tokens=1))
        one = bench(Script((PIECE,) * 9, usage=told, usage_first=True), day(200_000))
        answer = answer_of(await one.ask(ASK))
        assert answer.error is not None
        assert received(answer) == len(PIECE)
        [row] = await one.rows()
        assert row.settlement is not None
        assert row.settlement.usage.input_tokens == 10_000

    run_virtual(run())


def test_nothing_is_looked_at_where_nothing_limits_the_call() -> None:
    async def run() -> None:
        one = bench(LONG)
        assert answer_of(await one.ask(ASK)).error is None
        [row] = await one.rows()
        assert (row.intent.held_nano_usd or 0) < 100_000

    run_virtual(run())
