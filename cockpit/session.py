"""What happens between the screens and what they stand on: a look a second at what changes.

Owns the reading of figures and the watch over the configuration; knows no screen, no widget and no thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from typing import Protocol

from cockpit.figures import Figures
from router.core.budget.budget import standing_caps
from router.core.catalog.news import news
from router.core.cost.reconcile import LOOK_BACK_MS, mismatches
from router.core.records.stress import StressResult
from router.core.request import Request
from router.core.routing.selection import Plan
from router.core.settings.config import RouterConfig
from router.core.settings.edits import ConfigEdit, Proposal
from router.core.stress.plan import StressPlan
from router.core.windows import HOUR_MS, calendar_days, span
from router.engine.events import RouteEvent
from router.engine.health_board import DeploymentState
from router.engine.ports import Clock, SpendReader
from router.engine.stress_events import StressEvent
from router.errors import LedgerError, RouterError
from router.services.daily_quotas import read_daily_quotas
from router.services.tiers import ladder_figures

PAINT_EVERY_S = 0.05
"""Twenty paints a second are as many as anyone can read."""
LOOK_EVERY_S = 1.0
AUTO = "auto"
SHOWN_DAYS = 7
SHOWN_CALLS = 200


class StressTest(Protocol):
    """One run of a stress test's plan."""

    results: list[StressResult]

    def events(self) -> AsyncGenerator[StressEvent, None]:
        """Run it and tell how it goes; closing the generator stops it."""


class Engine(Protocol):
    """What the cockpit needs of the engine."""

    @property
    def config(self) -> RouterConfig:
        """The configuration in use."""

    def stream(self, request: Request) -> AsyncGenerator[RouteEvent, None]:
        """Answer a request; closing the generator or cancelling its task stops the call."""

    def plan(self, request: Request) -> Plan:
        """Return the decision as it would be made now. Raises UnknownName."""

    def deployments(self) -> tuple[DeploymentState, ...]:
        """Return every deployment with its health, cheapest tier first."""

    def stress(self, plan: StressPlan) -> StressTest:
        """Return a stress test of `plan`, ready to run."""


@dataclass(frozen=True, slots=True)
class Reload:
    """What came of reading the configuration again."""

    said: str
    """In a line: what changed, or what is wrong first."""
    problems: tuple[str, ...] = ()
    """All that is wrong with the file; empty when it is in use, else the old configuration stays."""


class Controls(Protocol):
    """What the cockpit can do beside asking."""

    async def poll(self) -> Reload | None:
        """Read the configuration again if its file has changed. Cheap when it has not: None."""

    async def reload(self) -> Reload:
        """Read the configuration again now."""

    async def clear(self, deployment: str) -> None:
        """Let a deployment that is away be asked again. Raises UnknownName and LedgerError."""

    async def propose(self, edits: Sequence[ConfigEdit]) -> Proposal:
        """Return what the configuration's file would become. Raises ConfigError and RouterError."""

    async def propose_undo(self) -> Proposal:
        """Return what the file becomes without its newest change. Raises ConfigError and RouterError."""

    async def apply(self, proposal: Proposal) -> Reload:
        """Write what was proposed and use it. Raises ConfigError."""

    async def export(self, name: str, text: str) -> str:
        """Write a report of a kind as a file and return its path. Raises RouterError."""


class NoControls:
    """Controls of a cockpit over an engine that was made by hand: there is no file behind it."""

    async def poll(self) -> Reload | None:
        """Return None: nothing changes by itself."""
        return None

    async def reload(self) -> Reload:
        """Say that there is nothing to read."""
        return Reload("this configuration comes from no file")

    async def clear(self, deployment: str) -> None:
        """Raise LedgerError."""
        raise LedgerError("this cockpit clears no rests")

    async def propose(self, edits: Sequence[ConfigEdit]) -> Proposal:
        """Raise RouterError."""
        raise RouterError("this configuration comes from no file")

    async def propose_undo(self) -> Proposal:
        """Raise RouterError."""
        raise RouterError("this configuration comes from no file")

    async def apply(self, proposal: Proposal) -> Reload:
        """Raise RouterError."""
        raise RouterError("this configuration comes from no file")

    async def export(self, name: str, text: str) -> str:
        """Raise RouterError."""
        raise RouterError("this cockpit writes no files")


