"""What runs by the clock, as the configuration says it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Jobs:
    """What runs by the clock."""

    watch_models_s: float | None = 6 * 3600.0
    """How often providers are asked for their lists of models, in seconds; None: never."""


USUAL_JOBS = Jobs()
