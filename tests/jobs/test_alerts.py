"""Alerts over a real ledger, real commands and real HTTP on loopback."""

from __future__ import annotations

import asyncio
import json
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path

import pytest

from router.config.loader import load
from router.core.budget.runaway import Pause
from router.core.money import CostSource
from router.core.records.alerts import WrittenAlert
from router.core.records.history import Correction
from router.core.records.offers import ListedModel, ListingRead
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.config import RouterConfig
from router.core.settings.hooks import Event, Hook
from router.core.settings.secret import Secret
from router.engine.clock import ManualClock
from router.hooks.command import CommandRunner
from router.jobs.alerts import Watchman
from router.ledger.sqlite import pauses
from router.ledger.sqlite.alerts import FRESH_MS, MOST_TRIES
from router.ledger.sqlite.attempts import SqliteLedger, open_ledger
from router.ledger.sqlite.driver import open_for_writing, writing
from router.ledger.sqlite.reports import SqliteReports, open_reports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from router.providers.plain_http import spare_transport
from tests.fake_provider import answer, fake_provider
from tests.ledger.samples import INTENT, SETTLEMENT, beside_it

DOLLAR = 1_000_000_000
CONFIG = """
version: 1
providers: {p: {wire: openai, base_url: "http://127.0.0.1:1/v1", billing: metered}}
tiers: {T0: {label: one}}
deployments: {d: {tier: T0, provider: p, model: m}}
routes: {auto: {ladder: [T0]}}
"""


@dataclass
class World:
    ledger: SqliteLedger
    reader: SqliteReports
    clock: ManualClock
    watchman: Watchman
    config: RouterConfig

    async def spend(self, name: str, nano: int) -> None:
        now = self.clock.now_ms()
        await self.ledger.admit(replace(INTENT, request_id=name, started_at=now, held_nano_usd=nano))
        self.ledger.settle(
            replace(SETTLEMENT, request_id=name, settled_at=now, cost_nano_usd=nano, budget_nano_usd=nano)
        )
        await self.ledger.flush()

    async def told(self) -> list[WrittenAlert]:
        return await self.reader.last_alerts(100)

    def hook(self, **changes: object) -> None:
        everything = frozenset(Event)
        self.config = replace(self.config, hooks=(replace(Hook("1 it", everything), **changes),))  # type: ignore[arg-type]


@pytest.fixture
async def world(tmp_path: Path) -> AsyncIterator[World]:
    file, path, clock = tmp_path / "config.yaml", tmp_path / "ledger.db", ManualClock()
    file.write_text(CONFIG)
    budget = Budget(BudgetScope.ALL, None, BudgetWindow.DAY, DOLLAR, rolling=False)
    ledger = await open_ledger(path, clock)
    reader = await open_reports(path)

    def client():  # type: ignore[no-untyped-def]
        return spare_transport(os.environ)

    watchman = Watchman(
        SqliteUpkeep(path), reader, clock, UTC, lambda: made.config, CommandRunner(os.environ), client
    )
    made = World(ledger, reader, clock, watchman, replace(load(file, {}), budgets=(budget,)))
    yield made
    await reader.aclose()
    await ledger.aclose()


def writes_to(path: Path) -> tuple[str, ...]:
    return ("sh", "-c", f"cat >> {path}; echo >> {path}")