class Watch:
    """Looks once a second whether the ledger has changed, and reads it again only if it has."""

    def __init__(self, engine: Engine, reader: SpendReader, clock: Clock, zone: tzinfo) -> None:
        self._engine = engine
        self._reader = reader
        self._clock = clock
        self._zone = zone
        self._wake = asyncio.Event()
        self._seen: tuple[int, int] | None = None
        self._figures = Figures()

    async def figures(self) -> AsyncGenerator[Figures, None]:
        """Yield the figures now and whenever they change, for ever."""
        while True:
            fresh = await self._look()
            if fresh is not None:
                yield fresh
            await _woken(self._wake)

    def refresh(self) -> None:
        """Read everything again at once, changed or not."""
        self._seen = None
        self._wake.set()

    async def _look(self) -> Figures | None:
        """Return new figures, or None when nothing changed: neither the ledger nor the hour."""
        now_ms = self._clock.now_ms()
        try:
            seen = (await self._reader.version(), now_ms // HOUR_MS)
            if seen == self._seen:
                return None
            self._figures = await self._read(now_ms)
            self._seen = seen
        except LedgerError as error:
            return self._broken(str(error))
        return self._figures

    def _broken(self, problem: str) -> Figures | None:
        """Return the old figures with the reason why there are no newer ones; once per reason."""
        if self._figures.problem == problem:
            return None
        old, self._seen = self._figures, None
        self._figures = replace(old, problem=problem)
        return self._figures

    async def _read(self, now_ms: int) -> Figures:
        days = calendar_days(now_ms, self._zone, SHOWN_DAYS)
        before = span(calendar_days(now_ms, self._zone, SHOWN_DAYS, back=SHOWN_DAYS))
        caps = standing_caps(self._engine.config.budgets, now_ms, self._zone)
        names = [state.deployment.name for state in self._engine.deployments()]
        *spends, previous = await self._reader.totals([*days, before])
        return Figures(
            news=news(self._engine.config, await self._reader.offers(), now_ms),
            tanks=await read_daily_quotas(self._engine.config, self._reader, now_ms),
            days=tuple(zip(days, spends, strict=True)),
            previous=previous,
            calls=tuple(await self._reader.recent(SHOWN_CALLS)),
            ladder=await ladder_figures(self._reader, names, now_ms, self._zone),
            budgets=tuple(zip(caps, await self._reader.budgets(caps), strict=True)),
            alarms=tuple(
                mismatch.words for mismatch in mismatches(await self._reader.billed(now_ms - LOOK_BACK_MS))
            ),
        )


class ConfigNews:
    """Looks once a second whether the configuration's file has changed; one reading at a time."""

    def __init__(self, controls: Controls) -> None:
        self._controls = controls
        self._wake = asyncio.Event()

    async def reloads(self) -> AsyncGenerator[tuple[Reload, bool], None]:
        """Yield what comes of each reading and whether it was asked for, for ever."""
        asked = False
        while True:
            news = await (self._controls.reload() if asked else self._controls.poll())
            if news is not None:
                yield news, asked
            asked = await _woken(self._wake)

    def ask(self) -> None:
        """Read the configuration again at once, changed or not."""
        self._wake.set()


async def _woken(wake: asyncio.Event) -> bool:
    """Wait for the next look; return whether somebody asked for it."""
    try:
        await asyncio.wait_for(wake.wait(), LOOK_EVERY_S)
    except TimeoutError:
        return False
    wake.clear()
    return True
