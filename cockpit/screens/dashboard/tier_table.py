"""Tiers: every deployment with its health in a word, its usual ttft, and why it is away until when."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.binding import BindingType
from textual.message import Message

from cockpit.format import countdown, seconds
from cockpit.messages import Say
from cockpit.sanitize import one_line
from cockpit.screens.dashboard.keys import TIERS
from cockpit.tables.field import Field, View, reading
from cockpit.tables.tiers import FIELDS
from cockpit.ui.keys import bindings
from cockpit.ui.table import Row, Table, column_of
from cockpit.ui.tones import Part, Tone
from router.core.health.standing import Standing
from router.core.records.health import Health
from router.engine.health_board import DeploymentState
from router.services.tiers import TierRow

PANEL: tuple[Field[TierRow], ...] = (
    *(one for one in FIELDS if one.width),
    Field("", lambda row: None, "ttft, or why", width=12, most=200),
)
WORDS: dict[Standing, Part] = {
    Standing.NEW: ("◌ new", Tone.MUTED),
    Standing.OK: ("● ok", Tone.GOOD),
    Standing.WEAK: ("◍ WEAK", Tone.BAD),
    Standing.FULL: ("◕ full", Tone.WARN),
    Standing.COOLING: ("◔ COOL", Tone.WARN),
    Standing.PROBING: ("◑ PROBE", Tone.WARN),
    Standing.DOWN: ("○ DOWN", Tone.BAD),
    Standing.DROPPED: ("· DROP", Tone.MUTED),
    Standing.OFF: ("· OFF", Tone.MUTED),
}


class TierTable(Table):
    """The ladder, cheapest tier first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(*TIERS)]
    BORDER_TITLE = "Tiers"

    class ClearRest(Message):
        """The user wants a deployment that is away asked again."""

        def __init__(self, deployment: str) -> None:
            super().__init__()
            self.deployment = deployment

    def __init__(self) -> None:
        super().__init__([column_of(one) for one in PANEL], empty="no deployment is configured")
        self._ladder: Sequence[TierRow] = ()

    def show(self, ladder: Sequence[TierRow], now_ms: int) -> None:
        """Show the deployments as they are at `now_ms`; lines that read the same are not painted."""
        self._ladder = ladder
        self.rows = tuple(tier_row(row, now_ms) for row in ladder)

    def action_clear_rest(self) -> None:
        """Ask for the end of a rest, or say why there is none to end."""
        row = next((each for each in self._ladder if each.deployment.name == self.cursor_key), None)
        if row is not None:
            name, why = row.deployment.name, no_rest(row.state)
            self.post_message(Say(why) if why else self.ClearRest(name))


def no_rest(state: DeploymentState) -> str | None:
    """Return why a deployment has no rest that could be ended, or None when it has one."""
    name = one_line(state.deployment.name)
    if state.deployment.off:
        return f"{name} is off, not at rest: {one_line(state.deployment.off)}"
    if state.health is Health.AVAILABLE and not state.full:
        return f"{name} is not at rest: it may be asked"
    return None


def tier_row(row: TierRow, now_ms: int) -> Row:
    """Return one deployment's line."""
    view = View(now_ms)
    return Row(key=row.deployment.name, cells=tuple(_cell(one, row, view) for one in PANEL))


def _cell(one: Field[TierRow], row: TierRow, view: View) -> Part:
    """Return a field as the panel shows it: plain words, but for those that have a look of their own."""
    match one.name:
        case "tier":
            return one_line(row.deployment.tier.name), Tone.STRONG
        case "standing":
            return WORDS[row.standing]
        case "":
            may_be_asked = row.standing in (Standing.NEW, Standing.OK, Standing.WEAK)
            return _usual(row) if may_be_asked else _away(row.state, view.now_ms)
        case _:
            text = reading(one, row, view)
            return "" if text is None else one_line(str(text)), Tone.PLAIN


def _usual(row: TierRow) -> Part:
    """Return what is to be expected of one that can serve: its median ttft, what failed, and its tier."""
    p50_ms, rate = row.stats.ttft_p50_ms, row.error_rate
    told = (
        None if p50_ms is None else seconds(p50_ms / 1000),
        f"{rate:.0%} err" if rate else None,
        one_line(row.reason) if row.reason else one_line(row.deployment.tier.label),
    )
    return " ".join(part for part in told if part), Tone.MUTED


def _away(state: DeploymentState, now_ms: int) -> Part:
    """Return until when one is away, where that is known, and why."""
    left = "" if state.until_ms is None else f"{countdown(state.until_ms - now_ms)} "
    return f"{left}{one_line(state.reason or '')}", Tone.PLAIN
