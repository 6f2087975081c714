"""A hard budget under 200 calls at once: real engine, real ledger, real HTTP, the prices of a real model."""

from __future__ import annotations

import asyncio
import json
from dataclasses import replace
from pathlib import Path

import pytest

from router.core.message import Message
from router.core.records.entries import Entry, EntryStatus
from router.core.request import Request
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.config import RouterConfig
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.engine.chance import SeededChance
from router.engine.clock import ManualClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.events import Answer
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.reports import open_reports
from router.prices.catalogue import load_catalogue
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.streaming import HttpUpstream
from tests.configs import small_config
from tests.engine.test_engine import answer_of
from tests.fake_provider import SSE_HEAD, fake_provider

NOW = 1_795_694_400_000
DOLLAR = 10**9
MODEL = "claude-sonnet-4-5"
ASK = Request((Message("user", "Summarise this. " * 40),), name="paid", max_tokens=800)
INPUT, OUTPUT = 130, 800


def sse() -> bytes:
    """Return a stream that uses all it was allowed, by its own count."""
    head = {"model": MODEL, "usage": {"input_tokens": INPUT, "output_tokens": 1}}
    events: list[tuple[str, dict[str, object]]] = [
        ("message_start", {"message": head}),
        ("content_block_delta", {"delta": {"type": "text_delta", "text": "word " * OUTPUT}}),
        ("message_delta", {"delta": {"stop_reason": "end_turn"}, "usage": {"output_tokens": OUTPUT}}),
        ("message_stop", {}),
    ]
    return "".join(
        f"event: {name}\ndata: {json.dumps({'type': name, **said})}\n\n" for name, said in events
    ).encode()


def under_a_dollar(url: str) -> RouterConfig:
    """Return a configuration whose one deployment is the real model, at `url`."""
    listed = load_catalogue().lookup("anthropic", MODEL, NOW)
    assert listed is not None
    config = small_config()
    paid = config.deployments["paid"]
    provider = replace(paid.provider, base_url=url, wire=Wire.ANTHROPIC)
    return replace(
        config,
        deployments={"paid": replace(paid, provider=provider, model=MODEL, price=listed)},
        budgets=(Budget(BudgetScope.ALL, None, BudgetWindow.DAY, DOLLAR),),
        policy=replace(config.policy, guard=replace(config.policy.guard, identical_calls=None)),
    )


async def ask_200(url: str, path: Path) -> tuple[list[Answer], list[Entry]]:
    """Ask 200 times at once; return the answers and the ledger's rows."""
    clock = ManualClock(NOW)
    ledger, upstream = await open_ledger(path, clock), HttpUpstream(PyreqwestTransport(), AnthropicDialect())
    deps = Dependencies({Wire.ANTHROPIC: upstream}, ledger, clock, SeededChance(), Secret("k"))
    engine = Engine(under_a_dollar(url), deps)

    async def one(number: int) -> Answer:
        return answer_of([event async for event in engine.stream(replace(ASK, session=f"s{number}"))])

    answers = await asyncio.gather(*(one(number) for number in range(200)))
    await engine.aclose()
    await ledger.aclose()
    reader = await open_reports(path)
    rows = await reader.recent(300)
    await reader.aclose()
    return answers, rows


@pytest.mark.slow
async def test_two_hundred_calls_at_once_stay_within_one_dollar(tmp_path: Path) -> None:
    async with fake_provider(SSE_HEAD, sse()) as server:
        answers, rows = await ask_200(server.url, tmp_path / "ledger.db")
        sent = len(server.requests)
    each = INPUT * 3_000 + OUTPUT * 15_000  # at $3 and $15 per million
    answered = [answer for answer in answers if answer.error is None]
    assert len(rows) == len(answered) == sent
    assert {row.status for row in rows} == {EntryStatus.OK}
    assert {answer.cost_nano_usd for answer in answered} == {each}
    assert all(answer.error is None or answer.error.over_budget for answer in answers)
    # All of them would have cost more than twice the budget; what was let in stays within it.
    assert 200 * each > 2 * DOLLAR
    assert len(answered) * each <= DOLLAR
    bound = max(row.intent.held_nano_usd or 0 for row in rows)
    assert len(answered) >= DOLLAR // bound  # and nobody was refused for whom there was room
