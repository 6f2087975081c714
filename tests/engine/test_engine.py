"""The path of a request over scripted upstreams, in virtual time: events, rows, and what never happens."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import aclosing
from dataclasses import replace

import pytest

from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.message import Message
from router.core.money import CostSource
from router.core.records.diagnosis import FailureClass
from router.core.records.entries import Entry, EntryStatus
from router.core.request import Request
from router.core.settings.config import RouterConfig
from router.core.settings.policy import Policy
from router.core.settings.providers import Wire
from router.core.settings.routes import Climb
from router.core.settings.secret import Secret
from router.core.usage import Usage, UsageReading
from router.engine.chance import SeededChance
from router.engine.clock import LoopClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import (
    Answer,
    AttemptEnded,
    AttemptStarted,
    AttemptWaiting,
    RequestEnded,
    RequestStarted,
    RouteEvent,
    TextArrived,
)
from router.engine.ports import Call, Content, UpstreamEvent
from router.engine.virtual_time import run_virtual
from router.errors import LedgerError, UnknownName
from router.ledger.memory import MemoryLedger
from router.providers.scripted import Script, ScriptedUpstream
from tests.configs import small_config

ASK = Request((Message("user", "What is the capital of France?"),), session="s1", tags=(("team", "a"),))
COUNTED = UsageReading(Usage(input_tokens=1000, output_tokens=500))
LIMITED = Script(failure=Exchange("x", status=429, headers={"retry-after": "7"}))
DEAD_KEY = Script(failure=Exchange("x", status=401, error={"message": "no such key"}))
REFUSED = Script(failure=Exchange("x", fault=Fault.CONNECT_REFUSED))
CUT = Script(("Par", "is"), failure=Exchange("x", status=200, end=StreamEnd.RESET))


class Bench:
    """An engine on scripted upstreams and a ledger in memory."""

    def __init__(
        self,
        scripts: Mapping[str, Sequence[Script]],
        config: RouterConfig | None = None,
        upstream: type[ScriptedUpstream] = ScriptedUpstream,
    ) -> None:
        self.config = config or small_config()
        self.upstream = upstream(scripts)
        self.ledger = MemoryLedger()
        deps = Dependencies(
            {Wire.OPENAI: self.upstream}, self.ledger, LoopClock(), SeededChance(), Secret("k")
        )
        self.engine = Engine(self.config, deps)

    async def ask(self, request: Request = ASK) -> list[RouteEvent]:
        """Run one request to its end."""
        return [event async for event in self.engine.stream(request)]

    async def rows(self) -> list[Entry]:
        """Return the ledger's rows, oldest first."""
        return (await self.ledger.recent(100))[::-1]

    @property
    def called(self) -> list[str]:
        """Return the deployments that were called, in order."""
        return [call.deployment.name for call in self.upstream.calls]


def answer_of(events: list[RouteEvent]) -> Answer:
    last = events[-1]
    assert isinstance(last, RequestEnded)
    return last.answer


def names(events: list[RouteEvent]) -> list[str]:
    return [type(event).__name__ for event in events]


def test_a_request_runs_its_straight_line_and_leaves_one_settled_row() -> None:
    async def run() -> None:
        bench = Bench({"free": [Script(("Par", "is"), waiting="warming up", usage=COUNTED, piece_s=0.5)]})
        events = await bench.ask()
        assert [type(event) for event in events] == [
            RequestStarted,
            AttemptStarted,
            AttemptWaiting,
            TextArrived,
            TextArrived,
            AttemptEnded,
            RequestEnded,
        ]
        answer = answer_of(events)
        assert (answer.text, answer.error, answer.route) == ("Paris", None, "auto")
        assert (answer.cost_nano_usd, answer.cost_source) == (0, CostSource.FREE)
        [row] = await bench.rows()
        assert row.settlement
        assert (row.status, row.settlement.ttft_ms, row.settlement.duration_ms) == (EntryStatus.OK, 500, 1000)
        assert (row.intent.session_id, row.intent.tags) == ("s1", (("team", "a"),))

    run_virtual(run())


def test_the_row_is_in_the_ledger_before_anything_is_sent() -> None:
    class Looking(ScriptedUpstream):
        seen: list[EntryStatus]

        async def stream(self, call: Call):  # type: ignore[no-untyped-def]  # a generator that looks first
            self.seen = [entry.status for entry in await bench.ledger.recent(10)]
            async for event in super().stream(call):
                yield event

    async def run() -> None:
        looking = Looking({"free": [Script()]})
        bench.upstream = looking
        deps = Dependencies({Wire.OPENAI: looking}, bench.ledger, LoopClock(), SeededChance(), Secret("k"))
        bench.engine = Engine(bench.config, deps)
        await bench.ask()
        assert looking.seen == [EntryStatus.OPEN]

    bench = Bench({})
    run_virtual(run())


