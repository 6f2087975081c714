"""The ledger without a file: the same two ports over a list, for the engine's tests, demos and dry runs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields, replace
from statistics import median_low

from router.core.spend import (
    DeploymentStats,
    Dimension,
    Entry,
    EntryStatus,
    Intent,
    Settlement,
    Spend,
    SpendGroup,
    Window,
)
from router.core.usage import Usage
from router.errors import LedgerError
from router.ledger.queries import column_of, dearest_first

_ANSWERED = {EntryStatus.OK, EntryStatus.FAILED, EntryStatus.TRUNCATED}


class MemoryLedger:
    """Implements `engine.ports.Ledger` and `SpendReader`; forgets everything when it goes."""

    def __init__(self) -> None:
        self.refusal: LedgerError | None = None
        """Set it and `admit` raises it: how a full disk looks to the engine."""
        self._entries: dict[tuple[str, int], Entry] = {}
        self._tags: dict[str, set[tuple[str, str]]] = {}
        self._commits = 0
        self._closed = False

    async def admit(self, intent: Intent) -> None:
        """Keep the row. Raises LedgerError when it is there already, or what `refusal` says."""
        self._require_open()
        if self.refusal is not None:
            raise self.refusal
        place = (intent.request_id, intent.attempt)
        if place in self._entries:
            raise LedgerError(
                f"attempt {intent.attempt} of request {intent.request_id} is in the ledger already"
            )
        self._entries[place] = Entry(intent, None)
        self._tags.setdefault(intent.request_id, set()).update(intent.tags)
        self._commits += 1

    def settle(self, settlement: Settlement) -> None:
        """Close an open row; anything else changes nothing."""
        self._require_open()
        place = (settlement.request_id, settlement.attempt)
        entry = self._entries.get(place)
        if entry is not None and entry.settlement is None:
            self._entries[place] = replace(entry, settlement=settlement)
            self._commits += 1

    async def flush(self) -> None:
        """Nothing waits here."""
        self._require_open()

    async def aclose(self) -> None:
        """Take nothing more. What is in it can still be read."""
        self._closed = True

    async def version(self) -> int:
        """Return how many writes there have been."""
        return self._commits

    async def totals(self, windows: Sequence[Window]) -> list[Spend]:
        """Return one sum per window."""
        return [_sum(self._within(window)) for window in windows]

    async def groups(self, window: Window, by: Dimension) -> list[SpendGroup]:
        """Return a breakdown, dearest first. Raises ValueError for `day`."""
        column = None if by is Dimension.TAG else column_of(by)
        lines: dict[str | None, list[Entry]] = {}
        for entry in self._within(window):
            for key in [getattr(entry.intent, column)] if column else self._tag_lines(entry):
                lines.setdefault(key, []).append(entry)
        return dearest_first(SpendGroup(key, _sum(entries)) for key, entries in lines.items())

    async def recent(self, limit: int) -> list[Entry]:
        """Return the newest entries, newest first."""
        newest = sorted(self._entries.values(), key=lambda entry: entry.intent.started_at)[::-1]
        return [self._tagged(entry) for entry in newest[: max(limit, 0)]]

    async def deployment_stats(self, window: Window) -> Mapping[str, DeploymentStats]:
        """Return answers, failures and the median first-token time per deployment name."""
        answered: dict[str, list[Settlement]] = {}
        for entry in self._within(window):
            if entry.settlement is not None and entry.status in _ANSWERED:
                answered.setdefault(entry.intent.deployment, []).append(entry.settlement)
        return {deployment: _stats(settlements) for deployment, settlements in answered.items()}

    def _require_open(self) -> None:
        if self._closed:
            raise LedgerError("the ledger in memory is closed", hint="Nothing can be written any more")

    def _within(self, window: Window) -> list[Entry]:
        return [
            entry for entry in self._entries.values() if window.start <= entry.intent.started_at < window.end
        ]

    def _tag_lines(self, entry: Entry) -> list[str | None]:
        return [f"{key}={value}" for key, value in self._tags[entry.intent.request_id]] or [None]

    def _tagged(self, entry: Entry) -> Entry:
        """Return an entry with the tags of its request, as rows read back: sorted, each once."""
        tags = tuple(sorted(self._tags[entry.intent.request_id]))
        return replace(entry, intent=replace(entry.intent, tags=tags))


def _sum(entries: Iterable[Entry]) -> Spend:
    entries = list(entries)
    settled = [entry.settlement for entry in entries if entry.settlement is not None]
    costs = [settlement.cost_nano_usd for settlement in settled]
    known = [cost for cost in costs if cost is not None]
    return Spend(
        cost_nano_usd=sum(known),
        unknown_cost_attempts=len(costs) - len(known),
        requests=len({entry.intent.request_id for entry in entries}),
        attempts=len(entries),
        usage=_usage([settlement.usage for settlement in settled]),
    )


def _usage(counts: Sequence[Usage]) -> Usage:
    """Add up field by field; a field that nobody gave stays None."""
    sums: dict[str, int | None] = {}
    for field in fields(Usage):
        known = [value for usage in counts if (value := getattr(usage, field.name)) is not None]
        sums[field.name] = sum(known) if known else None
    return Usage(**sums)


def _stats(settlements: Sequence[Settlement]) -> DeploymentStats:
    ttfts = [settlement.ttft_ms for settlement in settlements if settlement.ttft_ms is not None]
    failures = sum(settlement.status is not EntryStatus.OK for settlement in settlements)
    return DeploymentStats(len(settlements), failures, median_low(ttfts) if ttfts else None)
