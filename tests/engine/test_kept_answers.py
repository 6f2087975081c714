"""Answers as the last resort: what is kept, when one stands in, and what is said of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from router.core.failures.exchange import Exchange, StreamEnd
from router.core.message import Message
from router.core.records.answers import CachedResponse
from router.core.request import Request
from router.core.settings.checks import Check, CheckKind
from router.core.settings.config import RouterConfig
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.engine.chance import SeededChance
from router.engine.clock import ManualClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import Answer, RequestEnded, TextArrived
from router.errors import LedgerError
from router.ledger.memory import MemoryLedger
from router.providers.scripted import Script, ScriptedUpstream
from tests.configs import small_config

ASK = Request((Message("user", "What is the capital of France?"),))
PARIS = Script(("Par", "is"))
LIMITED = Script(failure=Exchange("x", status=429, headers={"retry-after": "7"}))
CUT = Script(("Par",), failure=Exchange("x", status=200, end=StreamEnd.RESET))


def keeping_config(*, cache: bool = True, checks: tuple[Check, ...] = ()) -> RouterConfig:
    config = small_config()
    route = replace(config.routes["auto"], deployments=("free",), cache=cache, checks=checks)
    return replace(config, routes={"auto": route})


class Bench:
    """An engine whose one deployment answers as scripted, on a clock that is moved by hand."""

    def __init__(self, scripts: Sequence[Script], config: RouterConfig | None = None) -> None:
        self.ledger, self.clock = MemoryLedger(), ManualClock()
        self.upstream = ScriptedUpstream({"free": scripts})
        self.looked = 0
        self.broken = False
        deps = Dependencies(
            {Wire.OPENAI: self.upstream}, self.ledger, self.clock, SeededChance(), Secret("k")
        )
        self.engine = Engine(config or keeping_config(), replace(deps, kept=self._kept))

    async def _kept(self, key: str, since_ms: int) -> CachedResponse | None:
        self.looked += 1
        if self.broken:
            raise LedgerError("the disk is gone")
        return await self.ledger.kept(key, since_ms)

    async def ask(self, request: Request = ASK) -> tuple[Answer, str]:
        events = [event async for event in self.engine.stream(request)]
        assert isinstance(events[-1], RequestEnded)
        return events[-1].answer, "".join(e.text for e in events if isinstance(e, TextArrived))


async def test_when_nobody_can_serve_the_answer_from_before_stands_in_and_says_so() -> None:
    bench = Bench([PARIS, LIMITED])
    first, _ = await bench.ask()
    assert (first.cached, bench.looked) == (False, 0)
    answer, text = await bench.ask()
    assert (answer.text, text, answer.error) == ("Paris", "Paris", None)
    assert (answer.cached, answer.served_by) == (True, None)
    assert [record.http_status for record in answer.attempts] == [429]
    assert "this is what free answered to exactly this at" in answer.why
    resting, _ = await bench.ask()
    assert (resting.cached, resting.attempts) == (True, ())


async def test_another_question_gets_the_reason_why_nobody_serves_and_when_to_come_back() -> None:
    bench = Bench([PARIS, LIMITED])
    await bench.ask()
    answer, text = await bench.ask(replace(ASK, max_tokens=9))
    assert (answer.text, text, answer.cached, bench.looked) == ("", "", False, 1)
    assert answer.error
    assert answer.error.retry_after_s is not None


async def test_a_route_that_does_not_ask_for_it_keeps_nothing_and_looks_for_nothing() -> None:
    bench = Bench([PARIS, LIMITED], keeping_config(cache=False))
    await bench.ask()
    answer, _ = await bench.ask()
    assert answer.error
    assert bench.looked == 0


async def test_an_answer_that_is_too_old_does_not_stand_in() -> None:
    bench = Bench([PARIS, LIMITED])
    await bench.ask()
    bench.clock.advance(24 * 3600 + 1)
    answer, _ = await bench.ask()
    assert (answer.cached, bench.looked) == (False, 1)


@pytest.mark.parametrize(
    "poor", [CUT, replace(PARIS, finish_reason="length"), replace(PARIS, kind="tool"), Script(("",))]
)
async def test_what_is_no_whole_text_answer_is_not_kept(poor: Script) -> None:
    bench = Bench([poor, LIMITED])
    await bench.ask()
    answer, _ = await bench.ask()
    assert not answer.cached


async def test_an_answer_that_failed_its_route_s_check_is_not_kept() -> None:
    bench = Bench([PARIS, LIMITED], keeping_config(checks=(Check("json", CheckKind.JSON),)))
    first, _ = await bench.ask()
    assert first.text == "Paris"
    answer, _ = await bench.ask()
    assert not answer.cached


async def test_kept_answers_that_cannot_be_read_are_none() -> None:
    bench = Bench([PARIS, LIMITED])
    await bench.ask()
    bench.broken = True
    answer, _ = await bench.ask()
    assert answer.error
    assert bench.looked == 1
