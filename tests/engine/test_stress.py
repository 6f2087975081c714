"""Stress tests over scripted backends, in virtual time: verdicts, rhythm, money, what stays as it was."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.money import CostSource
from router.core.records.entries import EntryStatus
from router.core.records.health import LimitKind, LimitSource
from router.core.records.stress import Cause, Load, LoadPattern, StressResult
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Limits
from router.core.settings.providers import Billing, Wire
from router.core.settings.secret import Secret
from router.core.stress.plan import StressPlan, stress_plan, usual_targets
from router.core.usage import Usage, UsageReading
from router.engine.chance import SeededChance
from router.engine.clock import SystemClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import RequestEnded
from router.engine.stress_events import StressEvent, TargetWaiting
from router.engine.virtual_time import run_virtual
from router.errors import LedgerError
from router.ledger.sqlite.attempts import open_ledger
from router.providers.scripted import Script, ScriptedUpstream
from tests.configs import T0, deployment, small_config
from tests.engine.test_engine import ASK, COUNTED, Bench, answer_of

SMALL = UsageReading(Usage(input_tokens=9, output_tokens=1))
OK = Script(head_s=1, usage=SMALL)
LATE = Script(failure=Exchange("x", fault=Fault.READ_TIMEOUT_AFTER_SENT), head_s=20)
GONE = Script(failure=Exchange("x", status=404, error={"message": "no such model"}))
FULL = Script(failure=Exchange("x", status=429, headers={"retry-after": "30"}))
BROKEN = Script(failure=Exchange("x", status=500))
CUT = Script(("Par",), failure=Exchange("x", status=200, end=StreamEnd.RESET))
FIVE: Mapping[str, Sequence[Script]] = {
    "healthy": [OK],
    "hangs": [LATE, LATE, OK, LATE, LATE, OK],
    "vanished": [GONE],
    "limited": [OK] * 4 + [FULL],
    "flapping": [OK, BROKEN, OK, CUT, OK, BROKEN],
}
CONFIG = small_config(changes={name: deployment(name, T0, Billing.FREE) for name in FIVE})


def planned(
    config: RouterConfig, *names: str, load: Load | None = None, budget: int | None = None
) -> StressPlan:
    return stress_plan([config.deployments[name] for name in names], load or Load(), budget)


def verdict(result: StressResult) -> tuple[str, Cause] | None:
    return (result.verdict.word, result.verdict.cause) if result.verdict else None


async def ran(bench: Bench, plan: StressPlan) -> tuple[dict[str, StressResult], list[StressEvent]]:
    """Run a plan to its end."""
    test = bench.engine.stress(plan)
    events = [event async for event in test.events()]
    return {result.deployment: result for result in test.results}, events


def test_five_backends_get_their_verdicts_and_the_test_takes_the_time_of_the_slowest() -> None:
    async def run() -> None:
        bench = Bench(FIVE, CONFIG)
        began = asyncio.get_running_loop().time()
        results, _ = await ran(bench, planned(CONFIG, *FIVE))
        took = asyncio.get_running_loop().time() - began
        assert {name: verdict(result) for name, result in results.items()} == {
            "healthy": ("keep", Cause.HEALTHY),
            "hangs": ("drop", Cause.CONGESTED),
            "vanished": ("drop", Cause.GONE),
            "limited": ("drop", Cause.RATE_LIMITED),
            "flapping": ("drop", Cause.FLAKY),
        }
        assert {name: result.letters for name, result in results.items()} == {
            "healthy": "oooooo",
            "hangs": "ttotto",
            "vanished": "!!!S",
            "limited": "ooooXX",
            "flapping": "o!o!o!",
        }
        assert took == pytest.approx(4 * 20 + 2 * 1)

    run_virtual(run())


def test_live_routing_learns_no_rest_from_a_test_and_a_rest_keeps_no_test_away() -> None:
    async def run() -> None:
        bench = Bench({**FIVE, "free": [Script(failure=Exchange("x", status=401, error="x")), OK]}, CONFIG)
        await bench.ask(replace(ASK, name="free"))
        before = dict(await bench.ledger.health())
        assert before
        results, _ = await ran(bench, planned(CONFIG, *FIVE, "free"))
        assert results["free"].verdict
        assert results["free"].verdict.keep
        assert dict(await bench.ledger.health()) == before

    run_virtual(run())


def test_every_request_is_a_settled_row_of_its_own_and_the_history_names_them() -> None:
    async def run() -> None:
        bench = Bench(FIVE, CONFIG)
        await ran(bench, planned(CONFIG, *FIVE))
        rows = await bench.rows()
        assert len(rows) == 6 + 6 + 3 + 6 + 6
        assert {(row.intent.source, row.intent.route == row.intent.deployment) for row in rows} == {
            ("stress", True)
        }
        assert EntryStatus.OPEN not in {row.status for row in rows}
        assert {row.settlement.cost_source for row in rows if row.settlement} == {CostSource.FREE}
        kept = await bench.ledger.stress_results(10)
        assert len(kept) == 5
        assert {one for result in kept for one in result.request_ids} == {r.intent.request_id for r in rows}

    run_virtual(run())


def test_closing_stops_every_request_at_once_and_keeps_what_was_found() -> None:
    async def run() -> None:
        bench = Bench(FIVE, CONFIG)
        test = bench.engine.stress(planned(CONFIG, *FIVE))

        async def follow() -> None:
            async with aclosing(test.events()) as events:
                async for _ in events:
                    pass

        task = asyncio.create_task(follow())
        await asyncio.sleep(2.5)
        task.cancel()
        began = asyncio.get_running_loop().time()
        await asyncio.gather(task, return_exceptions=True)
        assert asyncio.get_running_loop().time() == began
        found = {result.deployment: (result.letters, result.verdict) for result in test.results}
        assert found["healthy"] == ("ooS", None)
        assert found["hangs"] == ("S", None)
        assert found["vanished"][0] == "!!!S"
        stopped = [row.status for row in await bench.rows() if row.intent.deployment == "hangs"]
        assert stopped == [EntryStatus.CANCELLED]
        assert len(await bench.ledger.stress_results(10)) == 5

    run_virtual(run())


def test_a_learned_limit_keeps_the_engine_below_it_and_why_says_so() -> None:
    async def run() -> None:
        config = small_config()
        bench = Bench({"free": [Script()] * 9 + [FULL, Script()], "local": [Script()]}, config)
        await ran(bench, planned(config, "free", load=Load(requests=10)))
        [limit] = await bench.ledger.limits()
        assert (limit.kind, limit.value, limit.source) == (LimitKind.RPM, 9, LimitSource.STRESS)
        await asyncio.sleep(61)
        plain = replace(ASK, session=None)
        answers = [answer_of(await bench.ask(plain)) for _ in range(9)]
        served = [answer.attempts[-1].deployment for answer in answers]
        assert served == ["free"] * 7 + ["local"] * 2
        assert "its limit of 7 requests a minute (a stress test met 9) is used up" in answers[-1].why

    run_virtual(run())


def test_a_test_that_follows_paces_itself_below_the_limit() -> None:
    async def run() -> None:
        free = replace(small_config().deployments["free"], limits=Limits(rpm=3))
        config = small_config(changes={"free": free})
        bench = Bench({"free": [Script()]}, config)
        results, events = await ran(bench, planned(config, "free"))
        assert results["free"].letters == "oooooo"
        [wait] = [e for e in events if isinstance(e, TargetWaiting)]
        assert "its limit of 3 requests a minute" in wait.what

    run_virtual(run())


def test_a_ramp_goes_past_a_configured_rate_up_to_the_first_429() -> None:
    async def run() -> None:
        free = replace(small_config().deployments["free"], limits=Limits(rpm=2))
        config = small_config(changes={"free": free})
        bench = Bench({"free": [OK] * 8 + [FULL]}, config)
        results, _ = await ran(bench, planned(config, "free", load=Load(LoadPattern.RAMP, 40)))
        found = results["free"]
        assert (found.letters, found.stopped) == ("ooooooooXS", "stopped at the first 429")
        assert verdict(found) == ("keep", Cause.RATE_LIMITED)
        starts = [row.intent.started_at for row in await bench.rows()]
        gaps = [later - earlier for earlier, later in pairwise(starts)]
        assert gaps == [60_000 // n for n in range(1, 8)] + [7_500]
        assert found.learned_rpm == sum(starts[-1] - 60_000 < at for at in starts[:-1])

    run_virtual(run())


def test_a_day_s_allowance_is_passed_by_no_test() -> None:
    async def run() -> None:
        free = replace(small_config().deployments["free"], limits=Limits(rpd=2))
        config = small_config(changes={"free": free})
        bench = Bench({"free": [Script()]}, config)
        results, _ = await ran(bench, planned(config, "free", load=Load(LoadPattern.BURST, 4)))
        assert len(bench.called) == 2
        assert "its limit of 2 requests a day is used up" in (results["free"].stopped or "")

    run_virtual(run())


def test_a_burst_is_all_at_once() -> None:
    async def run() -> None:
        config = small_config()
        bench = Bench({"free": [OK, OK, OK, FULL]}, config)
        results, _ = await ran(bench, planned(config, "free", load=Load(LoadPattern.BURST, 5)))
        assert len({row.intent.started_at for row in await bench.rows()}) == 1
        assert sorted(results["free"].letters) == sorted("oooXX")
        assert await bench.ledger.limits() == []

    run_virtual(run())


@pytest.mark.parametrize(("budget", "sent"), [(0, 0), (1, 0), (None, 3)])
def test_nothing_that_could_cost_is_sent_beyond_the_stated_budget(budget: int | None, sent: int) -> None:
    async def run() -> None:
        config = small_config()
        bench = Bench({"paid": [Script(usage=SMALL)]}, config)
        results, _ = await ran(bench, planned(config, "paid", load=Load(requests=3), budget=budget))
        assert len(bench.called) == sent
        if not sent:
            assert results["paid"].stopped == "the stated budget leaves no more"

    run_virtual(run())


def test_a_spend_that_passes_the_budget_stops_every_target() -> None:
    """An upstream that bills more than its bound: COUNTED is 500 tokens of answer where 256 were asked."""

    async def run() -> None:
        config = small_config()
        bench = Bench({"paid": [Script(usage=COUNTED)], "free": [OK]}, config)
        plan = planned(config, "paid", "free")
        bound = plan.targets[0].each.bound_nano or 0
        results, _ = await ran(bench, replace(plan, budget_nano=bound))
        assert bench.called.count("paid") == 1
        assert bench.called.count("free") <= 2
        assert results["free"].stopped == "the stated budget leaves no more"

    run_virtual(run())


def test_an_answer_that_costs_more_than_a_request_may_is_stopped_in_the_middle() -> None:
    """A provider that ignores max_tokens: 400 pieces, where the bound has room for a few."""

    async def run() -> None:
        config = small_config()
        bench = Bench({"paid": [Script(("x" * 60,) * 400)]}, config)
        plan = planned(config, "paid", load=Load(requests=1))
        await ran(bench, plan)
        [row] = await bench.rows()
        assert row.settlement is not None
        bound = plan.targets[0].each.bound_nano or 0
        assert row.settlement.status is EntryStatus.TRUNCATED
        assert bound <= (row.settlement.budget_nano_usd or 0) < 1.2 * bound

    run_virtual(run())


async def test_a_paid_test_trips_no_guard_and_pauses_no_live_call(tmp_path: Path) -> None:
    """36 times the same paid prompt within a second, where the guard pauses a caller after 30."""
    clock, base = SystemClock(), small_config().deployments["paid"]
    config = small_config(changes={f"paid{n}": replace(base, name=f"paid{n}") for n in range(6)})
    upstream = ScriptedUpstream({name: [Script(usage=SMALL)] for name in config.deployments})
    ledger = await open_ledger(tmp_path / "ledger.db", clock)
    engine = Engine(config, Dependencies({Wire.OPENAI: upstream}, ledger, clock, SeededChance(), Secret("k")))
    test = engine.stress(planned(config, *(f"paid{n}" for n in range(6))))
    async for _ in test.events():
        pass
    asked = [event async for event in engine.stream(replace(ASK, name="paid", session=None))]
    await ledger.aclose()
    assert {result.letters for result in test.results} == {"oooooo"}
    assert isinstance(asked[-1], RequestEnded)
    assert asked[-1].answer.error is None


def test_a_burst_at_a_local_model_waits_until_the_first_has_loaded_it() -> None:
    async def run() -> None:
        config = small_config()
        bench = Bench({"local": [Script(head_s=40, usage=SMALL), OK, OK, OK]}, config)
        results, _ = await ran(bench, planned(config, "local", load=Load(LoadPattern.BURST, requests=4)))
        assert results["local"].letters == "oooo"
        calls = [call.deployment.timeouts.total_s for call in bench.upstream.calls]
        assert calls == [600, 20, 20, 20]

    run_virtual(run())


def test_what_embeds_is_tried_by_no_test() -> None:
    config = small_config()
    everyone = [replace(each, embeds=each.name == "free") for each in config.deployments.values()]
    assert "free" not in {each.name for each in usual_targets(everyone)}


def test_a_local_model_has_time_to_load_and_then_the_time_of_all_others() -> None:
    async def run() -> None:
        config = small_config()
        bench = Bench({"local": [OK], "free": [OK]}, config)
        await ran(bench, planned(config, "local", "free", load=Load(requests=2)))
        given = [(c.deployment.name, c.deployment.timeouts.total_s) for c in bench.upstream.calls]
        assert sorted(given) == [("free", 20), ("free", 20), ("local", 20), ("local", 600)]

    run_virtual(run())


def test_a_ledger_that_takes_no_row_ends_the_test_and_nothing_is_sent() -> None:
    async def run() -> None:
        bench = Bench(FIVE, CONFIG)
        bench.ledger.refusal = LedgerError("the disk is full")
        with pytest.raises(LedgerError, match="the disk is full"):
            await ran(bench, planned(CONFIG, *FIVE))
        assert bench.called == []

    run_virtual(run())
