"""What an event loop hands to the writer thread, and how the thread answers."""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Generic, TypeVar

from router.core.records.admission import Admission, Cap, Hold, Lesson, Terms
from router.core.records.answers import CachedResponse, CheckVerdict
from router.core.records.entries import Intent
from router.core.records.health import ExhaustedLimit, LearnedLimit
from router.core.records.stress import StressResult
from router.core.settings.policy import ResponseCache
from router.errors import LedgerError
from router.ledger.rows import Row

T = TypeVar("T")


class Reply(Generic[T]):
    """One caller's wait. The caller may be cancelled or gone at any time; the order is done all the same."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()

    async def wait(self) -> T:
        """Wait for the thread and return what it answers. Raises the LedgerError it answers with."""
        return await self._future

    def send(self, answer: T | LedgerError) -> None:
        """Answer, from the thread; the first answer counts."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._set, answer)

    def _set(self, answer: T | LedgerError) -> None:
        if self._future.done():
            return
        if isinstance(answer, LedgerError):
            self._future.set_exception(answer)
        else:
            self._future.set_result(answer)


@dataclass(frozen=True, slots=True)
class Admit:
    """Write an open row if its terms are met, answer when it is committed."""

    intent: Intent
    terms: Terms
    reply: Reply[Admission]
    ahead_ms: int | None = None
    """As in `Learn`."""


@dataclass(frozen=True, slots=True)
class Extend:
    """Hold more for a running row if its caps allow that, answer when it is committed."""

    place: tuple[str, int]
    """The row's request and attempt."""
    hold: Hold
    caps: Sequence[Cap]
    reply: Reply[Admission]


@dataclass(frozen=True, slots=True)
class Learn:
    """Take in what an attempt taught; nobody waits."""

    lesson: Lesson
    at_ms: int
    ahead_ms: int | None = None
    """How far the time of day was ahead of the steady clock when this was handed in; None where nobody sets
    the clock."""


@dataclass(frozen=True, slots=True)
class Settle:
    """Close a row, and take in what its attempt taught; nobody waits."""

    row: Row
    learn: Learn | None = None


@dataclass(frozen=True, slots=True)
class LearnLimits:
    """Write limits; nobody waits."""

    limits: Sequence[LearnedLimit]


@dataclass(frozen=True, slots=True)
class Fill:
    """Write that a limit is used up; nobody waits."""

    scope: str
    full: ExhaustedLimit


@dataclass(frozen=True, slots=True)
class Checked:
    """Write what checks said of an answer; nobody waits."""

    request_id: str
    attempt: int
    verdicts: Sequence[CheckVerdict]


@dataclass(frozen=True, slots=True)
class Rate:
    """Write whether an answer was good; nobody waits."""

    request_id: str
    good: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class Keep:
    """Write an answer that may stand in later; nobody waits."""

    answer: CachedResponse
    bounds: ResponseCache


@dataclass(frozen=True, slots=True)
class Stressed:
    """Write what a stress test found; nobody waits."""

    result: StressResult


@dataclass(frozen=True, slots=True)
class Clear:
    """Forget rests, answer when it is committed."""

    keys: Collection[str] | None
    reply: Reply[None]


@dataclass(frozen=True, slots=True)
class Flush:
    """Answer when everything before it is on disk."""

    reply: Reply[None]


@dataclass(frozen=True, slots=True)
class Close:
    """The last order; answered after the connection is closed."""

    reply: Reply[None] | None


Noted = Settle | Learn | LearnLimits | Fill | Checked | Rate | Keep | Stressed | Clear
"""What is written as it is; an admission or an extension is decided on as it is written."""

Write = Admit | Extend | Noted
"""What changes the ledger; all that wait are written in one transaction, in order."""

Order = Write | Flush | Close
