"""What an event loop hands to the writer thread, and how the thread answers."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from contextlib import suppress
from typing import Generic, TypeVar

from router.core.budget.leases import Claim
from router.core.records.admission import Admission, Cap, Hold, Terms
from router.core.records.entries import Intent
from router.core.records.facts import Fact
from router.core.value import dataclass
from router.errors import LedgerError
from router.ledger.sqlite.rows import Row

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
    """As in `Note`."""


@dataclass(frozen=True, slots=True)
class Start:
    """Write the open row of an attempt that was admitted from leases, and let them shrink by it."""

    intent: Intent
    claims: tuple[Claim, ...]


@dataclass(frozen=True, slots=True)
class GiveBack:
    """Have this process hold so much less, by scope."""

    given: dict[str, int]


@dataclass(frozen=True, slots=True)
class Extend:
    """Hold more for a running row if its caps allow that, answer when it is committed."""

    place: tuple[str, int]
    """The row's request and attempt."""
    hold: Hold
    caps: Sequence[Cap]
    reply: Reply[Admission]


@dataclass(frozen=True, slots=True)
class Note:
    """Write a fact; nobody waits."""

    fact: Fact
    ahead_ms: int | None = None
    """How far the time of day was ahead of the steady clock when this was handed in; None where nobody sets
    the clock."""


@dataclass(frozen=True, slots=True)
class Settle:
    """Close a row, and take in what its attempt taught; nobody waits."""

    row: Row
    learn: Note | None = None


@dataclass(frozen=True, slots=True)
class Flush:
    """Answer when everything before it is on disk."""

    reply: Reply[None]


@dataclass(frozen=True, slots=True)
class Close:
    """The last order; answered after the connection is closed."""

    reply: Reply[None] | None


Write = Admit | Start | GiveBack | Extend | Settle | Note
"""What changes the ledger; all that wait are written in one transaction, in order."""

PATIENT = (Start, Settle, Note)
"""Orders for which nobody waits."""

Order = Write | Flush | Close
