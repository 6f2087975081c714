"""The classifier's embeddings in the path of a request: who decides, what it costs, and what cannot hurt."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import replace

import pytest

from router.core.classify.centroids import Centroid, Centroids
from router.core.classify.tasks import Classification
from router.core.failures.exchange import Exchange
from router.core.message import Message
from router.core.records.entries import EntryStatus
from router.core.request import Request
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Limits
from router.core.settings.providers import Billing, Wire
from router.core.settings.routes import Privacy
from router.core.settings.secret import Secret
from router.core.settings.tasks import EmbeddingsClassifier, TaskRule
from router.core.usage import Usage, UsageReading
from router.engine.chance import SeededChance
from router.engine.clock import LoopClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import Answer
from router.engine.virtual_time import run_virtual
from router.ledger.memory import MemoryLedger
from router.providers.scripted import Script, ScriptedUpstream
from tests.configs import T0, deployment, small_config
from tests.engine.test_engine import answer_of

ASK = Request((Message("system", "Be brief"), Message("user", "Write a parser for CSV")))
BUILT_IN = Classification("chat", "L1", "en", 0.4, True, "no task is sure enough")
MIDDLES = Centroids("m", (Centroid("code_gen", "L2", (1.0, 0.0)), Centroid("chat", "L1", (0.0, 1.0))))
CODE = Script(("[[2.0, 0.1]]",), kind="vectors", usage=UsageReading(Usage(input_tokens=6, output_tokens=0)))


def config(
    billing: Billing = Billing.FREE,
    *,
    budgets: tuple[Budget, ...] = (),
    local_only: frozenset[str] = frozenset(),
) -> RouterConfig:
    embed = replace(deployment("embed", T0, billing), embeds=True)
    made = small_config(changes={"embed": embed})
    return replace(
        made,
        classifier=EmbeddingsClassifier("embed"),
        tasks={"code_gen": TaskRule("skill/code"), "default": TaskRule("auto", min_tier="T1")},
        budgets=budgets,
        local_only_tasks=local_only,
    )


class Bench:
    """An engine whose embeddings come from a script."""

    def __init__(
        self, vectors: Sequence[Script], made: RouterConfig | None = None, *, fitted: bool = True
    ) -> None:
        self.answers = ScriptedUpstream({name: [Script()] for name in ("free", "local", "paid", "embed")})
        self.embedder, self.ledger = ScriptedUpstream({"embed": vectors}), MemoryLedger()
        deps = Dependencies(
            {Wire.OPENAI: self.answers}, self.ledger, LoopClock(), SeededChance(), Secret("k")
        )
        find = (lambda _: MIDDLES) if fitted else (lambda _: None)
        self.engine = Engine(
            made or config(),
            replace(
                deps,
                classify=lambda messages: BUILT_IN,
                embedders={Wire.OPENAI: self.embedder},
                centroids=find,
            ),
        )

    async def ask(self, request: Request = ASK) -> Answer:
        return answer_of([event async for event in self.engine.stream(request)])


def test_the_nearest_work_decides_the_route_and_the_call_is_a_row_like_any_other() -> None:
    async def run() -> None:
        bench = Bench([CODE])
        answer = await bench.ask()
        assert (answer.route, answer.task, answer.level) == ("skill/code", "code_gen", "L2")
        assert "nearest by m" in answer.why
        [call] = bench.embedder.calls
        assert [message.content for message in call.messages] == ["Write a parser for CSV"]
        answered, row = await bench.ledger.recent(5)
        assert (row.intent.source, row.intent.deployment, row.status) == ("classify", "embed", EntryStatus.OK)
        assert row.settlement
        assert (row.settlement.usage.input_tokens, row.settlement.cost_nano_usd) == (6, 0)
        assert answered.intent.request_id == answer.request_id

    run_virtual(run())


def test_who_comes_too_late_or_fails_or_brings_nothing_leaves_the_built_in_classifier_its_word() -> None:
    async def run() -> None:
        busy = Script(failure=Exchange("x", status=503))
        for script, why in ((busy, "503"), (Script(("[]",), kind="vectors"), "0 vectors came for 1 texts")):
            answer = await Bench([script]).ask()
            assert (answer.route, answer.task) == ("auto", None)
            assert "without embed: " in answer.why
            assert why in answer.why
        began = asyncio.get_running_loop().time()
        late = await Bench([replace(CODE, head_s=90)]).ask()
        assert asyncio.get_running_loop().time() - began < 1
        assert "without embed: no answer within 0.5 s" in late.why

    run_virtual(run())


def test_a_resting_or_full_embedder_is_not_asked_and_costs_no_time() -> None:
    async def run() -> None:
        limited = Script(failure=Exchange("x", status=429, headers={"retry-after": "60"}))
        bench = Bench([limited])
        await bench.ask()
        assert "cooling for 60 s more" in (await bench.ask()).why
        made = config()
        one = replace(made.deployments["embed"], limits=Limits(rpm=1))
        full = Bench([CODE], replace(made, deployments={**made.deployments, "embed": one}))
        await full.ask()
        assert "without embed: its limit of 1 request a minute is used up" in (await full.ask()).why
        assert (len(bench.embedder.calls), len(full.embedder.calls)) == (1, 1)

    run_virtual(run())


def test_a_budget_that_has_no_room_for_it_refuses_it_alone() -> None:
    async def run() -> None:
        tight = Budget(BudgetScope.DEPLOYMENT, "embed", BudgetWindow.DAY, 1)
        bench = Bench([CODE], config(Billing.METERED, budgets=(tight,)))
        answer = await bench.ask()
        assert (answer.error, bench.embedder.calls) == (None, [])
        assert "without embed: " in answer.why

    run_virtual(run())


@pytest.mark.parametrize(
    ("request_", "local_only"),
    [
        (replace(ASK, task="code_gen"), frozenset()),
        (replace(ASK, name="skill/code"), frozenset()),
        (replace(ASK, name="local"), frozenset()),
        (replace(ASK, messages=(Message("user", "yes, continue"),)), frozenset()),
        (replace(ASK, privacy=Privacy(local_only=True)), frozenset()),
        (replace(ASK, privacy=Privacy(no_training=True)), frozenset()),
        (ASK, frozenset({"extract"})),
    ],
)
def test_nothing_is_sent_where_nothing_is_left_to_decide_or_the_words_may_not_be_shown(
    request_: Request, local_only: frozenset[str]
) -> None:
    async def run() -> None:
        bench = Bench([CODE], config(local_only=local_only))
        await bench.ask(request_)
        assert bench.embedder.calls == []

    run_virtual(run())


def test_without_a_fit_it_says_what_to_run_and_a_plan_alone_sends_nothing() -> None:
    async def run() -> None:
        bench = Bench([CODE], fitted=False)
        assert "without embed: `cockpit classify --fit` was not run for it" in (await bench.ask()).why
        bench.engine.plan(ASK)
        assert bench.embedder.calls == []

    run_virtual(run())


def test_it_answers_nothing_itself_whatever_it_is_called_by() -> None:
    async def run() -> None:
        bench = Bench([CODE])
        by_tier, by_name = [await bench.ask(replace(ASK, name=name)) for name in ("T0", "embed")]
        assert by_tier.error is None
        assert by_name.error
        assert "makes embeddings for the classifier, and no answers" in by_name.error.message
        assert {call.deployment.name for call in bench.answers.calls} == {"free"}

    run_virtual(run())
