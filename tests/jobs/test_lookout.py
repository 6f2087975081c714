"""What the lookout tells a decision: speed, errors, limits left, budgets used, how good answers were."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC

from router.core.message import Message
from router.core.money import CostSource
from router.core.records.answers import CheckVerdict, Evidence
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.records.facts import AnswerJudged
from router.core.records.health import ExhaustedLimit, LearnedLimit, LimitKind, LimitSource
from router.core.records.usage import Usage
from router.core.request import Request
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.deployments import Limits, Work
from router.engine.clock import ManualClock
from router.jobs.lookout import Lookout
from router.ledger.memory import MemoryLedger
from tests.configs import small_config

ASK = Request((Message("user", "hello"),))
CLOCK = ManualClock()


async def call(ledger: MemoryLedger, name: str, ago_s: float, cost: int = 0, *, ok: bool = True) -> None:
    """Book one call at a deployment of the small configuration."""
    deployment = small_config().deployments[name]
    at = CLOCK.ms - round(ago_s * 1000)
    intent = Intent(
        request_id=f"{name} {at}",
        attempt=1,
        started_at=at,
        source="test",
        route="auto",
        tier=deployment.tier.name,
        deployment=name,
        provider=deployment.provider.name,
        model_requested=deployment.model,
        billing=deployment.billing.value,
        task="extract",
    )
    await ledger.admit(intent)
    status = EntryStatus.OK if ok else EntryStatus.FAILED
    end = Settlement(intent.request_id, 1, at, status, cost_nano_usd=cost, cost_source=CostSource.COMPUTED)
    ledger.settle(replace(end, budget_nano_usd=cost, ttft_ms=300))


async def test_speed_and_errors_are_those_of_the_last_minutes() -> None:
    ledger, lookout = MemoryLedger(), Lookout(small_config(), CLOCK, UTC)
    await call(ledger, "free", 30)
    await call(ledger, "free", 60, ok=False)
    await call(ledger, "free", 3600, ok=False)
    await lookout.look(ledger)
    stats = lookout.observe(ASK).stats["free"]
    assert (stats.attempts, stats.failures, stats.ttft_p50_ms) == (2, 1, 300)
    assert lookout.observe(ASK).requests_today == {"extract": 3}


async def test_a_day_s_limit_is_counted_over_the_provider_s_own_day() -> None:
    config = small_config()
    limits = Limits(rpd=4, reset_timezone="America/Los_Angeles")  # 04:00 there: its day is four hours old
    free = replace(config.deployments["free"], limits=limits)
    ledger, lookout = MemoryLedger(), Lookout(small_config(changes={"free": free}), CLOCK, UTC)
    await call(ledger, "free", 5 * 3600)
    await call(ledger, "free", 3 * 3600)
    await lookout.look(ledger)
    assert lookout.observe(ASK).left == {"free": 0.75}


async def test_what_is_left_is_that_of_the_tightest_limit() -> None:
    config = small_config()
    free = replace(config.deployments["free"], limits=Limits(rpm=10, rpd=4))
    ledger, lookout = MemoryLedger(), Lookout(small_config(changes={"free": free}), CLOCK, UTC)
    for ago_s in (5, 10, 3600):
        await call(ledger, "free", ago_s)
    await lookout.look(ledger)
    assert lookout.observe(ASK).left == {"free": 0.25}


async def test_pressure_is_the_fullest_budget_that_a_deployment_counts_against() -> None:
    budgets = (
        Budget(BudgetScope.ALL, None, BudgetWindow.DAY, 1_000),
        Budget(BudgetScope.DEPLOYMENT, "paid", BudgetWindow.DAY, 500),
        Budget(BudgetScope.TAG, "client=acme", BudgetWindow.DAY, 1),
    )
    ledger = MemoryLedger()
    lookout = Lookout(replace(small_config(), budgets=budgets), CLOCK, UTC)
    await call(ledger, "paid", 10, cost=400)
    await lookout.look(ledger)
    assert lookout.observe(ASK).pressure == {"free": 0.4, "local": 0.4, "paid": 0.8}


async def test_what_checks_said_counts_for_thirty_days() -> None:
    ledger, lookout = MemoryLedger(), Lookout(small_config(), CLOCK, UTC)
    day_s = 24 * 3600
    for name, ago_s in (("free", 60), ("paid", 29 * day_s), ("local", 31 * day_s)):
        await call(ledger, name, ago_s)
        request_id = f"{name} {CLOCK.ms - ago_s * 1000}"
        ledger.note(AnswerJudged(request_id, 1, (CheckVerdict("json", name == "paid", "judged"),)))
    await lookout.look(ledger)
    assert lookout.observe(ASK).evidence == {
        ("free", Work("extract")): Evidence(checks_failed=1),
        ("paid", Work("extract")): Evidence(checks_passed=1),
    }


def test_before_the_first_look_nothing_is_known() -> None:
    assert Lookout(small_config(), CLOCK, UTC).observe(ASK).stats == {}


async def test_a_limit_that_is_used_up_configured_or_learned_is_foreseen_with_its_end() -> None:
    config = small_config()
    free = replace(config.deployments["free"], limits=Limits(rpm=2))
    ledger, lookout = MemoryLedger(), Lookout(small_config(changes={"free": free}), CLOCK, UTC)
    ledger.note(LearnedLimit("paid", LimitKind.RPD, 1, LimitSource.HEADER, CLOCK.ms))
    await call(ledger, "free", 50)
    await lookout.look(ledger)
    assert lookout.observe(ASK).full == {}
    await call(ledger, "free", 10)
    await call(ledger, "paid", 10)
    await lookout.look(ledger)
    midnight = CLOCK.ms + 12 * 3_600_000
    assert lookout.observe(ASK).full == {
        "free": ExhaustedLimit("2 requests a minute", CLOCK.ms + 10_001),
        "paid": ExhaustedLimit("1 request a day", midnight),
    }


async def test_what_a_model_s_calls_have_shown_is_learned_from_all_its_deployments_once_a_minute() -> None:
    config = small_config()
    twin = replace(config.deployments["paid"], name="twin")
    clock, ledger = ManualClock(), MemoryLedger()
    lookout = Lookout(small_config(changes={"twin": twin}), clock, UTC)
    for n in range(20):
        deployment = "paid" if n % 2 else "twin"
        await counted(ledger, deployment, twin.model, f"r{n}")
    await lookout.look(ledger)
    known = lookout.observe(ASK).experience[twin.model]
    assert (known.calls, known.input_tokens(100)) == (20, 154)
    await counted(ledger, "paid", twin.model, "later")
    await lookout.look(ledger)
    assert lookout.observe(ASK).experience[twin.model].calls == 20
    clock.advance(61)
    await lookout.look(ledger)
    assert lookout.observe(ASK).experience[twin.model].calls == 21


async def counted(ledger: MemoryLedger, deployment: str, model: str, request_id: str) -> None:
    """Book one call whose input was half as much again as its text suggested."""
    intent = Intent(
        request_id,
        1,
        CLOCK.ms,
        "test",
        "auto",
        "T2",
        deployment,
        "p",
        model,
        "metered",
        plain_input_tokens=100,
    )
    await ledger.admit(intent)
    usage = Usage(input_tokens=150, output_tokens=10)
    ended = Settlement(request_id, 1, CLOCK.ms, EntryStatus.OK, usage=usage, usage_source="reported")
    ledger.settle(ended)
