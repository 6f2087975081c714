"""Several specialists at once, then one coordinator over their answers.

Pure composition over `Engine.stream`: every call is a request of its own, with its own plan, budgets and
ledger rows; the session they share is what holds them together.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from dataclasses import dataclass, replace
from typing import Protocol

from router.core.model import Route
from router.core.request import Message, Request
from router.engine.events import Answer, RequestEnded, RouteEvent


class Asks(Protocol):
    """What is needed of an engine."""

    def route(self, name: str) -> Route:
        """Return what a name stands for. Raises UnknownName."""

    def stream(self, request: Request) -> AsyncGenerator[RouteEvent, None]:
        """Answer one request, `RequestEnded` last."""


@dataclass(frozen=True, slots=True)
class FromSpecialist:
    """An event of one specialist's request."""

    place: int
    """Which of them, from 0: one name may be asked twice."""
    name: str
    event: RouteEvent


@dataclass(frozen=True, slots=True)
class FromCoordinator:
    """An event of the coordinator's request."""

    event: RouteEvent


async def consult(
    engine: Asks, request: Request, specialists: Sequence[str], coordinator: str
) -> AsyncGenerator[FromSpecialist | FromCoordinator, None]:
    """Ask all `specialists` at once, then `coordinator` to make one answer of theirs; tell what happens.

    `request.max_cost_nano` bounds each call by itself. When no specialist answers, the coordinator is not
    asked. Closing the generator stops every call. Raises UnknownName before anything is sent, ValueError
    without a session or without specialists, and LedgerError as `Engine.stream` does.
    """
    if not specialists or request.session is None:
        raise ValueError("a consultation needs specialists, and a session that its ledger rows share")
    for name in (*specialists, coordinator):
        engine.route(name)
    answers: dict[int, Answer] = {}
    async with aclosing(_specialists(engine, request, specialists)) as heard:
        async for one in heard:
            if isinstance(one.event, RequestEnded):
                answers[one.place] = one.event.answer
            yield one
    if all(answer.error for answer in answers.values()):
        return
    ordered = [(name, answers[place]) for place, name in enumerate(specialists)]
    async with aclosing(engine.stream(coordinated(request, coordinator, ordered))) as events:
        async for event in events:
            yield FromCoordinator(event)


def coordinated(request: Request, coordinator: str, answers: Sequence[tuple[str, Answer]]) -> Request:
    """Return the coordinator's request: the caller's, with every specialist's answer at its end."""
    said = [
        f"## {name}\n{answer.text if answer.error is None else f'(no answer: {answer.error.message})'}"
        for name, answer in answers
    ]
    words = "\n\n".join(
        ("Specialists have answered this:", *said, "Make one answer of what is right in theirs.")
    )
    *before, last = request.messages
    if last.role == "user":  # not two turns of one side: some models refuse them
        messages = (*before, replace(last, content=f"{last.content}\n\n{words}"))
    else:
        messages = (*request.messages, Message("user", words))
    return replace(request, name=coordinator, messages=messages)


async def _specialists(
    engine: Asks, request: Request, names: Sequence[str]
) -> AsyncGenerator[FromSpecialist, None]:
    """Run all requests at once and pass their events on as they come."""
    heard: asyncio.Queue[FromSpecialist | None] = asyncio.Queue()

    async def ask(place: int, name: str) -> None:
        try:
            async with aclosing(engine.stream(replace(request, name=name))) as events:
                async for event in events:
                    heard.put_nowait(FromSpecialist(place, name, event))
        finally:
            heard.put_nowait(None)

    tasks = [asyncio.create_task(ask(place, name)) for place, name in enumerate(names)]
    try:
        for _ in names:
            while (one := await heard.get()) is not None:
                yield one
        await asyncio.gather(*tasks)  # raises what a request raised
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
