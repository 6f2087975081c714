"""What was spent: the last seven local days, in tokens too, where today is heading, and the budgets."""

from __future__ import annotations

from datetime import tzinfo

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.figures import Figures, by_midnight, fullest_first
from cockpit.format import bar, change, day_name, money, spend, tokens
from cockpit.sanitize import one_line
from cockpit.ui.columns import place
from cockpit.ui.tones import Part, Tone
from router.core.records.admission import Cap, Used
from router.core.records.spend import Spend

SHORTEST_BAR = 4
"""Cells below which a bar says nothing."""
Line = tuple[Part, ...]


class SpendHud(Widget):
    """Seven days, or two lines where there is no room for them."""

    DEFAULT_CSS = """
    SpendHud { text-wrap: nowrap; text-overflow: ellipsis; }
    """
    BORDER_TITLE = "7 days"

    figures: reactive[Figures] = reactive(Figures(), init=False)
    """What the ledger says."""
    now_minute_ms: reactive[int] = reactive(0, init=False)
    """The present moment, to the minute: the pace needs no more."""

    def __init__(self, zone: tzinfo) -> None:
        super().__init__()
        self._zone = zone

    def watch_figures(self, figures: Figures) -> None:
        """Put the sum into the title, where it is seen first."""
        self.border_title = Content(f"7 days  {spend(figures.total)}")
        total = figures.total
        plural = "" if total.requests == 1 else "s"
        counts = f"{tokens(total_tokens(total))} tokens, {total.requests:,} request{plural}"
        self.border_subtitle = Content("NOT READABLE, figures are old" if figures.problem else counts)

    def render(self) -> Content:
        """Render as many lines as there is room for."""
        width, height = self.size
        lines = summary(self.figures, self.now_minute_ms)
        if height >= len(self.figures.days) + 2:
            lines = [*day_lines(self.figures, self._zone, width), *lines]
        lines += [budget_line(cap, used, width) for cap, used in fullest_first(self.figures)]
        return Content("\n").join(
            Content.assemble(*((text, tone.value) for text, tone in line)) for line in lines[:height]
        )


def day_lines(figures: Figures, zone: tzinfo, width: int) -> list[Line]:
    """Return a line per day: name, cost, bar, tokens; requests where there is room."""
    amounts = [_amount(day) for _, day in figures.days]
    cost_width = max(map(len, amounts), default=0)
    dearest = max((day.cost_nano_usd for _, day in figures.days), default=0)
    with_requests = width >= 52
    bar_width = max(0, width - 6 - 1 - cost_width - 1 - 1 - 5 - (9 if with_requests else 0))
    lines: list[Line] = []
    for (window, day), amount in zip(figures.days, amounts, strict=True):
        today = window is figures.days[-1][0]
        strength = Tone.STRONG if today else Tone.PLAIN
        requests = f"{day.requests:>5,} req" if with_requests else ""
        lines.append(
            (
                (day_name(window.start, zone), strength if today else Tone.MUTED),
                (f" {amount:>{cost_width}} ", strength),
                (bar(day.cost_nano_usd, dearest, bar_width).ljust(bar_width), Tone.BAR),
                (f" {tokens(total_tokens(day)):>5}", Tone.PLAIN),
                (requests, Tone.MUTED),
            )
        )
    return lines


def summary(figures: Figures, now_ms: int) -> list[Line]:
    """Return two lines: today and where it is heading; the week before and how this one compares."""
    pace = by_midnight(figures, now_ms)
    moved = change(figures.total.cost_nano_usd, figures.previous.cost_nano_usd)
    return [
        (
            ("today ", Tone.MUTED),
            (_amount(figures.today), Tone.STRONG),
            (f" → {money(pace)} by 24:00" if pace else "", Tone.PLAIN),
        ),
        (
            ("week before ", Tone.MUTED),
            (_amount(figures.previous), Tone.PLAIN),
            (f" ({moved})" if moved else "", Tone.PLAIN),
        ),
    ]


def budget_line(cap: Cap, used: Used, width: int) -> Line:
    """Return a budget in `width` cells: `day $0.41 of $5.00, $0.02 held`, and a bar of both where it fits.

    Where it is narrow the bar goes first, then what is held, then the end of the name; never a figure.
    """
    unknown = f"+{used.unknown}?" if used.unknown else ""
    amounts = f" {money(used.posted_nano)}{unknown} of {money(cap.limit_nano)}"
    held = f", {money(used.held_nano)} held" if used.held_nano else ""
    name = one_line(cap.label).removeprefix("all spend, ")
    if cell_len(name) + len(amounts) + len(held) > width:
        held = ""
    name = place(name, max(0, min(cell_len(name), width - len(amounts))))
    room = width - cell_len(name) - len(amounts) - len(held) - 1
    has_bar = room >= SHORTEST_BAR
    filled = bar(min(used.nano, cap.limit_nano), cap.limit_nano, room) if has_bar else ""
    return (
        (name, Tone.MUTED),
        (amounts, _strain(cap, used)),
        (held, Tone.PLAIN),
        (f" {filled}" if has_bar else "", Tone.BAR),
        ("─" * (room - len(filled)) if has_bar else "", Tone.MUTED),
    )


def _strain(cap: Cap, used: Used) -> Tone:
    """Return the tone of a budget: used up, four fifths used, or neither."""
    if used.nano >= cap.limit_nano:
        return Tone.BAD if cap.hard else Tone.WARN
    return Tone.WARN if used.nano * 5 >= cap.limit_nano * 4 else Tone.PLAIN


def total_tokens(day: Spend) -> int:
    """Return input and output together, as far as they are known."""
    return (day.usage.input_tokens or 0) + (day.usage.output_tokens or 0)


def _amount(day: Spend) -> str:
    unknown = f"+{day.unknown_cost_attempts}?" if day.unknown_cost_attempts else ""
    return f"{money(day.cost_nano_usd)}{unknown}"
