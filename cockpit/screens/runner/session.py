"""What happens between the runner and the engine: one prompt at a time.

The answer's text passes through unread, in pieces that are worth a paint.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import aclosing
from dataclasses import replace

from cockpit.screens.runner.state import RunState, apply, fail, start, stop
from cockpit.session import AUTO, PAINT_EVERY_S, Engine
from router.core.message import Message
from router.core.request import FoundPoor, Request
from router.core.routing.selection import Candidate
from router.engine.events import RouteEvent, TextArrived
from router.engine.ports import Clock
from router.errors import RouterError


class Run:
    """One prompt on its way through the engine."""

    def __init__(self, engine: Engine, clock: Clock, publish: Callable[[RunState, str], None]) -> None:
        self._engine = engine
        self._clock = clock
        self._publish = publish
        self._pieces: list[str] = []
        self._due: asyncio.TimerHandle | None = None
        self.state = RunState()

    async def drive(self, prompt: str, name: str, instead_of: FoundPoor | None = None) -> None:
        """Send `prompt` to `name` and publish what comes of it, at most twenty times a second.

        Ends by itself or by cancellation; the last state is published in either case.
        """
        self.state = start(prompt, self._clock.monotonic())
        self._show()
        request = replace(request_for(prompt, name), instead_of=instead_of)
        try:
            async with aclosing(self._engine.stream(request)) as events:
                async for event in events:
                    self._take(event)
        except RouterError as error:
            self.state = fail(self.state, str(error))
        finally:
            self.state = stop(self.state)
            self._show()

    def _take(self, event: RouteEvent) -> None:
        self.state = apply(self.state, event, self._clock.monotonic())
        if isinstance(event, TextArrived) and event.kind in {"text", "refusal"}:
            self._pieces.append(event.text)
        if self._due is None:
            self._due = asyncio.get_running_loop().call_later(PAINT_EVERY_S, self._show)

    def _show(self) -> None:
        if self._due:
            self._due.cancel()
            self._due = None
        text, self._pieces = "".join(self._pieces), []
        self._publish(self.state, text)


def request_for(prompt: str, name: str) -> Request:
    """Return the request the runner sends for a prompt."""
    return Request(messages=(Message("user", prompt),), name=name, source="cockpit")


def estimates(engine: Engine, prompt: str) -> tuple[str | None, dict[str, Candidate | None]]:
    """Return where `auto` would go now, and per tier who would serve it there: None where nobody can."""
    per_tier = {tier.name: _chosen(engine, prompt, tier.name) for tier in engine.config.tiers}
    auto = _chosen(engine, prompt, AUTO)
    return (auto.tier if auto else None), per_tier


def _chosen(engine: Engine, prompt: str, name: str) -> Candidate | None:
    try:
        return engine.plan(request_for(prompt, name)).chosen
    except RouterError:  # a tier nobody stands on, a configuration without `auto`: no estimate is the answer
        return None
