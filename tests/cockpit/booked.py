"""A shop for the tests of reports: a configuration and a ledger that a generator fills.

It states the tokens of every call and what they cost, and shares nothing with the code that reprices them.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from click.testing import CliRunner, Result

from cockpit.__main__ import cli
from router.core.money import CostSource
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.records.usage import Usage
from router.engine.clock import SystemClock
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger

CONFIG = """
version: 1
providers:
  anthropic: {wire: openai, base_url: "http://127.0.0.1:1/v1", billing: metered, catalogue: nobody}
  home:      {wire: openai, base_url: "http://127.0.0.1:1/v1", billing: local}
tiers:
  T0: {label: local}
  T3: {label: budget}
  T5: {label: mid}
  T6: {label: heavy}
deployments:
  home:   {tier: T0, provider: home, model: own}
  haiku:  {tier: T3, provider: anthropic, model: small, price: {input_mtok: "1", output_mtok: "5"}}
  sonnet: {tier: T5, provider: anthropic, model: middle,
           price: {input_mtok: "3", output_mtok: "15", cache_read_mtok: "0.3", cache_write_mtok: "3.75",
                   batch: {input_mtok: "1.5", output_mtok: "7.5"},
                   tiers: [{above_input_tokens: 200000, input_mtok: "6", output_mtok: "22.5"}]}}
  opus:   {tier: T6, provider: anthropic, model: large, price: {input_mtok: "5", output_mtok: "25"}}
routes:
  auto: {ladder: [T0, T3, T5, T6], climb: {free_to_paid: true}}
display: {currency: EUR, usd_rate: "0.9", rate_date: 2026-11-20, timezone: UTC}
"""


@dataclass(frozen=True)
class Work:
    """One kind of work in a day: how many calls, each of how many tokens."""

    task: str
    calls: int
    tokens_in: int
    tokens_out: int


@dataclass(frozen=True)
class Shop:
    config: Path
    ledger: Path

    def run(self, *arguments: str) -> Result:
        return CliRunner().invoke(
            cli, ["--config", str(self.config), "--ledger", str(self.ledger), *arguments]
        )


def shop_in(folder: Path) -> Shop:
    config = folder / "config.yaml"
    config.write_text(CONFIG)
    return Shop(config, folder / "ledger.db")


def document(done: Result) -> Any:
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout)


def call(n: int, task: str | None, usage: Usage, cost_nano: int | None) -> tuple[Intent, Settlement]:
    """One answered call on Sonnet, an instant ago."""
    now = SystemClock().now_ms() - 60_000
    intent = Intent(
        request_id=f"r{n}",
        attempt=1,
        started_at=now,
        source="gateway",
        route="auto",
        tier="T5",
        deployment="sonnet",
        provider="anthropic",
        model_requested="middle",
        billing="metered",
        task=task,
    )
    source = CostSource.UNKNOWN if cost_nano is None else CostSource.COMPUTED
    settled = Settlement(
        request_id=f"r{n}",
        attempt=1,
        settled_at=now + 900,
        status=EntryStatus.OK,
        usage=usage,
        cost_nano_usd=cost_nano,
        cost_source=source,
        budget_nano_usd=cost_nano,
    )
    return intent, settled


async def book(ledger: SqliteLedger, calls: list[tuple[Intent, Settlement]]) -> None:
    for start in range(0, len(calls), 500):
        some = calls[start : start + 500]
        await asyncio.gather(*(ledger.admit(intent) for intent, _ in some))
        for _, settled in some:
            ledger.settle(settled)
    await ledger.flush()


def fill(path: Path, calls: list[tuple[Intent, Settlement]]) -> None:
    async def filled() -> None:
        ledger = await open_ledger(path, SystemClock())
        await book(ledger, calls)
        await ledger.aclose()

    asyncio.run(filled())


def a_day(works: tuple[Work, ...]) -> list[tuple[Intent, Settlement]]:
    """The calls of a day, all on Sonnet at $3 and $15: 3,000 and 15,000 nano-dollars a token."""
    calls: list[tuple[Intent, Settlement]] = []
    for work in works:
        cost = work.tokens_in * 3_000 + work.tokens_out * 15_000
        usage = Usage(input_tokens=work.tokens_in, output_tokens=work.tokens_out)
        calls += [call(len(calls) + n, work.task, usage, cost) for n in range(work.calls)]
    return calls