def test_before_the_first_content_another_deployment_takes_over_and_both_are_rows() -> None:
    async def run() -> None:
        bench = Bench({"free": [LIMITED], "local": [Script(("Paris",), usage=COUNTED)]})
        answer = answer_of(await bench.ask())
        assert (answer.text, bench.called) == ("Paris", ["free", "local"])
        assert [row.status for row in await bench.rows()] == [EntryStatus.FAILED, EntryStatus.OK]
        assert [attempt.failure_class for attempt in answer.attempts] == [
            FailureClass.QUOTA_UNTIL_TIME,
            FailureClass.OK,
        ]

    run_virtual(run())


def test_after_the_first_content_nobody_else_answers() -> None:
    async def run() -> None:
        bench = Bench({"free": [CUT], "local": [Script()]})
        answer = answer_of(await bench.ask())
        assert bench.called == ["free"]
        assert answer.error
        assert answer.attempts[0].outcome is EntryStatus.TRUNCATED

    run_virtual(run())


def test_a_deployment_that_asked_for_seven_seconds_gets_nothing_for_seven_seconds() -> None:
    async def run() -> None:
        bench = Bench({"free": [LIMITED, Script()], "local": [Script()]})
        for _ in range(13):
            await bench.ask()
            await asyncio.sleep(0.5)
        assert bench.called == ["free", *["local"] * 13]
        await asyncio.sleep(2)
        await bench.ask()
        assert bench.called[-1] == "free"

    run_virtual(run())


def test_a_dead_key_is_tried_once_and_rests_every_deployment_that_uses_it() -> None:
    async def run() -> None:
        config = small_config()
        shared = config.deployments["free"].provider
        twin = replace(config.deployments["local"], provider=replace(shared, name="twin"))
        bench = Bench(
            {"free": [DEAD_KEY], "local": [Script()], "paid": [Script()]},
            small_config(changes={"local": twin}),
        )
        await bench.ask()
        await bench.ask()
        assert bench.called == ["free", "paid", "paid"]

    run_virtual(run())


def test_attempts_never_exceed_the_budget_of_the_policy() -> None:
    async def run() -> None:
        everyone = {name: [REFUSED] for name in ("free", "local", "paid")}
        bench = Bench(everyone, small_config(policy=Policy(max_attempts=2)))
        answer = answer_of(await bench.ask())
        assert len(bench.called) == 2
        assert answer.error
        assert "2 attempts" in answer.error.message

    run_virtual(run())


def test_when_all_are_cooling_the_error_says_when_the_first_comes_back() -> None:
    async def run() -> None:
        bench = Bench({name: [LIMITED] for name in ("free", "local", "paid")})
        await bench.ask()
        answer = answer_of(await bench.ask())
        assert answer.attempts == ()
        assert answer.error
        assert answer.error.retry_after_s == pytest.approx(7, abs=0.1)

    run_virtual(run())


def test_a_route_that_does_not_declare_it_never_reaches_what_costs_money() -> None:
    async def run() -> None:
        bench = Bench(
            {"free": [REFUSED], "local": [REFUSED], "paid": [Script()]}, small_config(climb=Climb())
        )
        answer = answer_of(await bench.ask())
        assert bench.called == ["free", "local"]
        assert answer.error

    run_virtual(run())


def test_a_caller_s_limit_refuses_what_could_cost_more_and_says_that_money_was_in_the_way() -> None:
    async def run() -> None:
        bench = Bench({"paid": [Script()]})
        answer = answer_of(await bench.ask(replace(ASK, name="paid", max_cost_nano=10)))
        assert bench.called == []
        assert answer.error
        assert answer.error.over_budget

    run_virtual(run())


def test_a_metered_call_costs_what_its_usage_and_price_say() -> None:
    async def run() -> None:
        bench = Bench({"paid": [Script(usage=COUNTED)]})
        answer = answer_of(await bench.ask(replace(ASK, name="paid")))
        assert answer.cost_nano_usd == 1000 * 1000 + 500 * 2000  # $1 and $2 per million tokens
        assert answer.cost_source is CostSource.COMPUTED

    run_virtual(run())


def test_a_cut_metered_stream_has_no_cost_but_an_estimate_that_budgets_count() -> None:
    async def run() -> None:
        bench = Bench({"paid": [CUT]})
        await bench.ask(replace(ASK, name="paid"))
        [row] = await bench.rows()
        assert row.settlement
        assert (row.settlement.cost_nano_usd, row.settlement.cost_source) == (None, CostSource.UNKNOWN)
        assert row.settlement.settled_estimate_nano_usd
        assert row.settlement.budget_nano_usd == row.settlement.settled_estimate_nano_usd

    run_virtual(run())


