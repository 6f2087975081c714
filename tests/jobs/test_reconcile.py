"""A cut call's cost is asked for afterwards, over real HTTP, a few times only, and is known from then on."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from router.core.records.entries import Entry
from router.core.settings.config import RouterConfig
from router.engine.clock import ManualClock
from router.jobs.reconcile import AGE_MS, TRIES, Reconciler
from router.ledger.sqlite.attempts import open_ledger
from router.ledger.sqlite.reports import open_reports
from router.ledger.sqlite.upkeep import SqliteUpkeep
from router.providers.httpx2_transport import Httpx2Transport
from tests.configs import small_config
from tests.fake_provider import FakeProvider, fake_provider
from tests.ledger.samples import INTENT, START
from tests.ledger.test_adjustments import CUT

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n\r\n"
TOLD = HEAD + b'{"data": {"id": "gen-1", "total_cost": 0.0000031, "is_byok": false}}'
NOT_YET = b"HTTP/1.1 404 Not Found\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"


def at(server: FakeProvider, vendor: str = "openrouter") -> RouterConfig:
    config = small_config()
    provider = config.deployments["paid"].provider
    there = replace(provider, name="openrouter", base_url=f"{server.url}/api/v1", catalogue=vendor)
    return replace(config, providers={"openrouter": there})


async def cut(path: Path, clock: ManualClock) -> None:
    """Leave a ledger with one call that was cut."""
    ledger = await open_ledger(path, clock)
    await ledger.admit(replace(INTENT, started_at=clock.ms))
    ledger.settle(CUT)
    await ledger.aclose()


async def entry(path: Path) -> Entry:
    reader = await open_reports(path)
    [found] = await reader.recent(1)
    await reader.aclose()
    return found


async def test_a_cut_call_is_known_once_its_provider_has_told(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", ManualClock(START)
    await cut(path, clock)
    async with fake_provider(TOLD) as server:
        job = Reconciler(SqliteUpkeep(path), clock, lambda: at(server), Httpx2Transport)
        assert await job.round() == 1
        assert await job.round() == 0
        [asked] = server.requests
    assert asked.line.startswith("GET /api/v1/generation?id=gen-1 ")
    assert asked.headers["authorization"] == "Bearer key of at-paid"
    ended = (await entry(path)).settlement
    assert ended is not None
    assert (ended.cost_nano_usd, ended.cost_source, ended.status) == (3_100, "provider_reported", CUT.status)


async def test_a_provider_that_does_not_know_is_asked_a_few_times_ever_later(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", ManualClock(START)
    await cut(path, clock)
    async with fake_provider(NOT_YET) as server:
        job = Reconciler(SqliteUpkeep(path), clock, lambda: at(server), Httpx2Transport)
        asked: list[int] = []
        for minute in range(60):
            await job.round()
            asked += [minute] * (len(server.requests) - len(asked))
            clock.advance(60)
    assert asked == [0, 1, 3, 7, 15]
    assert len(asked) == TRIES
    ended = (await entry(path)).settlement
    assert ended is not None
    assert ended.cost_nano_usd is None


async def test_nothing_is_asked_of_other_vendors_or_of_old_calls(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", ManualClock(START)
    await cut(path, clock)
    async with fake_provider(TOLD) as server:
        other = Reconciler(SqliteUpkeep(path), clock, lambda: at(server, "anthropic"), Httpx2Transport)
        assert await other.round() == 0
        clock.advance(AGE_MS / 1000 + 1)
        late = Reconciler(SqliteUpkeep(path), clock, lambda: at(server), Httpx2Transport)
        assert await late.round() == 0
        assert server.requests == []


async def test_a_provider_that_cannot_be_reached_costs_a_try_and_nothing_else(tmp_path: Path) -> None:
    path, clock = tmp_path / "ledger.db", ManualClock(START)
    await cut(path, clock)
    async with fake_provider(TOLD) as server:
        gone = at(server)
    assert await Reconciler(SqliteUpkeep(path), clock, lambda: gone, Httpx2Transport).round() == 0