def messages(path: Path) -> list[dict[str, object]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


async def test_a_command_is_told_once_of_each_share_of_a_budget(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    world.hook(run=writes_to(out))
    await world.spend("a", 400_000_000)
    assert await world.watchman.round() == 0
    for name, nano in (("b", 150_000_000), ("c", 1), ("d", 300_000_000), ("e", 10**9)):
        await world.spend(name, nano)
        await world.watchman.round()
        assert await world.watchman.round() == 0, "once is enough"
    told = messages(out)
    assert [message["details"]["percent"] for message in told] == [50, 80, 100]  # type: ignore[index]
    assert {message["event"] for message in told} == {"budget"}
    assert [one.told[0].error for one in await world.told()] == [None, None, None]


async def test_a_share_that_falls_again_is_not_told_twice(world: World, tmp_path: Path) -> None:
    world.hook(run=writes_to(tmp_path / "out"))
    await world.spend("a", 10**9)
    assert await world.watchman.round() == 1
    world.config = replace(world.config, budgets=world.config.budgets)
    cheaper = Correction(600_000_000, CostSource.PROVIDER_REPORTED, "it says so")
    assert await SqliteUpkeep(world.ledger.path).adjust(("a", 1), cheaper, world.clock.now_ms())
    assert await world.watchman.round() == 0


async def test_a_web_address_gets_the_same_as_json(world: World) -> None:
    async with fake_provider(answer(b"", 204)) as server:
        world.hook(url=Secret(f"{server.url}/hook/s3cret"))
        await world.spend("a", 10**9)
        assert await world.watchman.round() == 1
    [received] = server.requests
    assert received.line == "POST /hook/s3cret HTTP/1.1"
    body = json.loads(received.body)
    assert (body["event"], body["details"]["limit_usd"]) == ("budget", "1")


async def test_a_hook_that_fails_is_tried_again_later_and_given_up(world: World) -> None:
    async with fake_provider(answer(b"", 500)) as server:
        world.hook(url=Secret(f"{server.url}/s3cret"))
        await world.spend("a", 10**9)
        for _ in range(20):
            await world.watchman.round()
            world.clock.advance(20.0)
    assert len(server.requests) <= MOST_TRIES
    [alert] = await world.told()
    assert alert.told[0].error == "answered with status 500"
    assert alert.told[0].told_at is None
    assert "s3cret" not in repr(alert)


async def test_of_many_rounds_at_once_one_tells(world: World, tmp_path: Path) -> None:
    out = tmp_path / "out"
    world.hook(run=writes_to(out))
    await world.spend("a", 10**9)
    assert sum(await asyncio.gather(*(world.watchman.round() for _ in range(5)))) == 1
    assert len(messages(out)) == 1


async def test_another_process_that_has_the_lease_does_it(world: World, tmp_path: Path) -> None:
    world.hook(run=writes_to(tmp_path / "out"))
    await world.spend("a", 10**9)
    until = world.clock.now_ms() + 1
    beside_it(
        world.ledger.path,
        f"INSERT INTO job_lease VALUES ('alerts', 'somebody nobody can judge', {until})",
    )
    assert await world.watchman.round() == 0
    world.clock.advance(0.001)
    assert await world.watchman.round() == 1


async def test_a_pause_of_the_guard_is_told(world: World, tmp_path: Path) -> None:
    world.hook(run=writes_to(tmp_path / "out"), events=frozenset({Event.GUARD}))
    connection = open_for_writing(world.ledger.path)
    with writing(connection):
        pauses.pause(connection, Pause(everyone=True, reason="300 paid requests within a minute"), None, 1)
    connection.close()
    await world.spend("a", 10**9)
    assert await world.watchman.round() == 1, "of the budget nobody wants to hear"
    [message] = messages(tmp_path / "out")
    assert "300 paid requests within a minute" in str(message["text"])


async def test_a_model_that_its_provider_no_longer_lists_is_told_once(world: World, tmp_path: Path) -> None:
    world.hook(run=writes_to(tmp_path / "out"))

    async def listed(*names: str) -> None:
        models, now = [ListedModel(name) for name in names], world.clock.now_ms()
        await world.watchman.ledger.note_offers([ListingRead("p", tuple(models), now)])
        world.clock.advance(60)

    await listed("m", "other")
    assert await world.watchman.round() == 0
    for names in (["other"], ["m", "other"], ["other"]):
        await listed(*names)
        await world.watchman.round()
    [message] = messages(tmp_path / "out")
    assert message["event"] == "backend_gone"
    assert message["text"] == "p does not list m: d; `cockpit watch` says what to do"


async def test_a_hook_made_later_hears_nothing_of_what_is_long_past(world: World, tmp_path: Path) -> None:
    await world.spend("a", 10**9)
    assert await world.watchman.round() == 0
    assert [alert.event for alert in await world.told()] == ["budget"], "it is written down all the same"
    world.clock.advance(FRESH_MS / 1000)
    world.hook(run=writes_to(tmp_path / "out"))
    assert await world.watchman.round() == 0


async def test_nothing_is_written_where_there_is_no_news(world: World) -> None:
    await world.spend("a", 10**9)
    await world.watchman.round()
    before = await world.reader.version()
    await world.watchman.round()
    assert await world.reader.version() == before


async def test_a_command_that_cannot_start_or_hangs_is_said_to(world: World) -> None:
    await world.spend("a", 10**9)
    world.hook(run=("/nowhere/at/all",))
    assert await world.watchman.round() == 0
    assert "cannot be started" in str((await world.told())[0].told[0].error)
    world.clock.advance(60)
    world.hook(run=("sleep", "60"), timeout_s=0.05)
    assert await world.watchman.round() == 0
    assert (await world.told())[0].told[0].error == "took more than 0.05 s"
