"""A system prompt that repeats is marked on the wire from its second sending on, and expected warm then."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any

from router.core.cost.price_config import price_from_config
from router.core.message import CacheMark, Message
from router.core.request import Request
from router.core.settings.config import RouterConfig
from router.core.settings.policy import Policy
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.engine.chance import SeededChance
from router.engine.clock import ManualClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.jobs.lookout import Lookout
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.reports import open_reports
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import HttpUpstream
from tests.configs import small_config
from tests.engine.test_engine import answer_of
from tests.fake_provider import SSE_HEAD, Received, fake_provider

Look = Callable[[], Awaitable[None]]
NOW = 1_795_348_800_000
LONG = "You answer briefly and name your sources. " * 200
FIVE_MINUTES = {"type": "ephemeral"}
PRICE = price_from_config(
    {"input_mtok": "3", "output_mtok": "15", "cache_read_mtok": "0.30", "cache_write_mtok": "3.75"}
)
EVENTS: list[dict[str, object]] = [
    {
        "type": "message_start",
        "message": {
            "model": "claude-sonnet-4-5",
            "usage": {"input_tokens": 20, "cache_creation_input_tokens": 2_000, "output_tokens": 1},
        },
    },
    {"type": "content_block_delta", "delta": {"type": "text_delta", "text": "Because."}},
    {"type": "message_delta", "delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": 10}},
    {"type": "message_stop"},
]
SSE = "".join(f"event: {event['type']}\ndata: {json.dumps(event)}\n\n" for event in EVENTS).encode()


def at(url: str) -> RouterConfig:
    config = small_config(policy=Policy(cache_prompts=True))
    paid = config.deployments["paid"]
    provider = replace(paid.provider, base_url=url, wire=Wire.ANTHROPIC)
    sonnet = replace(paid, provider=provider, model="claude-sonnet-4-5", price=PRICE)
    return replace(config, deployments={"paid": sonnet})


def ask(question: str, *, mark: CacheMark | None = None) -> Request:
    return Request((Message("system", LONG, mark), Message("user", question)), name="paid", max_tokens=50)


def body(received: Received) -> Any:
    return json.loads(received.body)


@asynccontextmanager
async def bench(path: Path, url: str, clock: ManualClock) -> AsyncIterator[tuple[Engine, Look]]:
    """Open an engine on a real ledger and wire; `Look` has it read what was booked so far."""
    config, lookout = at(url), Lookout(at(url), clock, UTC)
    ledger, upstream = await open_ledger(path, clock), HttpUpstream(PyreqwestTransport(), AnthropicDialect())
    reader = await open_reports(path)
    deps = Dependencies({Wire.ANTHROPIC: upstream}, ledger, clock, SeededChance(), Secret("k"))

    async def look() -> None:
        await ledger.flush()
        await lookout.look(reader)

    engine = Engine(config, replace(deps, observe=lookout.observe))
    yield engine, look
    await engine.aclose()
    await reader.aclose()
    await ledger.aclose()


async def test_a_system_prompt_is_marked_the_second_time_priced_as_written_and_expected_warm_after(
    tmp_path: Path,
) -> None:
    clock = ManualClock(NOW)
    async with fake_provider(SSE_HEAD, SSE) as server:
        async with bench(tmp_path / "ledger.db", server.url, clock) as (engine, look):
            answers = []
            for question in ("Why?", "How?"):
                answers.append(answer_of([event async for event in engine.stream(ask(question))]))
                await look()
            clock.advance(301)
            await look()
            late = engine.plan(ask("Why?")).chosen
        first, second = map(body, server.requests)
    assert first["system"] == LONG
    assert second["system"] == [{"type": "text", "text": LONG, "cache_control": FIVE_MINUTES}]
    assert second["messages"] == [{"role": "user", "content": "How?"}]
    written = 20 * 3_000 + 2_000 * 3_750 + 10 * 15_000
    assert {answer.cost_nano_usd for answer in answers} == {written}
    plain, warm = (answer.estimate_nano_usd or 0 for answer in answers)
    assert warm < plain / 2  # the first answer said that it had written the prompt to the cache
    assert late is not None
    assert late.estimate_nano_usd == plain  # five minutes on nobody has it any more


async def test_a_caller_s_own_breakpoints_go_out_as_they_came_and_no_others(tmp_path: Path) -> None:
    async with fake_provider(SSE_HEAD, SSE) as server:
        async with bench(tmp_path / "ledger.db", server.url, ManualClock(NOW)) as (engine, look):
            for _ in range(2):
                answer_of([event async for event in engine.stream(ask("Why?", mark=CacheMark.HOUR))])
                await look()
        hour = {"type": "ephemeral", "ttl": "1h"}
        for received in server.requests:
            assert body(received)["system"] == [{"type": "text", "text": LONG, "cache_control": hour}]
            assert body(received)["messages"] == [{"role": "user", "content": "Why?"}]
