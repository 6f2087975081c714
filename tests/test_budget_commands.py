"""Budgets and the guard as a script sees them: exit 3, the reason, nothing sent, and the way on."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from tests.fake_provider import SSE_HEAD, FakeProvider, Move, fake_provider
from tests.test_commands import LIMITED, QUESTION, cockpit, stream

pytestmark = pytest.mark.slow

CONFIG = """
version: 1
providers:
  first:  {{wire: openai, base_url: "{first}/v1", billing: free}}
  second: {{wire: openai, base_url: "{second}/v1", billing: metered}}
tiers:
  T0: {{label: free}}
  T1: {{label: paid}}
deployments:
  free:     {{tier: T0, provider: first, model: m-one}}
  paid:     {{tier: T1, provider: second, model: m-two, price: {{input_mtok: "1", output_mtok: "2"}}}}
  unpriced: {{tier: T1, provider: second, model: m-three}}
routes:
  auto: {{ladder: [T0, T1], climb: {{free_to_paid: true}}}}
{more}
"""
TINY = 'budgets: [{scope: "tier:T1", window: day, usd: "0.000001"}]'
SOFT = 'budgets: [{scope: "tier:T1", window: day, usd: "0.000001", mode: soft}]'
GUARD = "policy: {guard: {identical_calls: 1}}"


def config(home: Path, first: FakeProvider, second: FakeProvider, more: str) -> str:
    path = home / "cockpit.yaml"
    path.write_text(CONFIG.format(first=first.url, second=second.url, more=more))
    return str(path)


async def test_a_hard_budget_refuses_with_3_and_sends_nothing(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("no")) as second:
        path = config(tmp_path, first, second, TINY)
        done = await cockpit(tmp_path, "ask", "-m", "paid", "--json", "--config", path, QUESTION)
        assert done.code == 3
        assert "budget `tier T1, day` of $0.000001" in done.json()["error"]["message"]
        assert second.requests == []


async def test_a_hard_budget_refuses_what_has_no_price(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("no")) as second:
        path = config(tmp_path, first, second, TINY.replace("0.000001", "1000"))
        done = await cockpit(tmp_path, "ask", "-m", "unpriced", "--config", path, QUESTION)
        assert done.code == 3
        assert "price of this call is unknown" in done.err
        assert second.requests == []


async def test_what_costs_nothing_is_answered_under_a_spent_budget(tmp_path: Path) -> None:
    async with fake_provider(*stream("Paris")) as first, fake_provider(*stream("no")) as second:
        path = config(tmp_path, first, second, TINY.replace("tier:T1", "all").replace("0.000001", "0"))
        done = await cockpit(tmp_path, "ask", "--config", path, QUESTION)
        assert (done.code, done.out) == (0, "Paris\n")
        assert second.requests == []


async def test_a_fallback_that_the_budget_refuses_is_named_beside_the_failure(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("no")) as second:
        path = config(tmp_path, first, second, TINY)
        done = await cockpit(tmp_path, "ask", "--json", "--config", path, QUESTION)
        assert done.code == 4
        assert "free: " in done.json()["error"]["message"]
        assert "paid: budget `tier T1, day`" in done.json()["error"]["message"]
        assert second.requests == []


async def test_an_answer_that_ignores_its_max_tokens_is_cut_off_at_the_budget_with_3(tmp_path: Path) -> None:
    endless = [f'data: {{"choices": [{{"index": 0, "delta": {{"content": "{"x" * 500}"}}}}]}}\n\n'] * 40
    steps = (SSE_HEAD, "".join(endless).encode(), Move.WAIT_FOR_LEAVE)
    async with fake_provider(LIMITED) as first, fake_provider(*steps) as second:
        path = config(tmp_path, first, second, TINY.replace("0.000001", "0.0005"))
        arguments = ("ask", "-m", "paid", "--max-tokens", "50", "--config", path, QUESTION)
        done = await cockpit(tmp_path, *arguments)
        assert done.code == 3
        assert 500 <= done.out.count("x") < 40 * 500
        assert "more than was held for it; budget `tier T1, day` of $0.0005" in done.err
        await asyncio.wait_for(second.left.wait(), 5)
        spent = (await cockpit(tmp_path, "spend", "--json", "--config", path)).json()
        assert (spent["total_usd"], spent["unknown_cost_attempts"]) == ("0", 1)


async def test_a_soft_budget_says_so_and_answers(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("Paris")) as second:
        path = config(tmp_path, first, second, SOFT)
        done = await cockpit(tmp_path, "ask", "-m", "paid", "--config", path, QUESTION)
        assert (done.code, done.out) == (0, "Paris\n")
        assert "budget `tier T1, day`" in done.err


async def test_the_guard_pauses_with_3_until_resume(tmp_path: Path) -> None:
    async with fake_provider(LIMITED) as first, fake_provider(*stream("Paris")) as second:
        ask = ("ask", "-m", "paid", "--session", "s", "--config", config(tmp_path, first, second, GUARD))
        assert (await cockpit(tmp_path, *ask, QUESTION)).code == 0
        paused = await cockpit(tmp_path, *ask, QUESTION)
        assert paused.code == 3
        assert "the same paid request 2 times" in paused.err
        assert "cockpit resume" in paused.err
        assert (await cockpit(tmp_path, *ask, "Another question")).code == 3
        resumed = await cockpit(tmp_path, "resume", "--session", "s", "--json")
        assert resumed.json() == {
            "lifted": ["the same paid request 2 times within ten minutes, the guard allows 1"]
        }
        assert (await cockpit(tmp_path, *ask, QUESTION)).code == 0
        assert len(second.requests) == 2


async def test_resume_says_when_nothing_is_paused(tmp_path: Path) -> None:
    done = await cockpit(tmp_path, "resume")
    assert (done.code, done.out, done.err) == (0, "", "nothing is paused\n")
