"""The weighted score: what a candidate costs, how good it is, how well it is, and how full the budgets are.

    total = (0.3 + 0.4 p) cost + 0.4 (1 - p) quality + 0.3 health

with the configured weights for the figures shown; p, 0 to 1, is the highest used fraction of the budgets that
apply: as they fill, weight moves from quality to cost. Scores are floats; the amounts behind them are not.
"""

from __future__ import annotations

from router.core.records.spend import DeploymentStats
from router.core.settings.policy import Weights
from router.core.value import dataclass

SLOW_S = 2.0
"""A median first token later than this takes from health."""
SUCCESS, SPEED, ROOM = 0.5, 0.25, 0.25
"""Of health: half is success alone, the rest is success at speed and with room left under the limits."""


@dataclass(frozen=True, slots=True)
class Score:
    """A candidate's four inputs, each 0 to 1, and what they come to."""

    cost: float | None
    """1 for nothing, 0 at the ceiling or above; None when the price is unknown, which earns nothing."""
    quality: float
    health: float
    pressure: float
    total: float


def score(weights: Weights, *, cost: float | None, quality: float, health: float, pressure: float) -> Score:
    """Weigh the four inputs."""
    total = (
        (weights.cost + weights.pressure * pressure) * (cost or 0.0)
        + weights.quality * (1 - pressure) * quality
        + weights.health * health
    )
    return Score(cost, quality, health, pressure, total)


def cost_term(estimate_nano: int | None, ceiling_nano_per_1k: int) -> float | None:
    """Return 1 - estimate per 1,000 / ceiling, within 0 and 1; None when the estimate is unknown."""
    if estimate_nano is None:
        return None
    if estimate_nano == 0:
        return 1.0
    if ceiling_nano_per_1k <= 0:
        return 0.0
    return max(0.0, 1 - estimate_nano * 1000 / ceiling_nano_per_1k)


def health_term(stats: DeploymentStats | None, left: float | None) -> float:
    """Return the share of successes lately, less what slowness and a nearly used limit take.

    `left` is what remains of the tightest limit, 0 to 1; None without one. What was never measured is taken
    for good, or nothing new would ever be tried; one success is counted in for the same reason.
    """
    seen = stats or DeploymentStats()
    success = (seen.calls - seen.failures + 1) / (seen.calls + 1)
    ttft_s = (seen.ttft_p50_ms or 0) / 1000
    speed = min(1.0, SLOW_S / ttft_s) if ttft_s else 1.0
    room = 1.0 if left is None else left
    return success * (SUCCESS + SPEED * speed + ROOM * room)
