"""Tiers: every deployment with its health in a word, its usual ttft, and why it is away until when."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from cockpit.format import countdown, seconds
from cockpit.sanitize import one_line
from cockpit.widgets.columns import Column
from cockpit.widgets.table import Row, Table
from cockpit.widgets.tones import Part, Tone
from router.core.spend import DeploymentStats
from router.engine.health_board import DeploymentState

COLUMNS = (
    Column("tier", 4),
    Column("deployment", 12, most=24),
    Column("health", 7),
    Column("ttft", 5, right=True, spare=1),
    Column("until, why", 6, most=200),
)
WORDS: dict[str, Part] = {
    "available": ("● ok", Tone.GOOD),
    "cooling": ("◔ COOL", Tone.WARN),
    "probing": ("◑ PROBE", Tone.WARN),
    "disabled": ("○ DOWN", Tone.BAD),
    "off": ("· OFF", Tone.MUTED),
}


class TierTable(Table):
    """The ladder, cheapest tier first."""

    BORDER_TITLE = "Tiers"

    def __init__(self) -> None:
        super().__init__(COLUMNS, empty="no deployment is configured")

    def show(
        self, states: Sequence[DeploymentState], stats: Mapping[str, DeploymentStats], now_ms: int
    ) -> None:
        """Show the deployments as they are at `now_ms`; lines that read the same are not painted."""
        self.rows = tuple(tier_row(state, stats.get(state.deployment.name), now_ms) for state in states)


def tier_row(state: DeploymentState, stats: DeploymentStats | None, now_ms: int) -> Row:
    """Return one deployment's line."""
    deployment = state.deployment
    p50 = stats.ttft_p50_ms if stats else None
    away = [countdown(state.until_ms - now_ms)] if state.until_ms is not None else []
    away += [one_line(state.reason)] if state.reason else []
    return Row(
        key=deployment.name,
        cells=(
            (one_line(deployment.tier.name), Tone.STRONG),
            (one_line(deployment.name), Tone.PLAIN),
            WORDS.get(state.word, (one_line(state.word), Tone.WARN)),
            (seconds(p50 / 1000 if p50 is not None else None), Tone.PLAIN),
            (" ".join(away) or one_line(deployment.tier.label), Tone.PLAIN if away else Tone.MUTED),
        ),
    )
