"""Live calls: the ledger's newest rows, of every process, running ones included."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from cockpit.format import NOTHING, call_time, money, rate, seconds, tokens
from cockpit.sanitize import one_line
from cockpit.ui.columns import Column
from cockpit.ui.table import Row, Table
from cockpit.ui.tones import Part, Tone
from router.core.records.entries import Entry, EntryStatus, Settlement

COLUMNS = (
    Column("time", 8),
    Column("tier", 4),
    Column("deployment", 12, most=24),
    Column("model", 18, spare=6, most=40),
    Column("in", 5, right=True, spare=3),
    Column("cache", 5, right=True, spare=7),
    Column("out", 5, right=True, spare=2),
    Column("ttft", 5, right=True, spare=4),
    Column("total", 5, right=True, spare=8),
    Column("speed", 10, right=True, spare=9),
    Column("cost", 10, right=True),
    Column("result", 13, most=30),
    Column("from", 9, spare=10),
)
RESULTS: dict[EntryStatus, Part] = {
    EntryStatus.OPEN: ("… running", Tone.ACCENT),
    EntryStatus.OK: ("✓ ok", Tone.GOOD),
    EntryStatus.FAILED: ("✗ failed", Tone.BAD),
    EntryStatus.CANCELLED: ("■ stopped", Tone.WARN),
    EntryStatus.TRUNCATED: ("✂ cut off", Tone.WARN),
    EntryStatus.UNKNOWN: ("? unknown", Tone.WARN),
}


class LiveCalls(Table):
    """Calls, newest first."""

    BORDER_TITLE = "Live calls, newest first"

    def __init__(self, zone: tzinfo) -> None:
        super().__init__(COLUMNS, empty="no call yet: press 2, type a prompt, Enter")
        self._zone = zone

    def show(self, calls: Sequence[Entry], today_ms: int) -> None:
        """Show the newest rows; those from before `today_ms`, when today began, tell their day."""
        self.rows = tuple(call_row(entry, self._zone, today_ms) for entry in calls)


def key_of(entry: Entry) -> str:
    """Return what identifies an attempt's row."""
    return f"{entry.intent.request_id} {entry.intent.attempt}"


def cost_part(entry: Entry) -> Part:
    """Return an attempt's cost; while it runs what it is expected to cost, marked `~`."""
    if entry.settlement is None:
        estimate = entry.intent.estimate_nano_usd
        return (f"~{money(estimate)}" if estimate else money(estimate), Tone.MUTED)
    cost = entry.settlement.cost_nano_usd
    return money(cost), Tone.WARN if cost is None else Tone.PLAIN if cost else Tone.MUTED


def result_part(entry: Entry) -> Part:
    """Return how an attempt ended, with the status or the failure's class."""
    text, tone = RESULTS[entry.status]
    settlement = entry.settlement
    if settlement and entry.status is EntryStatus.FAILED:
        return (
            f"✗ {settlement.http_status or ''} {one_line(settlement.failure_class)}".replace("  ", " "),
            tone,
        )
    return text, tone


def call_row(entry: Entry, zone: tzinfo, today_ms: int) -> Row:
    """Return one attempt's line."""
    intent, settlement = entry.intent, entry.settlement
    usage = settlement.usage if settlement else None
    plain = [
        tokens(usage.input_tokens) if usage else NOTHING,
        tokens(usage.cache_read_tokens) if usage and usage.cache_read_tokens else NOTHING,
        tokens(usage.output_tokens) if usage else NOTHING,
        seconds(_s(settlement.ttft_ms if settlement else None)),
        seconds(_s(settlement.duration_ms if settlement else None)),
        _speed(settlement),
    ]
    return Row(
        key=key_of(entry),
        cells=(
            (call_time(intent.started_at, zone, today_ms), Tone.MUTED),
            (one_line(intent.tier), Tone.STRONG),
            (one_line(intent.deployment), Tone.PLAIN),
            (one_line(intent.model_requested), Tone.MUTED),
            *((text, Tone.PLAIN) for text in plain),
            cost_part(entry),
            result_part(entry),
            (one_line(intent.source), Tone.MUTED),
        ),
    )


def _s(ms: int | None) -> float | None:
    return None if ms is None else ms / 1000


def _speed(settlement: Settlement | None) -> str:
    if settlement is None or settlement.duration_ms is None or settlement.ttft_ms is None:
        return NOTHING
    return rate(settlement.usage.output_tokens, (settlement.duration_ms - settlement.ttft_ms) / 1000)
