"""The port `SpendReader` over a SQLite file: a read-only connection on a thread of its own."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from typing import TypeVar

from router.core.records.admission import Cap, Quota, Used
from router.core.records.alerts import Alert, StandingPause
from router.core.records.answers import CachedResponse, Evidence
from router.core.records.entries import Entry
from router.core.records.health import ExhaustedLimit, LearnedLimit, ScopeHealth, TrackRecord
from router.core.records.history import Answered, Billed
from router.core.records.offers import Offers
from router.core.records.spend import DeploymentStats, Dimension, Spend, SpendGroup, Window
from router.core.records.stress import StressResult
from router.core.settings.deployments import Work
from router.core.settings.hooks import Hook
from router.engine.ports import Clock
from router.errors import LedgerError
from router.ledger.open_file import OpenFile
from router.ledger.sqlite import alerts, budgets, cached_responses, history, pauses, quality, queries, stress
from router.ledger.sqlite.driver import Connection, open_for_reading, reading, told_clearly
from router.ledger.sqlite.health import all_health, exhausted_by, health_by
from router.ledger.sqlite.limits import all_exhausted, all_limits, counted
from router.ledger.sqlite.offers import all_offers
from router.ledger.sqlite.schema import version_of

T = TypeVar("T")


async def open_reader(path: Path, clock: Clock | None = None) -> SqliteReader:
    """Open the ledger at `path` for reading, also one that a newer cockpit made.

    By `clock` cooldowns are told that were written before somebody set it; as they are written when None.
    Raises LedgerError: no ledger there yet (nothing is made), not readable, another program's file.
    """
    reader = SqliteReader(path, clock)
    await reader.open()
    return reader


class SqliteReader:
    """Implements `engine.ports.SpendReader`. Made by `open_reader`.

    No transaction outlives a question, so that checkpoints are never held up.
    """

    def __init__(self, path: Path, clock: Clock | None = None) -> None:
        self.path = path
        self._clock = clock
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="ledger-reader")
        self._connection: Connection | None = None
        self._file = OpenFile(path)
        self._closed = False

    async def open(self) -> None:
        """Open the file now, or say why not. Raises LedgerError, and is closed then."""
        try:
            await self.version()
        except (LedgerError, asyncio.CancelledError):
            await self.aclose()
            raise

    async def version(self) -> int:
        """Return a number that changes when any connection has committed (PRAGMA data_version)."""

        def ask(connection: Connection) -> int:
            [(version,)] = connection.execute("PRAGMA data_version")
            return int(version)

        return await self._on_thread(ask)

    async def totals(self, windows: Sequence[Window]) -> list[Spend]:
        """Return one sum per window, all of the same moment."""
        return await self._ask(lambda connection: [queries.totals(connection, window) for window in windows])

    async def groups(self, window: Window, by: Dimension) -> list[SpendGroup]:
        """Return a breakdown, dearest first. Raises ValueError for `day`, which is `totals` of days."""
        return await self._ask(lambda connection: queries.groups(connection, window, by))

    async def budgets(self, caps: Sequence[Cap]) -> list[Used]:
        """Return what counts against each cap, all of the same moment."""
        return await self._ask(lambda connection: budgets.spent(connection, caps))

    async def recent(self, limit: int) -> list[Entry]:
        """Return the newest entries of all processes, newest first, running ones included."""
        return await self._ask(lambda connection: queries.recent(connection, max(limit, 0)))

    async def health(self) -> Mapping[str, ScopeHealth]:
        """Return what is known of every scope that was ever in trouble, by key."""
        clock = self._clock
        return await self._ask(all_health if clock is None else lambda c: health_by(c, clock))

    async def limits(self) -> Sequence[LearnedLimit]:
        """Return every limit that was learned, however long ago."""
        return await self._ask(all_limits)

    async def told_full(self) -> Mapping[str, ExhaustedLimit]:
        """Return what providers said is used up, by scope."""
        clock = self._clock
        return await self._ask(all_exhausted if clock is None else lambda c: exhausted_by(c, clock))

    async def counted_full(
        self, asked: Mapping[str, Sequence[Quota]], now_ms: int
    ) -> Mapping[str, ExhaustedLimit]:
        """Return which deployments have no room within their quotas for one more, by name."""
        return await self._ask(lambda connection: counted(connection, asked, now_ms))

    async def offers(self) -> Offers:
        """Return what providers were found to offer."""
        return await self._ask(all_offers)

    async def deployment_stats(self, window: Window) -> Mapping[str, DeploymentStats]:
        """Return answers, failures and the median first-token time per deployment name."""
        return await self._ask(lambda connection: queries.deployment_stats(connection, window))

    async def evidence(self, window: Window) -> Mapping[tuple[str, Work], Evidence]:
        """Return what ratings, checks and escalations say of each deployment's work."""
        return await self._ask(lambda connection: quality.evidence(connection, window))

    async def kept(self, key: str, since_ms: int) -> CachedResponse | None:
        """Return the answer kept under a request's fingerprint, if it is young enough."""
        return await self._ask(lambda connection: cached_responses.find(connection, key, since_ms))

    async def prefixes(self, since_ms: int) -> Mapping[str, frozenset[str]]:
        """Return the beginnings sent since a moment, and the deployments that have each in a cache."""
        return await self._ask(lambda connection: history.prefixes(connection, since_ms))

    async def answered(self, deployments: Collection[str], since_ms: int) -> Mapping[str, Sequence[Answered]]:
        """Return the newest answered and counted calls by deployment."""
        return await self._ask(lambda connection: history.answered(connection, deployments, since_ms))

    async def billed(self, since_ms: int) -> list[Billed]:
        """Return what providers reported for their newest calls beside what was computed."""
        return await self._ask(lambda connection: history.billed(connection, since_ms))

    async def pauses(self) -> list[StandingPause]:
        """Return the pauses of the runaway guard that nobody has lifted."""
        return await self._ask(pauses.unlifted)

    async def has_news(self, seen: Sequence[Alert], hooks: Sequence[Hook], now_ms: int) -> bool:
        """Tell whether an alert is to be written down or told."""
        return await self._ask(lambda connection: alerts.is_news(connection, seen, hooks, now_ms))

    async def track_records(self, deployments: Collection[str]) -> Mapping[str, TrackRecord]:
        """Return how the last calls and the last stress test of each deployment went."""
        return await self._ask(lambda connection: queries.track_records(connection, deployments))

    async def stress_results(self, limit: int, deployment: str | None = None) -> list[StressResult]:
        """Return the newest results of stress tests, newest first; of one deployment or of all."""
        return await self._ask(lambda connection: stress.newest(connection, limit, deployment))

    async def aclose(self) -> None:
        """Close the connection, after the question it is at."""
        if self._closed:
            return
        self._closed = True
        self._thread.submit(self._close)
        self._thread.shutdown(wait=False)

    async def _ask(self, question: Callable[[Connection], T]) -> T:
        def answer(connection: Connection) -> T:
            with reading(connection):
                return question(connection)

        return await self._on_thread(answer)

    async def _on_thread(self, work: Callable[[Connection], T]) -> T:
        if self._closed:
            raise LedgerError(f"the reader of the ledger {self.path} is closed", hint="Open it again")
        return await asyncio.get_running_loop().run_in_executor(self._thread, self._work, work)

    def _work(self, work: Callable[[Connection], T]) -> T:
        with told_clearly(self.path):
            if self._connection is not None and not self._file.is_there:
                self._close()  # what is at the path now is what is asked for
            if self._connection is None:
                self._connection = self._open()
            return work(self._connection)

    def _open(self) -> Connection:
        if not self.path.exists():
            raise LedgerError(f"there is no ledger at {self.path} yet", hint="The first call makes it")
        self._file = OpenFile(self.path)
        connection = open_for_reading(self.path)
        with ExitStack() as undo:
            undo.callback(connection.close)
            version_of(connection, self.path)
            undo.pop_all()
        return connection

    def _close(self) -> None:
        if self._connection is not None:
            self._file.close(self._connection)
            self._connection = None
