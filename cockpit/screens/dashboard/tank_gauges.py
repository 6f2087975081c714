"""What is left of each daily allowance, as a bar; when it is empty at this pace and when it is full again."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import tzinfo

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.format import bar, time_of_day, zone_name
from cockpit.sanitize import one_line
from cockpit.ui.columns import place
from cockpit.ui.tones import Part, Tone
from router.core.catalog.quotas import DailyQuota

MOST_SHOWN = 4
"""Gauges, the emptiest first; `cockpit tanks` has all."""
SHORTEST_BAR = 6
"""Cells a bar gets before a name is shortened for it."""


class TankGauges(Widget):
    """A line per tank; there only where somebody has a daily allowance."""

    DEFAULT_CSS = """
    TankGauges { height: auto; text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BORDER_TITLE = "Left today"

    tanks: reactive[tuple[DailyQuota, ...]] = reactive((), init=False, layout=True)
    """The emptiest first."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self._zone = zone

    def watch_tanks(self, tanks: tuple[DailyQuota, ...]) -> None:
        """Say whose time the times are, and how many gauges there is no room for."""
        hidden = len(tanks) - MOST_SHOWN
        more = f"{hidden} more: cockpit tanks, " if hidden > 0 else ""
        times = f"times are {zone_name(tanks[0].resets_at, self._zone)}" if tanks else ""
        self.border_subtitle = Content(more + times)

    def render(self) -> Content:
        """Render the emptiest."""
        lines = gauges(self.tanks[:MOST_SHOWN], self._zone, self.size.width)
        return Content("\n").join(
            Content.assemble(*((text, tone.value) for text, tone in line)) for line in lines
        )


def gauges(tanks: Sequence[DailyQuota], zone: tzinfo, width: int) -> list[tuple[Part, ...]]:
    """Return a line of `width` cells per tank: `openrouter 38/50 ━━━━━━━── empty 17:40, full 00:00`.

    The figures are what is left, of how many. Where it is narrow the bar goes first, then the ends of the
    names; never a figure.
    """
    lefts = [f"{tank.remaining:,}/{tank.limit:,}" for tank in tanks]
    whens = [_when(tank, zone) for tank in tanks]
    names = [one_line(tank.label) for tank in tanks]
    left_width, when_width = max(map(len, lefts), default=0), max(map(len, whens), default=0)
    room = width - left_width - when_width - 2
    longest = max(map(cell_len, names), default=0)
    has_bar = room - SHORTEST_BAR - 1 >= min(longest, SHORTEST_BAR)
    name_width = max(0, min(longest, room - SHORTEST_BAR - 1 if has_bar else room))
    bar_width = max(0, room - name_width - 1) if has_bar else 0
    lines: list[tuple[Part, ...]] = []
    for tank, name, left, when in zip(tanks, names, lefts, whens, strict=True):
        filled = bar(tank.limit - tank.used, tank.limit, bar_width) if has_bar else ""
        lines.append(
            (
                (place(name, name_width), Tone.MUTED),
                (f" {left:>{left_width}} ", _strain(tank)),
                (filled, Tone.BAR),
                ("─" * (bar_width - len(filled)) + " " * has_bar, Tone.MUTED),
                (when, Tone.PLAIN),
            )
        )
    return lines


def _when(tank: DailyQuota, zone: tzinfo) -> str:
    full = f"full {time_of_day(tank.resets_at, zone)}"
    if tank.used >= tank.limit:
        return f"empty, {full}"
    return full if tank.empty_at is None else f"empty {time_of_day(tank.empty_at, zone)}, {full}"


def _strain(tank: DailyQuota) -> Tone:
    """Return the tone of what is left: nothing, a fifth at most, or more."""
    left = tank.limit - tank.used
    if left <= 0:
        return Tone.BAD
    return Tone.WARN if left * 5 <= tank.limit else Tone.PLAIN
