"""Tiers: every deployment with its health in a word, its usual ttft, and why it is away until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import ClassVar

from textual.binding import BindingType

from cockpit.format import countdown, seconds
from cockpit.keys import KeyScope, bindings
from cockpit.messages import ClearRest, Say
from cockpit.sanitize import one_line
from cockpit.widgets.columns import Column
from cockpit.widgets.table import Row, Table
from cockpit.widgets.tones import Part, Tone
from router.core.records.health import Health
from router.core.records.spend import DeploymentStats
from router.core.settings.deployments import Deployment
from router.engine.health_board import DeploymentState

COLUMNS = (
    Column("tier", 4),
    Column("deployment", 12, most=24),
    Column("health", 7),
    Column("ttft, or why", 12, most=200),
)
WORDS: dict[str, Part] = {
    "available": ("● ok", Tone.GOOD),
    "cooling": ("◔ COOL", Tone.WARN),
    "probing": ("◑ PROBE", Tone.WARN),
    "disabled": ("○ DOWN", Tone.BAD),
    "dropped": ("· DROP", Tone.MUTED),
    "off": ("· OFF", Tone.MUTED),
}


class TierTable(Table):
    """The ladder, cheapest tier first."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(KeyScope.TIERS)]
    BORDER_TITLE = "Tiers"

    def __init__(self) -> None:
        super().__init__(COLUMNS, empty="no deployment is configured")
        self._states: Sequence[DeploymentState] = ()

    def show(
        self, states: Sequence[DeploymentState], stats: Mapping[str, DeploymentStats], now_ms: int
    ) -> None:
        """Show the deployments as they are at `now_ms`; lines that read the same are not painted."""
        self._states = states
        self.rows = tuple(tier_row(state, stats.get(state.deployment.name), now_ms) for state in states)

    def action_clear_rest(self) -> None:
        """Ask for the end of a rest, or say why there is none to end."""
        state = next((each for each in self._states if each.deployment.name == self.cursor_key), None)
        if state is not None:
            name, why = state.deployment.name, no_rest(state)
            self.post_message(Say(why) if why else ClearRest(name))


def no_rest(state: DeploymentState) -> str | None:
    """Return why a deployment has no rest that could be ended, or None when it has one."""
    name = one_line(state.deployment.name)
    if state.deployment.off:
        return f"{name} is off, not at rest: {one_line(state.deployment.off)}"
    if state.health is Health.AVAILABLE and not state.full:
        return f"{name} is not at rest: it may be asked"
    return None


def tier_row(state: DeploymentState, stats: DeploymentStats | None, now_ms: int) -> Row:
    """Return one deployment's line."""
    deployment = state.deployment
    return Row(
        key=deployment.name,
        cells=(
            (one_line(deployment.tier.name), Tone.STRONG),
            (one_line(deployment.name), Tone.PLAIN),
            WORDS.get(state.word, (one_line(state.word), Tone.WARN)),
            _usual(deployment, stats) if state.word == "available" else _away(state, now_ms),
        ),
    )


def _usual(deployment: Deployment, stats: DeploymentStats | None) -> Part:
    """Return what is to be expected of one that can serve: its median ttft, and what its tier is."""
    p50 = stats.ttft_p50_ms if stats else None
    label = one_line(deployment.tier.label)
    return (f"{seconds(p50 / 1000)} {label}" if p50 is not None else label, Tone.MUTED)


def _away(state: DeploymentState, now_ms: int) -> Part:
    """Return until when one is away, where that is known, and why."""
    left = "" if state.until_ms is None else f"{countdown(state.until_ms - now_ms)} "
    return f"{left}{one_line(state.reason or '')}", Tone.PLAIN
