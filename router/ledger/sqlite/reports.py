"""The port `ReportReader` over a SQLite file: it reads every row of a window, so it may take seconds."""

from __future__ import annotations

from pathlib import Path

from router.core.records.alerts import WrittenAlert
from router.core.records.answers import CheckStats, Rated
from router.core.records.entries import Entry
from router.core.records.history import Divisions, ListValue, Lot, PrefixUse
from router.core.records.spend import Window
from router.engine.ports import Clock
from router.ledger.sqlite import alerts, cached_responses, history, quality, queries, rollups
from router.ledger.sqlite.reader import SqliteReader


async def open_reports(path: Path, clock: Clock | None = None) -> SqliteReports:
    """Open the ledger at `path` as `reader.open_reader` does, for all that can be read."""
    reports = SqliteReports(path, clock)
    await reports.open()
    return reports


class SqliteReports(SqliteReader):
    """Implements `engine.ports.ReportReader`, and `SpendReader` on the same connection."""

    async def who_answered(self, request_id: str | None) -> Rated:
        """Return who answered a request, the newest answered one when None. Raises LedgerError for none."""
        return await self._ask(lambda connection: quality.answered(connection, request_id))

    async def cache_size(self) -> tuple[int, int]:
        """Return how many responses are cached and how many bytes of text they hold."""
        return await self._ask(cached_responses.count)

    async def last_alerts(self, limit: int) -> list[WrittenAlert]:
        """Return the newest alerts, newest first."""
        return await self._ask(lambda connection: alerts.last(connection, limit))

    async def entries(self, window: Window) -> list[Entry]:
        """Return every entry of a window, oldest first."""
        return await self._ask(lambda connection: queries.entries(connection, window))

    async def lots(self, window: Window, divisions: Divisions) -> list[Lot]:
        """Return what has ended in a window in lots that the prices in question treat alike."""
        return await self._ask(lambda connection: history.lots(connection, window, divisions))

    async def subscribed(self, window: Window) -> ListValue:
        """Return what the calls of subscriptions in a window were worth at list prices."""
        return await self._ask(lambda connection: history.subscribed(connection, window))

    async def prefix_uses(self, window: Window) -> list[PrefixUse]:
        """Return the prefixes that metered calls repeated within a cache's life, and did not cache."""
        return await self._ask(lambda connection: history.prefix_uses(connection, window))

    async def check_stats(self, window: Window) -> list[CheckStats]:
        """Return what each check of each route has led to, for answers begun in a window."""
        return await self._ask(lambda connection: quality.check_stats(connection, window))

    async def differences(self) -> list[str]:
        """Return each sum per hour or day that is not what its rows add up to, in words."""
        return await self._ask(rollups.differences)
