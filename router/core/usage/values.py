"""The normal form of a call's token counts, and how the events of one call are laid over each other.

`input_tokens` contains cache reads and writes, `output_tokens` contains reasoning. A count the wire did not
give is None, never 0. Must not know any wire's spelling.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable
from dataclasses import field, replace

from router.core.records.usage import NO_USAGE, Usage
from router.core.usage.counts import Json, Tally, lay_over
from router.core.value import dataclass


@dataclass(frozen=True, slots=True)
class Audio:
    """The parts of a call's counts that are audio, which some models charge differently."""

    input_tokens: int = 0
    cache_read_tokens: int = 0
    """The part of `input_tokens` that was read from a cache."""
    output_tokens: int = 0


@dataclass(frozen=True, slots=True)
class UsageReading:
    """What a wire has said of one call's usage so far."""

    usage: Usage = NO_USAGE
    reported_cost_nano: int | None = None
    """The provider's own figure for the whole call, in nano-dollars."""
    service_tier: str | None = None
    """The tier that served, in lower case; it is the one that is billed."""
    speed: str | None = None
    geo: str | None = None
    """Where inference was pinned to, as the wire spells it."""
    web_searches: int = 0
    audio: Audio = Audio()
    others: tuple[tuple[str, Usage], ...] = ()
    """Passes that other models made for this call: model and counts, not part of `usage`."""
    suspect: str | None = None
    """Why the counts contradict themselves; `usage` is then empty, and `raw` is all there is."""
    raw: Json = field(default_factory=dict)
    """The usage object as the wire spelled it, merged over the call's events."""
    searches: frozenset[str] = frozenset()
    """Web searches the wire told of one by one, by id; already counted in `web_searches`."""
    reader: Reader | None = None
    """What made this of `raw`; None before the first event."""

    @property
    def raw_json(self) -> str:
        """`raw` for the ledger: what a wrong reading can be repaired from."""
        return json.dumps(self.raw, default=str, separators=(",", ":"))


Reader = Callable[[Json, Tally], UsageReading]
"""One wire family: what a merged usage object means; what it doubts goes to the tally."""
NOTHING_READ = UsageReading()
"""A reading before the first event."""


def merge(earlier: UsageReading, later: UsageReading) -> UsageReading:
    """Lay a later event's reading over an earlier one of the same call, field by field; the last wins.

    Nothing is ever added: the wires repeat cumulative counts. Both come from the same reader.
    """
    if earlier.reader is None or later.reader is None:
        return earlier if later.reader is None else later
    if not later.raw and not later.searches:
        return earlier
    return interpret(later.reader, lay_over(earlier.raw, later.raw), earlier.searches | later.searches)


def merge_all(readings: Iterable[UsageReading]) -> UsageReading:
    """`merge` them from first to last, making sense of the result once: a stream may have many events."""
    told = [reading for reading in readings if reading.raw or reading.searches]
    if not told or told[-1].reader is None:
        return NOTHING_READ
    raw: Json = {}
    for reading in told:
        raw = lay_over(raw, reading.raw)
    return interpret(told[-1].reader, raw, frozenset().union(*(reading.searches for reading in told)))


def cut_short(reading: UsageReading) -> UsageReading:
    """Return what is still true when the answer broke off: what was told of its output was not final."""
    usage = replace(reading.usage, output_tokens=None, reasoning_tokens=None)
    return replace(reading, usage=usage, reported_cost_nano=None)


def interpret(reader: Reader, raw: Json, searches: frozenset[str] = frozenset()) -> UsageReading:
    """Read a merged usage object; counts that contradict themselves are dropped and the reading is marked."""
    if not raw and not searches:  # most events of a stream say nothing of usage
        return UsageReading(reader=reader)
    tally = Tally(raw)
    reading = reader(raw, tally)
    _check(tally, reading.usage, reading.audio)
    return replace(
        reading,
        usage=NO_USAGE if tally.doubts else reading.usage,
        others=() if tally.doubts else reading.others,
        audio=Audio() if tally.doubts else reading.audio,
        web_searches=max(reading.web_searches, len(searches)),
        suspect="; ".join(tally.doubts) or None,
        raw=raw,
        searches=searches,
        reader=reader,
    )


def _check(tally: Tally, usage: Usage, audio: Audio) -> None:
    total = usage.input_tokens
    writes = usage.cache_write_tokens or 0
    if total is not None:
        tally.doubt_unless(total > 0, "no call has zero input tokens")
        cached = (usage.cache_read_tokens or 0) + writes
        tally.doubt_unless(cached <= total, "the cached parts are larger than the input")
        tally.doubt_unless(audio.input_tokens <= total, "the audio part is larger than the input")
    if usage.output_tokens is not None:
        thoughts = usage.reasoning_tokens or 0
        tally.doubt_unless(thoughts <= usage.output_tokens, "the reasoning is larger than the output")
        tally.doubt_unless(
            audio.output_tokens <= usage.output_tokens, "the audio part is larger than the output"
        )
    tally.doubt_unless((usage.cache_write_1h_tokens or 0) <= writes, "the one-hour writes exceed all writes")
    tally.doubt_unless(audio.cache_read_tokens <= audio.input_tokens, "the cached audio exceeds all audio")
