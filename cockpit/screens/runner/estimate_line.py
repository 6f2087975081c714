"""What the prompt would cost on each tier, before it is sent."""

from __future__ import annotations

from collections.abc import Mapping
from itertools import groupby

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.format import UNKNOWN, money
from cockpit.sanitize import one_line
from cockpit.ui.tones import Part, Tone
from router.core.routing.selection import Candidate

NOBODY = "–"


class EstimateLine(Widget):
    """One line: where `auto` goes, then every tier with its price for this prompt."""

    DEFAULT_CSS = """
    EstimateLine { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    auto: reactive[str | None] = reactive(None, init=False)
    """The tier that `auto` would go to now."""
    tiers: reactive[tuple[tuple[str, str], ...]] = reactive((), init=False)
    """Every tier with its price in words, cheapest tier first."""

    def show(self, auto: str | None, per_tier: Mapping[str, Candidate | None]) -> None:
        """Show estimates; the same ones are not painted again."""
        self.auto = auto
        self.tiers = tuple((one_line(tier), _price(candidate)) for tier, candidate in per_tier.items())

    def render(self) -> Content:
        """Render as many tiers as fit."""
        return Content.assemble(
            *((text, tone.value) for text, tone in estimate_parts(self.auto, self.tiers, self.size.width))
        )


def estimate_parts(auto: str | None, tiers: tuple[tuple[str, str], ...], width: int) -> list[Part]:
    """Return the line; neighbours of one price share it, and what does not fit is counted."""
    parts: list[Part] = [("auto → ", Tone.MUTED), (one_line(auto) if auto else "nobody", Tone.STRONG)]
    groups = [
        (_names([name for name, _ in group]), price) for price, group in groupby(tiers, key=lambda t: t[1])
    ]
    used = sum(cell_len(text) for text, _ in parts)
    for shown, (names, price) in enumerate(groups):
        piece = f"   {names} "
        used += cell_len(piece) + cell_len(price)
        rest = len(groups) - shown
        if used + (len("  +99") if rest > 1 else 0) > width:
            return [*parts, (f"  +{rest}", Tone.MUTED)]
        parts += [(piece, Tone.MUTED), (price, Tone.WARN if price == UNKNOWN else Tone.PLAIN)]
    return parts


def _names(names: list[str]) -> str:
    return names[0] if len(names) == 1 else f"{names[0]}{'–' if len(names) > 2 else ' '}{names[-1]}"


def _price(candidate: Candidate | None) -> str:
    if candidate is None:
        return NOBODY
    estimate = candidate.estimate_nano_usd
    return f"~{money(estimate)}" if estimate else money(estimate)
