"""A subscription whose quota is used up: its overflow is paid where the route says so, and told apart."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.money import CostSource
from router.core.records.entries import EntryStatus
from router.core.records.history import ListValue
from router.core.request import Request
from router.core.routing.resolve import resolve
from router.core.settings.config import RouterConfig
from router.core.settings.providers import Billing
from router.core.settings.routes import Climb, Route
from router.core.usage import Usage, UsageReading
from router.engine.clock import ManualClock
from router.engine.virtual_time import run_virtual
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.reports import open_reports
from router.providers.scripted import Script
from tests.configs import T1, deployment, price, small_config
from tests.engine.test_engine import Bench, answer_of
from tests.ledger.samples import ALL, INTENT, SETTLEMENT

ASK = Request((Message("user", "Why?"),), name="coding")
QUOTA = Script(failure=Exchange("x", status=429, headers={"retry-after": "18000"}))
COUNTED = UsageReading(Usage(input_tokens=1_000, output_tokens=500))
ANSWER = Script(("Because.",), usage=COUNTED)


def config(climb: Climb, *names: str) -> RouterConfig:
    plan = replace(deployment("plan", T1, Billing.SUBSCRIPTION), price=price("3", "15"))
    made = small_config(changes={"plan": plan})
    return replace(made, routes={"coding": Route("coding", names, climb=climb)})


@pytest.mark.parametrize(
    ("names", "climb", "missing"),
    [
        (("plan", "paid"), Climb(), "subscription_to_metered"),
        (("plan", "paid"), Climb(free_to_paid=True), "subscription_to_metered"),
        (("plan", "paid"), Climb(subscription_to_metered=True), None),
        (("free", "plan", "paid"), Climb(subscription_to_metered=True), "free_to_paid"),
        (("free", "plan", "paid"), Climb(free_to_paid=True, subscription_to_metered=True), None),
        (("free", "paid"), Climb(subscription_to_metered=True), "free_to_paid"),
    ],
)
def test_a_paid_call_needs_a_word_for_each_kind_it_climbs_from(
    names: tuple[str, ...], climb: Climb, missing: str | None
) -> None:
    async def run() -> None:
        bench = Bench({}, config(climb, *names))
        paid = next(c for c in bench.engine.plan(ASK).candidates if c.deployment == "paid")
        assert paid.eligible is (missing is None)
        assert missing is None or f"does not declare climb: {missing}" in paid.reason

    run_virtual(run())


def test_who_names_the_metered_deployment_itself_has_said_so() -> None:
    found = resolve(config(Climb(), "plan", "paid"), "paid")
    assert isinstance(found, Route)
    assert found.climb.undeclared([Billing.SUBSCRIPTION, Billing.FREE]) is None


def test_the_overflow_of_a_used_up_quota_is_paid_where_that_is_declared() -> None:
    async def run() -> None:
        declared = Climb(subscription_to_metered=True)
        bench = Bench({"plan": [QUOTA], "paid": [ANSWER]}, config(declared, "plan", "paid"))
        answer = answer_of(await bench.ask(ASK))
        assert (answer.error, bench.called) == (None, ["plan", "paid"])
        refused, paid = await bench.rows()
        assert refused.status is EntryStatus.FAILED
        assert refused.settlement is not None
        assert refused.settlement.cost_nano_usd == 0
        assert paid.settlement is not None
        assert paid.settlement.cost_nano_usd == 1_000 * 1_000 + 500 * 2_000

    run_virtual(run())


def test_undeclared_it_fails_rather_than_spend() -> None:
    async def run() -> None:
        bench = Bench({"plan": [QUOTA], "paid": [ANSWER]}, config(Climb(), "plan", "paid"))
        answer = answer_of(await bench.ask(ASK))
        assert answer.error is not None
        assert bench.called == ["plan"]

    run_virtual(run())


def test_a_subscription_s_call_costs_nothing_and_its_list_value_stands_beside() -> None:
    async def run() -> None:
        bench = Bench({"plan": [ANSWER]}, config(Climb(), "plan", "paid"))
        answer = answer_of(await bench.ask(ASK))
        assert (answer.cost_nano_usd, answer.cost_source) == (0, CostSource.SUBSCRIPTION)
        [row] = await bench.rows()
        assert row.settlement is not None
        assert row.settlement.list_cost_nano_usd == 1_000 * 3_000 + 500 * 15_000
        assert row.settlement.budget_nano_usd == 0

    run_virtual(run())


async def test_what_subscriptions_were_worth_is_summed_apart_from_spend(tmp_path: Path) -> None:
    ledger = await open_ledger(tmp_path / "ledger.db", ManualClock())
    plan = replace(SETTLEMENT, cost_nano_usd=0, budget_nano_usd=0, cost_source=CostSource.SUBSCRIPTION)
    for name, end in (
        ("priced", replace(plan, list_cost_nano_usd=700)),
        ("again", replace(plan, list_cost_nano_usd=300)),
        ("unpriced", plan),
        ("paid", replace(SETTLEMENT, list_cost_nano_usd=5_000)),
    ):
        await ledger.admit(replace(INTENT, request_id=name))
        ledger.settle(replace(end, request_id=name))
    await ledger.aclose()
    reader = await open_reports(tmp_path / "ledger.db")
    assert await reader.subscribed(ALL) == ListValue(3, 1_000, 1)
    [spend] = await reader.totals([ALL])
    assert spend.cost_nano_usd == SETTLEMENT.cost_nano_usd
    await reader.aclose()
