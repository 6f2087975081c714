"""Warm-ups: once a day, by one process, and never what costs money."""

from __future__ import annotations

import json
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import UTC
from pathlib import Path
from typing import cast

import pytest

from router.core.records.spend import Dimension, Window
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.jobs import Jobs, WarmUp
from router.core.settings.providers import Wire
from router.engine.clock import ManualClock
from router.jobs.offers import OfferWatch
from router.jobs.warm_up import Warmer
from router.ledger.private_files import prepare
from router.ledger.sqlite.driver import open_for_writing
from router.ledger.sqlite.owners import take_lease
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.upkeep import SqliteUpkeep
from router.providers.pyreqwest_transport import PyreqwestTransport
from router.providers.scripted import Script
from router.providers.transport import LoopbackOnly, Transport
from tests.configs import small_config
from tests.engine.test_engine import Bench
from tests.providers.fake_ollama import fake_ollama, ps

NOON = ManualClock().ms
LEFT_ALONE = "somebody nobody can judge"


@dataclass
class Lists:
    """Counts how often lists are read."""

    reads: int = 0

    async def once(self, *, everyone: bool = False) -> None:
        self.reads += everyone


def config(*names: str, **changes: Deployment) -> RouterConfig:
    return replace(small_config(changes=changes), jobs=Jobs(warm_ups=(WarmUp("12:00", names),)))


@pytest.fixture
def ledger(tmp_path: Path) -> Path:
    path = tmp_path / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
    return path


def connect() -> Transport:
    return LoopbackOnly(PyreqwestTransport())


def warmer(ledger: Path, bench: Bench, clock: ManualClock, lists: Lists) -> Warmer:
    return Warmer(SqliteUpkeep(ledger), bench.engine, cast(OfferWatch, lists), clock, UTC, connect)


async def test_local_models_are_called_and_of_others_the_lists_are_read(ledger: Path) -> None:
    bench, lists = Bench({"local": [Script()]}, config("free", "local", "paid")), Lists()
    await warmer(ledger, bench, ManualClock(), lists).once()
    assert (bench.called, lists.reads) == (["local"], 1)
    [call] = bench.upstream.calls
    assert call.max_tokens == 1
    [group] = await bench.ledger.groups(Window(0, 1 << 53), Dimension.SOURCE)
    assert (group.key, group.spend.cost_nano_usd) == ("warmup", 0)


@pytest.mark.parametrize(
    ("loaded", "sizes"),
    [
        ({}, [8192]),
        ({"qwen3": 4096}, [8192]),
        ({"other": 8192}, [8192]),
        ({"qwen3": 16384}, []),
        ({"qwen3": None}, []),
    ],
)
async def test_ollama_loads_a_model_that_is_not_in_memory_and_none_is_called(
    ledger: Path, loaded: dict[str, int | None], sizes: list[int]
) -> None:
    with fake_ollama(
        {"/api/ps": ps(loaded), "/api/generate": b'{"done": true, "done_reason": "load"}'}
    ) as ollama:
        bench, lists = Bench({}, config("local", local=at_ollama(ollama.url))), Lists()
        await warmer(ledger, bench, ManualClock(), lists).once()
    asked = [json.loads(body) for path, body in ollama.sent if path != "/api/ps"]
    assert asked == [{"model": "qwen3", "stream": False, "options": {"num_ctx": size}} for size in sizes]
    assert (bench.called, await bench.ledger.recent(9), lists.reads) == ([], [], 0)


async def test_an_ollama_that_cannot_load_a_model_ends_no_warm_up(ledger: Path) -> None:
    with fake_ollama({"/api/ps": ps({})}) as ollama:
        bench, lists = Bench({}, config("local", "free", local=at_ollama(ollama.url))), Lists()
        await warmer(ledger, bench, ManualClock(), lists).once()
    assert [path for path, _ in ollama.sent] == ["/api/ps", "/api/generate"]
    assert lists.reads == 1


def at_ollama(url: str) -> Deployment:
    local = small_config().deployments["local"]
    provider = replace(local.provider, wire=Wire.OLLAMA, base_url=url)
    return replace(local, model="qwen3", provider=provider, context_window=32768)


async def test_it_happens_once_a_day_and_in_one_process(ledger: Path) -> None:
    bench, lists, clock = Bench({"local": [Script(), Script()]}, config("local")), Lists(), ManualClock()
    mine = warmer(ledger, bench, clock, lists)
    for _ in range(3):
        await mine.once()
        clock.advance(20)
    assert (bench.called, lists.reads) == (["local"], 0)
    clock.advance(24 * 3600 - 60)
    with closing(open_for_writing(ledger)) as connection:
        take_lease(connection, "warm-up 2026-11-23 12:00", LEFT_ALONE, clock.ms, 600_000)
    await mine.once()
    assert bench.called == ["local"]
    clock.advance(24 * 3600)
    await mine.once()
    assert bench.called == ["local", "local"]


async def test_what_is_off_is_left_alone_and_a_failure_ends_nothing(ledger: Path) -> None:
    off = replace(small_config().deployments["local"], off="no Ollama answers")
    bench, lists = Bench({}, config("local", local=off)), Lists()
    await warmer(ledger, bench, ManualClock(), lists).once()
    assert (bench.called, lists.reads) == ([], 0)


async def test_at_another_time_nothing_happens(ledger: Path) -> None:
    bench, lists = Bench({"local": [Script()]}, config("local")), Lists()
    await warmer(ledger, bench, ManualClock(NOON - 1), lists).once()
    assert (bench.called, lists.reads) == ([], 0)
