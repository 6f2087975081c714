"""What runs by the clock, as the configuration says it, and when it is time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

WARM_UP_MS = 10 * 60_000
"""How long after its time a warm-up may still begin: a cockpit that opens at noon warms nothing up."""


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


def warm_up_due(warm_up: WarmUp, now_ms: int, zone: tzinfo) -> str | None:
    """Return the name of today's run of a warm-up when it is time for it, else None.

    The name is the day and the time, so that it is known by whom and whether it was done.
    """
    hour, minute = map(int, warm_up.at.split(":"))
    now = datetime.fromtimestamp(now_ms / 1000, zone)
    for day in (now, now - timedelta(days=1)):  # one of 23:55 may begin after midnight
        at = day.replace(hour=hour, minute=minute, second=0, microsecond=0)
        if 0 <= now_ms - round(at.timestamp() * 1000) < WARM_UP_MS:
            return f"{at:%Y-%m-%d} {warm_up.at}"
    return None
