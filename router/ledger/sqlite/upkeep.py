"""The port `Upkeep` over a SQLite file: each piece of work opens a short connection of its own.

So it needs no writer and disturbs none; it runs on a thread, off the event loop.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import TypeVar

from router.core.records.alerts import Alert, WrittenAlert
from router.core.records.answers import Rated
from router.core.records.history import Correction, Unbilled
from router.core.records.offers import OfferFinding
from router.core.settings.hooks import Hook
from router.errors import LedgerError
from router.ledger.sqlite import adjustments, alerts, cached_responses, offers, paid_calls, quality
from router.ledger.sqlite.driver import Connection, open_for_writing, rewrite, told_clearly, writing
from router.ledger.sqlite.health import clear_health
from router.ledger.sqlite.owners import take_lease, this_process
from router.ledger.sqlite.schema import migrate
from router.ledger.sqlite.sweep import sweep

SWEEP = "sweep"
ALERTS = "alerts"
RECONCILE = "reconcile"
MOST_UNBILLED = 200
T = TypeVar("T")
Due = list[tuple[WrittenAlert, Hook]]


class SqliteUpkeep:
    """Implements `engine.ports.Upkeep` on the ledger at a path; `owner` is this process unless said."""

    def __init__(self, path: Path, owner: str | None = None) -> None:
        self.path = path
        self._owner = owner or this_process()

    async def take_lease(self, job: str, now_ms: int, lease_ms: int) -> bool:
        """Return whether a job is this process's for the next `lease_ms`."""
        return await self._do(lambda connection: self._leases(connection, job, now_ms, lease_ms))

    async def sweep(self, now_ms: int, lease_ms: int) -> int | None:
        """Close what dead owners left open, if this process gets the lease; return how many, or None."""

        def swept(connection: Connection) -> int | None:
            if not self._leases(connection, SWEEP, now_ms, lease_ms):
                return None
            with writing(connection):
                cached_responses.expire(connection, now_ms)
            return sweep(connection, self.path, now_ms)

        return await self._do(swept)

    async def take_alerts(
        self, seen: Sequence[Alert], hooks: Sequence[Hook], now_ms: int, lease_ms: int
    ) -> Due:
        """Write down what was seen; return what is to be told to whom now."""

        def taken(connection: Connection) -> Due:
            if not self._leases(connection, ALERTS, now_ms, lease_ms):
                return []
            with writing(connection):
                alerts.add(connection, seen, now_ms)
                return alerts.take_due(connection, hooks, now_ms)

        return await self._do(taken)

    async def note_deliveries(self, results: Sequence[tuple[int, str, str | None]], now_ms: int) -> None:
        """Note what came of telling: an alert's number, the hook's name, and an error or None."""

        def noted(connection: Connection) -> None:
            for number, hook, error in results:
                alerts.tell(connection, number, hook, error, now_ms)

        await self._write(noted)

    async def unbilled(
        self, providers: Collection[str], when: tuple[int, int], lease_ms: int
    ) -> list[Unbilled]:
        """Return the newest calls of `providers` without a cost, if this process gets the lease."""
        now_ms, since_ms = when

        def found(connection: Connection) -> list[Unbilled]:
            if not self._leases(connection, RECONCILE, now_ms, lease_ms):
                return []
            return adjustments.unbilled(connection, providers, since_ms, MOST_UNBILLED)

        return await self._do(found)

    async def adjust(self, place: tuple[str, int], correction: Correction, now_ms: int) -> bool:
        """Correct what an ended attempt cost; return False when there is no such attempt."""
        return await self._write(lambda connection: adjustments.adjust(connection, place, correction, now_ms))

    async def note_offers(self, findings: Sequence[OfferFinding]) -> None:
        """Take in what came of asking providers."""

        def noted(connection: Connection) -> None:
            for finding in findings:
                offers.write(connection, finding)

        await self._write(noted)

    async def lift_pauses(self, session: str | None, now_ms: int) -> list[str]:
        """End the pauses of the runaway guard, of one session or of all; return their reasons."""
        if not self._exists():
            return []
        return await self._write(lambda connection: paid_calls.resume(connection, session, now_ms))

    async def rate(self, request_id: str | None, *, good: bool, now_ms: int) -> Rated:
        """Keep whether a request's answer was good, of the newest answered one when None."""
        if not self._exists():
            raise LedgerError(f"there is no ledger at {self.path} yet", hint="The first call makes it")
        return await self._write(lambda connection: quality.rate(connection, request_id, good, now_ms))

    async def clear_cooldowns(self, keys: Collection[str] | None = None) -> None:
        """Forget the cooldowns of the health scopes under `keys`, of all when None."""
        if self._exists():
            await self._write(lambda connection: clear_health(connection, keys))

    async def forget_cached_responses(self) -> int:
        """Remove every cached response from the file; return how many there were.

        The file is written anew: earlier versions left what they had dropped on its free pages.
        """
        return await self._do(self._forget) if self._exists() else 0

    def _exists(self) -> bool:
        return self.path.exists()

    def _forget(self, connection: Connection) -> int:
        with writing(connection):
            forgotten = cached_responses.forget(connection)
        if not rewrite(connection):
            raise LedgerError(
                f"the kept answers are removed, but another program holds {self.path}: parts of them may "
                "still stand in the file",
                hint="Close what holds it (a gateway, a backup, a SQLite shell) and do this again",
            )
        return forgotten

    def _leases(self, connection: Connection, job: str, now_ms: int, lease_ms: int) -> bool:
        return take_lease(connection, job, self._owner, now_ms, lease_ms)

    async def _write(self, work: Callable[[Connection], T]) -> T:
        def written(connection: Connection) -> T:
            with writing(connection):
                return work(connection)

        return await self._do(written)

    async def _do(self, work: Callable[[Connection], T]) -> T:
        def done() -> T:
            with self._opened() as connection:
                return work(connection)

        return await asyncio.to_thread(done)

    @contextmanager
    def _opened(self) -> Iterator[Connection]:
        with told_clearly(self.path), closing(open_for_writing(self.path)) as connection:
            migrate(connection, self.path)
            yield connection
