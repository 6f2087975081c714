"""Checks, the climb and a reload through the whole engine: events, rows and what is sent."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.core.failures.exchange import Exchange, StreamEnd
from router.core.message import Message
from router.core.records.entries import EntryStatus
from router.core.request import Request
from router.core.settings.checks import Check, CheckKind
from router.core.settings.config import RouterConfig
from router.core.settings.policy import Policy
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.engine.chance import SeededChance
from router.engine.clock import LoopClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import Answer, AnswerChecked, AttemptEnded, RequestEnded, RouteEvent, TextArrived
from router.engine.virtual_time import run_virtual
from router.ledger.memory import MemoryLedger
from router.providers.scripted import Script, ScriptedUpstream
from tests.configs import small_config

ASK = Request((Message("user", "Cities as JSON?"),))
PROSE, JSON = Script(("Par", "is")), Script(("[", "]"))
CUT = Script(("Par", "is"), failure=Exchange("x", status=200, end=StreamEnd.RESET))
LIMITED = Script(failure=Exchange("x", status=429))


def checked_config(policy: Policy | None = None) -> RouterConfig:
    config = small_config(policy=policy)
    checked = replace(config.routes["auto"], checks=(Check("json", CheckKind.JSON),))
    return replace(config, routes={**config.routes, "auto": checked})


class Bench:
    """An engine on scripted upstreams and a ledger in memory."""

    def __init__(self, scripts: Mapping[str, Sequence[Script]], config: RouterConfig | None = None) -> None:
        self.upstream = ScriptedUpstream(scripts)
        self.ledger = MemoryLedger()
        deps = Dependencies(
            {Wire.OPENAI: self.upstream}, self.ledger, LoopClock(), SeededChance(), Secret("k")
        )
        self.engine = Engine(config or checked_config(), deps)

    async def ask(self) -> tuple[Answer, list[RouteEvent]]:
        """Run one request to its end."""
        events = [event async for event in self.engine.stream(ASK)]
        assert isinstance(events[-1], RequestEnded)
        return events[-1].answer, events

    @property
    def called(self) -> list[str]:
        """Return the deployments that were called, in order."""
        return [call.deployment.name for call in self.upstream.calls]


def text_of(events: Sequence[RouteEvent]) -> str:
    return "".join(event.text for event in events if isinstance(event, TextArrived))


def test_a_poor_answer_is_a_row_of_its_own_is_never_delivered_and_the_next_tier_answers() -> None:
    async def run() -> None:
        bench = Bench({"free": [PROSE], "local": [JSON]})
        answer, events = await bench.ask()
        assert (bench.called, answer.text, text_of(events)) == (["free", "local"], "[]", "[]")
        assert [row.status for row in await bench.ledger.recent(9)] == [EntryStatus.OK, EntryStatus.OK]
        said = bench.ledger.connection.execute("SELECT attempt, passed FROM check_result ORDER BY attempt")
        assert said.fetchall() == [(1, False), (2, True)]
        assert [message.role for message in bench.upstream.calls[1].messages] == ["user", "assistant", "user"]
        assert answer.served_by is not None
        assert answer.served_by.deployment == "local"

    run_virtual(run())


def test_the_second_call_is_estimated_and_held_with_what_it_carries() -> None:
    async def run() -> None:
        bench = Bench({"free": [LIMITED], "local": [Script(("x" * 3000,))], "paid": [JSON]})
        await bench.ask()
        dear = (await bench.ledger.recent(1))[0].intent
        plain = bench.engine.plan(ASK)
        [paid] = [one for one in plain.candidates if one.deployment == "paid"]
        assert dear.deployment == "paid"
        assert dear.held_nano_usd is not None
        assert paid.bound_nano_usd is not None
        assert dear.held_nano_usd > paid.bound_nano_usd

    run_virtual(run())


def test_content_is_held_back_until_the_checks_have_spoken() -> None:
    async def run() -> None:
        _, events = await Bench({"free": [JSON]}).ask()
        kinds = [type(event) for event in events]
        assert kinds.index(AttemptEnded) < kinds.index(AnswerChecked) < kinds.index(TextArrived)

    run_virtual(run())


def test_an_answer_that_breaks_off_unseen_is_replaced() -> None:
    async def run() -> None:
        bench = Bench({"free": [CUT], "local": [JSON]})
        answer, events = await bench.ask()
        assert (answer.text, text_of(events), answer.error) == ("[]", "[]", None)
        assert answer.attempts[0].outcome is EntryStatus.TRUNCATED

    run_virtual(run())


def test_a_poor_answer_is_handed_over_when_nobody_above_answers() -> None:
    async def run() -> None:
        bench = Bench({"free": [PROSE], "local": [LIMITED]})
        answer, events = await bench.ask()
        assert (answer.text, text_of(events), answer.error) == ("Paris", "Paris", None)
        assert answer.served_by is not None
        assert answer.served_by.deployment == "free"

    run_virtual(run())


def test_attempts_of_the_policy_bound_a_climb() -> None:
    async def run() -> None:
        bench = Bench({"free": [PROSE]}, checked_config(Policy(max_attempts=1)))
        answer, _ = await bench.ask()
        assert (bench.called, answer.text) == (["free"], "Paris")

    run_virtual(run())


def test_a_request_ends_under_the_configuration_it_began_under_and_the_next_begins_under_the_new_one() -> (
    None
):
    async def run() -> None:
        slow = Script(("one",), head_s=10)
        bench = Bench({"free": [slow, Script(("two",))], "local": [Script(("three",))]}, small_config())
        first = asyncio.create_task(bench.ask())
        await asyncio.sleep(1)
        config = small_config()
        without_free = {name: one for name, one in config.deployments.items() if name != "free"}
        routes = {**config.routes, "auto": replace(config.routes["auto"], deployments=("local", "paid"))}
        bench.engine.swap(replace(config, deployments=without_free, routes=routes))
        second, _ = await bench.ask()
        answer, _ = await first
        assert (answer.text, second.text) == ("one", "three")
        assert [state.deployment.name for state in bench.engine.deployments()] == ["local", "paid"]

    run_virtual(run())


def test_a_reload_forgets_no_rest() -> None:
    async def run() -> None:
        bench = Bench({"free": [LIMITED, JSON], "local": [JSON]}, small_config())
        await bench.ask()
        bench.engine.swap(small_config(policy=Policy(max_attempts=2)))
        await bench.ask()
        assert bench.called == ["free", "local", "local"]

    run_virtual(run())
