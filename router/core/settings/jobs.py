"""What runs by the clock, as the configuration says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class WarmUp:
    """Deployments that are made ready at a time of day."""

    at: str
    """`08:00`, in the zone of the display."""
    deployments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Jobs:
    """What runs by the clock."""

    watch_models_s: float | None = 6 * 3600.0
    """How often providers are asked for their lists of models, in seconds; None: never."""
    warm_ups: tuple[WarmUp, ...] = ()


USUAL_JOBS = Jobs()
