"""Choosing while requests run: the classifier, waiting for what is free, sessions, kept answers, retries."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.core.classify.tasks import Classification
from router.core.cost.price_config import price_from_config
from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.records.answers import Evidence
from router.core.records.spend import DeploymentStats
from router.core.request import Request
from router.core.routing.facts import Observed
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Work
from router.core.settings.policy import Policy
from router.core.settings.providers import Wire
from router.core.settings.routes import Route, Strategy
from router.core.settings.secret import Secret
from router.core.settings.tasks import LevelRule, TaskRule
from router.core.usage import Usage, UsageReading
from router.engine.chance import SeededChance
from router.engine.clock import LoopClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import Answer, AttemptWaiting, RequestEnded, RouteEvent
from router.engine.virtual_time import run_virtual
from router.ledger.memory import MemoryLedger
from router.providers.scripted import Script, ScriptedUpstream
from tests.configs import small_config

ASK = Request((Message("user", "What is the capital of France?"),))
LIMITED = Script(failure=Exchange("x", status=429, headers={"retry-after": "7"}))


class Bench:
    """An engine on scripted upstreams, with whatever else a test is about."""

    def __init__(
        self,
        scripts: Mapping[str, Sequence[Script]],
        config: RouterConfig | None = None,
        *,
        found: Classification | None = None,
        seen: Observed | None = None,
    ) -> None:
        self.upstream, self.ledger = ScriptedUpstream(scripts), MemoryLedger()
        self.engine = Engine(
            config or small_config(),
            Dependencies(
                {Wire.OPENAI: self.upstream},
                self.ledger,
                LoopClock(),
                SeededChance(),
                Secret("k"),
                classify=(lambda messages: found) if found else None,
                observe=(lambda request: seen) if seen else None,
                kept=self.ledger.kept,
            ),
        )

    async def ask(self, request: Request = ASK) -> list[RouteEvent]:
        return [event async for event in self.engine.stream(request)]

    @property
    def called(self) -> list[str]:
        return [call.deployment.name for call in self.upstream.calls]


def answer_of(events: list[RouteEvent]) -> Answer:
    last = events[-1]
    assert isinstance(last, RequestEnded)
    return last.answer


def with_tasks(config: RouterConfig) -> RouterConfig:
    return replace(
        config,
        tasks={"code_gen": TaskRule("skill/code"), "default": TaskRule("auto", min_tier="T1")},
        levels={"L3": LevelRule(("T2",))},
    )


def test_what_the_classifier_finds_decides_the_route_and_is_told_with_the_answer() -> None:
    async def run() -> None:
        found = Classification("code_gen", "L3", "en", 0.9, False, "model")
        bench = Bench({"paid": [Script()]}, with_tasks(small_config()), found=found)
        answer = answer_of(await bench.ask())
        assert bench.called == ["paid"]
        assert (answer.route, answer.task, answer.level) == ("skill/code", "code_gen", "L3")
        assert "classified as code_gen L3" in answer.why
        [row] = await bench.ledger.recent(1)
        assert (row.intent.task, row.intent.level, row.intent.language) == ("code_gen", "L3", "en")

    run_virtual(run())


def test_a_flood_that_nothing_depends_on_is_labelled_in_part_and_at_a_persons_pace_whole() -> None:
    async def run() -> None:
        found = Classification("chat", "L1", "en", 0.9, False, "model")
        bench = Bench({"paid": [Script()]}, small_config(), found=found)
        for _ in range(60):
            await bench.ask(replace(ASK, name="paid"))
        rows = await bench.ledger.recent(60)
        assert {row.intent.task for row in rows} == {"chat", None}
        assert 20 <= sum(row.intent.task == "chat" for row in rows) <= 25
        await asyncio.sleep(60)
        assert answer_of(await bench.ask(replace(ASK, name="paid"))).task == "chat"
        # Where a task decides the route everyone's is found, however many come.
        bench = Bench({"paid": [Script()]}, with_tasks(small_config()), found=replace(found, task="code_gen"))
        assert {answer_of(await bench.ask()).task for _ in range(60)} == {"code_gen"}

    run_virtual(run())


def test_an_abstention_never_starts_on_the_lowest_rung() -> None:
    async def run() -> None:
        found = Classification("chat", "L1", None, 0.2, True, "no task is sure enough")
        bench = Bench({"local": [Script()]}, with_tasks(small_config()), found=found)
        answer = answer_of(await bench.ask())
        assert bench.called == ["local"]
        assert answer.task is None

    run_virtual(run())


def test_a_few_seconds_are_waited_for_the_free_one_instead_of_paying() -> None:
    async def run() -> None:
        route = Route("auto", ("free", "paid"), climb=small_config().routes["auto"].climb)
        policy = Policy(wait_for_free_s=8)
        config = replace(small_config(policy=policy), routes={"auto": route})
        bench = Bench({"free": [LIMITED, Script()], "paid": [Script()]}, config)
        events = await bench.ask()
        await bench.ask()
        assert bench.called == ["free", "free", "free"]
        [waiting] = [event for event in events if isinstance(event, AttemptWaiting)]
        assert "for free, which is free" in waiting.what

    run_virtual(run())


def test_a_session_stays_on_the_deployment_whose_cache_is_warm_until_that_is_cold() -> None:
    async def run() -> None:
        cached = price_from_config({"input_mtok": "3", "output_mtok": "15", "cache_read_mtok": "0.3"})
        config = small_config()
        first = replace(config.deployments["paid"], name="first", price=cached)
        second = replace(
            first, name="second", provider=replace(first.provider, name="other", api_key=Secret("o"))
        )
        config = replace(
            config,
            deployments={"first": first, "second": second},
            routes={"auto": Route("auto", ("first", "second"))},
        )
        counted = Script(usage=UsageReading(Usage(input_tokens=900, output_tokens=100)))
        bench = Bench({"first": [LIMITED, Script()], "second": [counted]}, config)
        long = replace(ASK, messages=(Message("user", "word " * 1000),), session="s1")
        await bench.ask(long)
        assert bench.called == ["first", "second"]
        await asyncio.sleep(10)
        events = await bench.ask(long)
        assert bench.called[2:] == ["second"]
        assert "a switch to first would cost" in answer_of(events).why
        await bench.ask(replace(long, session="s2"))
        await asyncio.sleep(301)
        await bench.ask(long)
        assert bench.called[3:] == ["first", "first"]

    run_virtual(run())


def test_what_was_observed_lately_orders_and_passes_over() -> None:
    async def run() -> None:
        config = small_config()
        flaky = replace(config.deployments["free"], max_error_rate=0.1)
        config = replace(config, deployments={**config.deployments, "free": flaky})
        seen = Observed(
            stats={"free": DeploymentStats(20, 5), "local": DeploymentStats(20, 0, 900)},
            pressure={"local": 0.5},
            left={"local": 0.25},
            evidence={("local", Work()): Evidence(checks_passed=10)},
        )
        first, *_, last = Bench({}, config, seen=seen).engine.plan(ASK).candidates
        assert (first.deployment, last.deployment) == ("local", "free")
        assert "5 of its last 20 calls failed" in last.reason
        assert first.score
        assert (first.score.pressure, first.score.quality, first.quality_count) == (0.5, 0.75, 10)
        assert first.score.health < 1

    run_virtual(run())


def test_the_fastest_is_asked_first_where_the_route_says_so() -> None:
    async def run() -> None:
        config = small_config()
        route = replace(config.routes["auto"], strategy=Strategy.FASTEST)
        seen = Observed(stats={"local": DeploymentStats(9, 0, 100), "free": DeploymentStats(9, 0, 200)})
        bench = Bench({"local": [Script()]}, replace(config, routes={"auto": route}), seen=seen)
        await bench.ask()
        assert bench.called == ["local"]

    run_virtual(run())


def test_different_weights_share_the_requests_by_chance() -> None:
    async def run() -> None:
        config = small_config()
        deployments = {
            **config.deployments,
            "local": replace(config.deployments["local"], weight=3.0),
        }
        route = Route("auto", ("free", "local"), strategy=Strategy.WEIGHTED)
        config = replace(config, deployments=deployments, routes={"auto": route})
        bench = Bench({"free": [Script()], "local": [Script()]}, config)
        for _ in range(200):
            await bench.ask()
        assert 120 <= bench.called.count("local") <= 180

    run_virtual(run())


def test_in_an_outage_the_budget_of_all_requests_stops_further_attempts() -> None:
    async def run() -> None:
        made = small_config(policy=Policy(max_attempts=20))
        names = [f"d{n:02}" for n in range(12)]
        one = made.deployments["local"]
        many = {n: replace(one, name=n, provider=replace(one.provider, name=n, base_url=n)) for n in names}
        config = replace(made, deployments=many, routes={"auto": Route("auto", tuple(names))})
        down = Script(failure=Exchange("x", status=503))
        bench = Bench({n: [down] for n in names[:-1]} | {names[-1]: [Script()]}, config)
        answer = answer_of(await bench.ask())
        assert bench.called == names[:10]
        assert answer.error
        assert "too many calls fail at the moment" in answer.error.message
        await asyncio.sleep(5)
        assert answer_of(await bench.ask()).error is None  # time alone gives some of it back

    run_virtual(run())
