"""What an event loop hands to the writer thread, and how the thread answers."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import dataclass

from router.core.spend import Intent
from router.errors import LedgerError
from router.ledger.rows import Row


class Reply:
    """One caller's wait. The caller may be cancelled or gone at any time; the order is done all the same."""

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[None] = self._loop.create_future()

    async def wait(self) -> None:
        """Wait for the thread. Raises the LedgerError it answers with."""
        await self._future

    def send(self, error: LedgerError | None = None) -> None:
        """Answer, from the thread; the first answer counts."""
        with suppress(RuntimeError):  # the loop is closed: nobody waits any more
            self._loop.call_soon_threadsafe(self._set, error)

    def _set(self, error: LedgerError | None) -> None:
        if self._future.done():
            return
        if error is None:
            self._future.set_result(None)
        else:
            self._future.set_exception(error)


@dataclass(frozen=True, slots=True)
class Admit:
    """Write an open row, answer when it is committed."""

    intent: Intent
    reply: Reply


@dataclass(frozen=True, slots=True)
class Settle:
    """Close a row; nobody waits."""

    row: Row


@dataclass(frozen=True, slots=True)
class Flush:
    """Answer when everything before it is on disk."""

    reply: Reply


@dataclass(frozen=True, slots=True)
class Close:
    """The last order; answered after the connection is closed."""

    reply: Reply | None


Order = Admit | Settle | Flush | Close
