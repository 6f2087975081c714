from __future__ import annotations

import asyncio
from datetime import UTC

from cockpit.figures import Figures
from cockpit.screens.runner.session import Run, estimates
from cockpit.screens.runner.state import RunPhase, RunState
from cockpit.session import Watch
from router.errors import LedgerError
from router.ledger.memory import MemoryLedger
from tests.cockpit.scripted import Cockpit, book, cockpit


def follow(world: Cockpit) -> tuple[Run, list[tuple[RunState, str]]]:
    seen: list[tuple[RunState, str]] = []
    return Run(world.engine, world.clock, lambda run, text: seen.append((run, text))), seen


async def test_a_quick_answer_is_told_in_few_pieces_and_whole() -> None:
    world = cockpit()
    world.engine.pieces = ("word ",) * 500
    run, seen = follow(world)
    await run.drive("hello", "auto")
    assert "".join(text for _, text in seen) == "word " * 500
    assert seen[-1][0].phase is RunPhase.DONE
    assert len(seen) < 10


async def test_the_first_text_is_told_without_waiting_for_the_second() -> None:
    world = cockpit()
    world.engine.hangs = True
    told = asyncio.Event()
    seen: list[RunState] = []

    def publish(run: RunState, text: str) -> None:
        seen.append(run)
        if text:
            told.set()

    task = asyncio.create_task(Run(world.engine, world.clock, publish).drive("hello", "auto"))
    await asyncio.wait_for(told.wait(), 2)
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)
    assert seen[-1].phase is RunPhase.STOPPED
    assert [entry.status.value for entry in await world.ledger.recent(5)] == ["cancelled"]


async def test_a_name_nobody_defined_is_told_as_a_failure() -> None:
    world = cockpit()
    world.engine.refuses = True
    run, seen = follow(world)
    await run.drive("hello", "T9")
    assert seen[-1][0].phase is RunPhase.FAILED
    assert "no route, tier, deployment or alias is called 'T9'" in seen[-1][0].error


def test_each_tier_has_its_estimate_and_a_tier_that_cannot_serve_has_none() -> None:
    auto, per_tier = estimates(cockpit().engine, "hello")
    assert auto == "T1"
    assert {tier: c.estimate_nano_usd if c else "nobody" for tier, c in per_tier.items()} == {
        "T0": "nobody",
        "T1": 0,
        "T2": 0,
        "T3": 412_000,
    }


async def test_the_ledger_is_read_again_only_when_it_changed() -> None:
    world = cockpit()
    watch = Watch(world.engine, world.ledger, world.clock, UTC)
    figures = watch.figures()
    assert (await anext(figures)).total.requests == 0
    waiting = asyncio.ensure_future(anext(figures))
    await asyncio.sleep(0)
    await book(world, request_id="a", age_s=60, cost_nano=41_000_000)
    await book(world, request_id="b", age_s=8 * 86_400, cost_nano=5_000_000)
    watch._wake.set()
    read = await waiting
    assert (read.today.cost_nano_usd, read.previous.cost_nano_usd) == (41_000_000, 5_000_000)
    assert [entry.intent.request_id for entry in read.calls] == ["a", "b"]
    assert len(read.days) == 7


class UnreadableLedger(MemoryLedger):
    async def version(self) -> int:
        raise LedgerError("ledger.db is locked")


async def test_a_ledger_that_cannot_be_read_is_told_once() -> None:
    world = cockpit()
    watch = Watch(world.engine, UnreadableLedger(), world.clock, UTC)
    figures = watch.figures()
    first: Figures = await anext(figures)
    assert first.problem == "ledger.db is locked"
    assert await watch._look() is None
