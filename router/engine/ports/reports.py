"""What reports read of the ledger beside its sums."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Protocol

from router.core.records.alerts import WrittenAlert
from router.core.records.answers import CheckStats, Rated
from router.core.records.entries import Entry
from router.core.records.history import Divisions, ListValue, Lot, PrefixUse
from router.core.records.spend import Window


class ReportReader(Protocol):
    """What reports read beside the sums: every row of a window, so it may take seconds."""

    async def entries(self, window: Window) -> list[Entry]:
        """Every entry of a window, oldest first."""

    async def lots(self, window: Window, divisions: Divisions) -> list[Lot]:
        """What has ended in a window, in lots that the prices in question treat alike."""

    async def subscribed(self, window: Window) -> ListValue:
        """What the calls of subscriptions in a window were worth at list prices; no part of any spend."""

    async def prefix_uses(self, window: Window) -> list[PrefixUse]:
        """The prefixes that metered calls repeated within a cache's life, and did not cache."""

    async def check_stats(self, window: Window) -> list[CheckStats]:
        """What each check of each route has led to, for answers begun in a window."""

    async def last_alerts(self, limit: int) -> Sequence[WrittenAlert]:
        """The newest alerts, newest first, with the hooks that were told."""

    async def who_answered(self, request_id: str | None) -> Rated:
        """Who answered a request, the newest answered one when None. Raises LedgerError for none."""

    async def cache_size(self) -> tuple[int, int]:
        """How many responses are cached, and how many bytes of text they hold."""

    async def differences(self) -> list[str]:
        """Each stored sum that is not what its rows add up to, in words. Reads the whole ledger."""
