"""One call in full: its attempts, what it cost and how that is known, and why it went where it went."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import tzinfo

from textual.content import Content
from textual.widgets import Static

from cockpit.figures import reasons
from cockpit.format import NOTHING, money, seconds, time_of_day
from cockpit.sanitize import one_line
from cockpit.screens.dashboard.live_calls import key_of, result_part
from cockpit.ui.tones import Part, Tone
from router.core.records.entries import Entry, Settlement

Line = tuple[Part, ...]


class CallDetail(Static):
    """The details of the call that is called `key` among `calls`."""

    BORDER_TITLE = "Call"

    def __init__(self, zone: tzinfo) -> None:
        super().__init__(markup=False)
        self._zone = zone
        self._shown: tuple[Entry, tuple[Entry, ...]] | None = None

    def show(self, calls: Sequence[Entry], key: str | None) -> None:
        """Show a call, or say that there is none; what is shown already is not painted again."""
        entry = next((call for call in calls if key_of(call) == key), None)
        if entry is None:
            self._shown = None
            self.update("no call is chosen")
            return
        request = tuple(call for call in calls if call.intent.request_id == entry.intent.request_id)
        if self._shown == (entry, request):
            return
        self._shown = (entry, request)
        lines = detail_lines(entry, request, self._zone)
        self.update(
            Content("\n").join(
                Content.assemble(*((text, tone.value) for text, tone in line)) for line in lines
            )
        )


def detail_lines(entry: Entry, request: Iterable[Entry], zone: tzinfo) -> list[Line]:
    """Return an attempt in lines: `request` holds all known attempts of the same request."""
    intent = entry.intent
    when = time_of_day(intent.started_at, zone, with_seconds=True)
    asked = " ".join(
        f"{name} {one_line(value)}"
        for name, value in (("route", intent.route), ("task", intent.task), ("session", intent.session_id))
        if value
    )
    lines: list[Line] = [
        (
            (f"{one_line(intent.tier)} {one_line(intent.deployment)}  ", Tone.STRONG),
            (f"{one_line(intent.model_requested)} at {one_line(intent.provider)}", Tone.PLAIN),
        ),
        ((f"{when}  from {one_line(intent.source)}  {asked}  id {one_line(intent.request_id)}", Tone.MUTED),),
    ]
    for attempt in sorted(request, key=lambda call: call.intent.attempt):
        lines.append(_attempt(attempt))
    if entry.settlement:
        lines += [_counts(entry.settlement), _money(entry, entry.settlement)]
    lines += [
        (("in   " if eligible else "out  ", Tone.MUTED), (f"{one_line(name)}: {one_line(why)}", Tone.PLAIN))
        for name, eligible, why in reasons(intent.why_json)
    ]
    return lines


def _attempt(attempt: Entry) -> Line:
    intent, settlement = attempt.intent, attempt.settlement
    times = ""
    if settlement:
        ttft = None if settlement.ttft_ms is None else settlement.ttft_ms / 1000
        total = None if settlement.duration_ms is None else settlement.duration_ms / 1000
        times = f"  ttft {seconds(ttft)}, total {seconds(total)}"
    return (
        (f"attempt {intent.attempt}  {one_line(intent.deployment)}  ", Tone.PLAIN),
        result_part(attempt),
        (times, Tone.PLAIN),
    )


def _counts(settlement: Settlement) -> Line:
    usage = settlement.usage
    counts = (
        ("in", usage.input_tokens),
        ("cache read", usage.cache_read_tokens),
        ("cache write", usage.cache_write_tokens),
        ("out", usage.output_tokens),
        ("reasoning", usage.reasoning_tokens),
    )
    known = "  ".join(f"{name} {count:,}" for name, count in counts if count is not None)
    return (
        ("tokens ", Tone.MUTED),
        (known or NOTHING, Tone.PLAIN),
        (f"  {settlement.usage_source or ''}", Tone.MUTED),
    )


def _money(entry: Entry, settlement: Settlement) -> Line:
    intent = entry.intent
    bound = "" if intent.held_nano_usd is None else f", at most {money(intent.held_nano_usd)}"
    expected = f"  expected {money(intent.estimate_nano_usd)}{bound}"
    return (
        ("cost ", Tone.MUTED),
        (money(settlement.cost_nano_usd), Tone.STRONG),
        (f" ({settlement.cost_source.replace('_', ' ')})", Tone.PLAIN),
        (expected, Tone.MUTED),
    )
