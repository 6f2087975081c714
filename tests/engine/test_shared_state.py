"""Several engines on one ledger, in virtual time: who rests, who probes, who waits, and what nobody does."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.records.entries import Entry
from router.core.records.health import Health, LearnedLimit, LimitKind, LimitSource
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, Limits
from router.core.settings.policy import Policy
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.engine.chance import SeededChance
from router.engine.clock import LoopClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import AttemptWaiting
from router.engine.shared_state import MOST_WAITING
from router.engine.virtual_time import run_virtual
from router.providers.scripted import Script
from tests.configs import small_config
from tests.engine.test_engine import ASK, LIMITED, REFUSED, Bench, answer_of

PLAIN = replace(ASK, session=None)
FREE = replace(PLAIN, name="free")
BUSY = Script(failure=Exchange("x", status=503))


class Twin(Bench):
    """Another process: the same ledger, the same servers, a memory of its own."""

    def __init__(self, first: Bench, seed: int = 1) -> None:
        self.config, self.upstream, self.ledger = first.config, first.upstream, first.ledger
        deps = Dependencies(
            {Wire.OPENAI: self.upstream}, self.ledger, LoopClock(), SeededChance(seed), Secret("k")
        )
        self.engine = Engine(self.config, deps)

    async def refreshed(self) -> Twin:
        """Read what is in the ledger, as a process does when it starts and once a second."""
        ledger = self.ledger
        self.engine.refresh(await ledger.health(), await ledger.limits(), await ledger.told_full())
        return self


def limited(limits: Limits, policy: Policy | None = None) -> RouterConfig:
    """A configuration whose free deployment has limits."""
    free = small_config().deployments["free"]
    return small_config(changes={"free": replace(free, limits=limits)}, policy=policy)


def state_of(bench: Bench, name: str = "free") -> tuple[Health, Deployment]:
    [state] = [state for state in bench.engine.deployments() if state.deployment.name == name]
    return state.health, state.deployment


# Health


def test_a_rest_that_another_process_noted_is_kept_here_although_nobody_told_us() -> None:
    async def run() -> None:
        one = Bench({"free": [LIMITED, Script()], "local": [Script()]})
        other = Twin(one)
        await one.ask(PLAIN)
        for _ in range(13):
            await asyncio.sleep(0.5)
            answer = answer_of(await other.ask(PLAIN))
            assert [attempt.deployment for attempt in answer.attempts] == ["local"]
        assert one.called == ["free", *["local"] * 14]
        await asyncio.sleep(0.6)
        await other.ask(PLAIN)
        assert one.called[-1] == "free"

    run_virtual(run())


@pytest.mark.parametrize(("own_s", "rest_s"), [(None, 120), (400.0, 400)])
def test_repeated_failures_rest_a_deployment_as_long_as_it_says_itself(
    own_s: float | None, rest_s: int
) -> None:
    async def run() -> None:
        policy = Policy(allowed_fails=1, cooldown_s=120, max_attempts=1)
        free = replace(small_config().deployments["free"], cooldown_s=own_s)
        bench = Bench({"free": [BUSY]}, small_config(policy=policy, changes={"free": free}))
        await bench.ask(FREE)
        until_ms = bench.engine.deployments()[0].until_ms
        assert until_ms is not None
        assert rest_s <= (until_ms - LoopClock().now_ms()) / 1000 <= rest_s * 1.25

    run_virtual(run())


def test_a_restart_forgets_no_rest_and_shows_it_before_the_first_call() -> None:
    async def run() -> None:
        first = Bench({"free": [LIMITED], "local": [Script()]})
        await first.ask(PLAIN)
        again = Twin(first)
        assert state_of(again)[0] is Health.AVAILABLE
        await again.refreshed()
        assert state_of(again)[0] is Health.COOLING
        [free] = [c for c in again.engine.plan(ASK).candidates if c.deployment == "free"]
        assert "cooling for 7 s more" in free.reason

    run_virtual(run())


def test_twenty_callers_in_two_processes_make_one_probe() -> None:
    async def run() -> None:
        one = Bench({"free": [LIMITED, Script(head_s=3)], "local": [Script()]})
        other = Twin(one)
        await one.ask(PLAIN)
        await asyncio.sleep(7)
        await asyncio.gather(*(bench.ask(PLAIN) for bench in (one, other) for _ in range(10)))
        assert one.called.count("free") == 2  # the one that was refused, and the probe
        await (await other.refreshed()).ask(PLAIN)
        assert one.called[-1] == "free"

    run_virtual(run())


def test_the_first_content_of_a_probe_lets_the_others_in_before_its_end() -> None:
    async def run() -> None:
        one = Bench({"free": [LIMITED, Script(("a", "b"), piece_s=5)], "local": [Script()]})
        await one.ask(PLAIN)
        await asyncio.sleep(7)
        probe = asyncio.create_task(one.ask(PLAIN))
        await asyncio.sleep(4.9)
        await one.ask(PLAIN)
        assert one.called[-1] == "local"
        await asyncio.sleep(0.2)
        second = asyncio.create_task(one.ask(PLAIN))
        await asyncio.sleep(0.1)
        assert one.called[-1] == "free"
        await asyncio.gather(probe, second)

    run_virtual(run())


def test_what_is_cleared_elsewhere_is_asked_again() -> None:
    async def run() -> None:
        one = Bench({"free": [LIMITED, Script()], "local": [Script()]})
        await one.ask(PLAIN)
        other = await Twin(one).refreshed()
        await other.ledger.upkeep.clear_cooldowns(other.engine.scope_keys("T0"))
        await other.refreshed()
        await other.ask(PLAIN)
        assert one.called == ["free", "local", "free"]

    run_virtual(run())


def test_a_probe_that_nobody_ever_ends_gives_its_slot_back_by_itself() -> None:
    async def run() -> None:
        one = Bench({"free": [LIMITED, Script(head_s=10_000), Script()], "local": [Script()]})
        other = Twin(one)
        await one.ask(PLAIN)
        await asyncio.sleep(7)
        stuck = asyncio.create_task(one.ask(PLAIN))
        await asyncio.sleep(64)
        await other.ask(PLAIN)
        assert one.called[-1] == "local"
        await asyncio.sleep(2)
        await other.ask(PLAIN)
        assert one.called[-1] == "free"
        stuck.cancel()

    run_virtual(run())


# Limits


def test_nine_requests_a_minute_are_never_ten_in_any_minute_over_two_processes() -> None:
    async def run() -> list[float]:
        one = Bench({"free": [Script()], "local": [Script()]}, limited(Limits(rpm=9)))
        other, now = Twin(one), asyncio.get_running_loop().time
        starts = []
        for n in range(150):
            before = len(one.upstream.calls)
            await (one, other)[n % 2].ask(PLAIN)
            starts += [now() for call in one.upstream.calls[before:] if call.deployment.name == "free"]
            await asyncio.sleep(1.3)
        return starts

    starts = run_virtual(run())
    assert len(starts) >= 9 * 3
    assert max(sum(start <= other <= start + 60 for other in starts) for start in starts) == 9


def test_what_does_not_fit_a_limit_goes_to_another_that_is_free_and_leaves_no_row() -> None:
    async def run() -> None:
        one = Bench({"free": [Script(head_s=9)], "local": [Script()]}, limited(Limits(parallel=1)))
        first = asyncio.create_task(one.ask(PLAIN))
        await asyncio.sleep(1)
        answer = answer_of(await one.ask(PLAIN))
        assert [attempt.deployment for attempt in answer.attempts] == ["local"]
        await first
        assert [row.intent.deployment for row in await one.rows()] == ["free", "local"]

    run_virtual(run())


def test_waiting_a_little_beats_paying() -> None:
    async def run() -> None:
        one = Bench(
            {"free": [Script(head_s=3)], "local": [REFUSED], "paid": [Script()]}, limited(Limits(parallel=1))
        )
        first = asyncio.create_task(one.ask(PLAIN))
        await asyncio.sleep(1)
        events = await one.ask(PLAIN)
        assert [a.deployment for a in answer_of(events).attempts] == ["local", "free"]
        assert any(isinstance(event, AttemptWaiting) and "1 call at once" in event.what for event in events)
        await first

    run_virtual(run())


def test_waiting_long_does_not_and_the_caller_pays() -> None:
    async def run() -> None:
        one = Bench(
            {"free": [Script(head_s=30)], "local": [REFUSED], "paid": [Script()]},
            limited(Limits(parallel=1)),
        )
        first = asyncio.create_task(one.ask(PLAIN))
        await asyncio.sleep(1)
        began = asyncio.get_running_loop().time()
        assert answer_of(await one.ask(PLAIN)).attempts[-1].deployment == "paid"
        assert asyncio.get_running_loop().time() - began <= Policy().queue_s
        await first

    run_virtual(run())


def test_one_deployment_alone_is_queued_for_in_turn() -> None:
    async def run() -> None:
        one = Bench({"free": [Script(head_s=1)]}, limited(Limits(parallel=1)))
        answers = await asyncio.gather(*(one.ask(FREE) for _ in range(4)))
        assert [answer_of(events).error for events in answers] == [None] * 4
        assert most_at_once(await one.rows()) == 1

    run_virtual(run())


def test_a_queue_is_bounded_and_who_finds_it_full_is_told_at_once_when_to_come_back() -> None:
    async def run() -> None:
        one = Bench({"free": [Script(head_s=100)]}, limited(Limits(parallel=1)))
        first = asyncio.create_task(one.ask(FREE))
        await asyncio.sleep(1)
        waiting = [asyncio.create_task(one.ask(FREE)) for _ in range(MOST_WAITING)]
        await asyncio.sleep(0.1)
        began = asyncio.get_running_loop().time()
        answer = answer_of(await one.ask(FREE))
        assert asyncio.get_running_loop().time() == began
        assert answer.error
        assert answer.error.retry_after_s
        assert not answer.error.over_budget
        assert answer.attempts == ()
        await asyncio.gather(first, *waiting)

    run_virtual(run())


def test_a_caller_that_leaves_the_queue_leaves_nothing_behind() -> None:
    async def run() -> None:
        one = Bench({"free": [Script(head_s=100)]}, limited(Limits(parallel=1)))
        first = asyncio.create_task(one.ask(FREE))
        await asyncio.sleep(1)
        waiting = asyncio.create_task(one.ask(FREE))
        await asyncio.sleep(1)
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert len(await one.rows()) == 1
        await first

    run_virtual(run())


def test_a_prompt_larger_than_a_minute_s_tokens_goes_elsewhere_and_says_why() -> None:
    async def run() -> None:
        one = Bench({"free": [Script()]}, limited(Limits(tpm=100)))
        answer = answer_of(await one.ask(replace(FREE, messages=(Message("user", "word " * 200),))))
        assert one.called == []
        assert answer.error
        assert "100 tokens a minute" in answer.error.message

    run_virtual(run())


def test_limits_that_an_answer_tells_hold_from_then_on_in_every_process() -> None:
    async def run() -> None:
        told = Exchange("x", status=200, finish_reason="stop", headers={"x-ratelimit-limit-requests": "2"})
        one = Bench({"free": [Script(failure=told)], "local": [Script()]})
        other = Twin(one)
        await one.ask(PLAIN)
        [limit] = await one.ledger.limits()
        assert (limit.deployment, limit.kind, limit.value) == ("free", LimitKind.RPM, 2)
        assert (await other.refreshed()).engine.deployments()[0].deployment.limits == Limits(rpm=2)
        for _ in range(3):
            await other.ask(PLAIN)
        assert one.called == ["free", "free", "local", "local"]

    run_virtual(run())


@pytest.mark.parametrize(
    "told",
    [
        (
            400,
            {
                "message": "This model's maximum context length is 120 tokens",
                "code": "context_length_exceeded",
            },
        ),
        (413, {"message": "Request too large on tokens per minute (TPM): Limit 120, Requested 300"}),
    ],
)
def test_what_a_refusal_says_of_a_size_is_remembered_by_every_process(told: tuple[int, object]) -> None:
    status, error = told

    async def run() -> None:
        small = Exchange("x", status=status, error={"error": error})
        one = Bench({"free": [Script(failure=small), Script()], "local": [Script()]})
        long = replace(PLAIN, messages=(Message("user", "word " * 200),))
        assert answer_of(await one.ask(long)).attempts[-1].deployment == "local"
        other = await Twin(one).refreshed()
        assert answer_of(await other.ask(long)).attempts[-1].deployment == "local"
        assert one.called == ["free", "local", "local"]
        assert answer_of(await other.ask(replace(PLAIN, max_tokens=8))).attempts[-1].deployment == "free"

    run_virtual(run())


def test_a_limit_that_is_confirmed_again_and_again_is_written_once() -> None:
    async def run() -> None:
        told = Exchange("x", status=200, finish_reason="stop", headers={"x-ratelimit-limit-requests": "99"})
        one = Bench({"free": [Script(failure=told)]})
        await one.ask(PLAIN)
        [first] = await one.ledger.limits()
        await asyncio.sleep(60)
        await one.ask(PLAIN)
        assert await one.ledger.limits() == [first]

    run_virtual(run())


def test_a_learned_limit_is_not_wider_than_a_configured_one() -> None:
    async def run() -> None:
        one = Bench({"free": [Script()], "local": [Script()]}, limited(Limits(rpm=1)))
        wide = LearnedLimit("free", LimitKind.RPM, 50, LimitSource.STRESS, LoopClock().now_ms())
        one.engine.refresh({}, [wide])
        await one.ask(PLAIN)
        await one.ask(PLAIN)
        assert one.called == ["free", "local"]

    run_virtual(run())


def test_a_budget_that_is_used_up_refuses_as_money_and_leaves_no_row() -> None:
    async def run() -> None:
        tight = Budget(BudgetScope.ALL, None, BudgetWindow.DAY, 10)
        one = Bench({"paid": [Script()]}, replace(small_config(), budgets=(tight,)))
        answer = answer_of(await one.ask(replace(PLAIN, name="paid")))
        assert (one.called, await one.rows()) == ([], [])
        assert answer.error
        assert answer.error.over_budget
        assert "all spend, day" in answer.error.message

    run_virtual(run())


# Pace


def test_a_server_that_was_overloaded_gets_half_as_many_at_once_when_it_is_back() -> None:
    async def run() -> None:
        one = Bench({"free": [*[BUSY] * 8, Script(head_s=1.0)], "local": [Script()]})
        await asyncio.gather(*(one.ask(PLAIN) for _ in range(8)))
        await asyncio.sleep(200)
        await one.ask(PLAIN)  # the probe
        since = len(await one.rows())
        await asyncio.gather(*(one.ask(PLAIN) for _ in range(8)))
        rows = [row for row in (await one.rows())[since:] if row.intent.deployment == "free"]
        assert 1 <= most_at_once(rows) <= 4

    run_virtual(run())


def test_answers_that_begin_late_let_fewer_run_at_once() -> None:
    async def run() -> None:
        one = Bench({"free": [Script(head_s=2.5)], "local": [Script()]})
        await asyncio.gather(*(one.ask(PLAIN) for _ in range(10)))
        assert state_of(one)[1].limits.parallel == 5
        await asyncio.sleep(60)
        await one.ask(PLAIN)
        assert state_of(one)[1].limits.parallel == 6

    run_virtual(run())


def most_at_once(rows: Sequence[Entry]) -> int:
    """Return how many of the attempts ran together at the worst moment."""

    def runs(row: Entry, moment: int) -> bool:
        assert row.settlement
        return row.intent.started_at <= moment < row.settlement.settled_at

    return max(sum(runs(other, row.intent.started_at) for other in rows) for row in rows)