def test_stopping_in_mid_answer_settles_the_row_as_cancelled() -> None:
    async def run() -> None:
        bench = Bench({"free": [Script(("a", "b", "c"), piece_s=1)]})
        async with aclosing(bench.engine.stream(ASK)) as events:
            async for event in events:
                if isinstance(event, TextArrived):
                    break
        [row] = await bench.rows()
        assert row.status is EntryStatus.CANCELLED

    run_virtual(run())


def test_cancelling_the_task_settles_the_row_too() -> None:
    async def run() -> None:
        bench = Bench({"free": [Script(head_s=60)]})
        task = asyncio.create_task(bench.ask())
        await asyncio.sleep(1)
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task
        [row] = await bench.rows()
        assert row.status is EntryStatus.CANCELLED

    run_virtual(run())


def test_a_ledger_that_refuses_the_row_means_that_nothing_is_sent() -> None:
    async def run() -> None:
        bench = Bench({"free": [Script()]})
        bench.ledger.refusal = LedgerError("no space left")
        with pytest.raises(LedgerError, match="no space left"):
            await bench.ask()
        assert bench.called == []
        assert await bench.rows() == []

    run_virtual(run())


def test_the_deadline_of_a_request_bounds_every_attempt() -> None:
    async def run() -> None:
        config = small_config(policy=Policy(deadline_s=30))
        bench = Bench({"free": [Script(head_s=1)]}, config)
        await bench.ask()
        assert bench.upstream.calls[0].total_s <= 30

    run_virtual(run())


def test_an_unknown_name_is_refused_before_anything_happens() -> None:
    async def run() -> None:
        bench = Bench({})
        with pytest.raises(UnknownName, match="auto"):
            await bench.ask(replace(ASK, name="atuo"))

    run_virtual(run())


def test_the_same_seed_gives_the_same_events() -> None:
    async def run() -> list[RouteEvent]:
        return await Bench({"free": [LIMITED], "local": [Script(piece_s=0.1)]}).ask()

    assert run_virtual(run()) == run_virtual(run())


def test_a_thinking_budget_reaches_the_wire_where_one_is_taken_and_is_told_where_not() -> None:
    async def run() -> None:
        free = small_config().deployments["free"]
        router = replace(free, provider=replace(free.provider, catalogue="openrouter"))
        bench = Bench({"free": [Script()], "local": [Script()]}, small_config(changes={"free": router}))
        thinking = replace(ASK, session=None, max_tokens=8_192, thinking_tokens=9_000)
        taken = answer_of(await bench.ask(replace(thinking, name="free")))
        refused = answer_of(await bench.ask(replace(thinking, name="local")))
        assert [call.thinking_tokens for call in bench.upstream.calls] == [7_168, None]
        assert "free answered (thinking 9000 → 7168: it stays below max_tokens 8192)" in taken.why
        assert "local answered (thinking 9000 → none: it takes no thinking budget)" in refused.why

    run_virtual(run())


def test_a_bug_that_one_deployment_meets_is_a_failed_attempt_and_the_next_one_answers() -> None:
    async def run() -> None:
        bench = Bench({"local": [Script(("Paris",))]})  # the other one's script is missing: a KeyError
        answer = answer_of(await bench.ask())
        assert (answer.text, answer.error) == ("Paris", None)
        first, second = answer.attempts
        assert (first.failure_class, first.outcome) == (FailureClass.INTERNAL, EntryStatus.FAILED)
        assert second.deployment == "local"
        assert "KeyError" in first.evidence
        for _ in range(bench.config.policy.allowed_fails):
            await bench.ask()
        assert answer_of(await bench.ask()).attempts[0].deployment == "local"

    run_virtual(run())


class Breaking(ScriptedUpstream):
    """Fails by itself, in a way that nobody foresaw, after its first piece of content."""

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Pass on what is scripted until content came."""
        async for event in super().stream(call):
            yield event
            if isinstance(event, Content):
                raise ZeroDivisionError


def test_a_bug_after_content_is_told_and_nobody_takes_over() -> None:
    async def run() -> None:
        bench = Bench({"free": [Script(("Par", "is"))], "local": [Script()]}, upstream=Breaking)
        answer = answer_of(await bench.ask())
        assert bench.called == ["free"]
        assert answer.error
        assert answer.attempts[0].failure_class is FailureClass.INTERNAL
        [row] = await bench.rows()
        assert row.status is EntryStatus.TRUNCATED

    run_virtual(run())
