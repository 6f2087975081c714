"""When it is time: to ask a provider what it offers, and to warm a deployment up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta, tzinfo

from router.core.records.offers import Asked, Readings
from router.core.settings.jobs import WarmUp

AGAIN_MS = 15 * 60_000
"""After a reading that failed; earlier where readings are closer together."""


def due(
    wanted: Iterable[tuple[str, Asked]], readings: Readings, every_ms: Mapping[Asked, int], now_ms: int
) -> list[tuple[str, Asked]]:
    """Return what is to be asked now: what never was, and what was asked too long ago.

    A clock that was set back makes nothing wait longer than its interval.
    """

    def is_due(one: tuple[str, Asked]) -> bool:
        last = readings.get(one)
        if last is None or last.tried_at > now_ms:
            return True
        every = every_ms[one[1]]
        return now_ms - last.tried_at >= (min(every, AGAIN_MS) if last.problem else every)

    return [one for one in wanted if is_due(one)]


WARM_UP_MS = 10 * 60_000
"""How long after its time a warm-up may still begin: a cockpit that opens at noon warms nothing up."""


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
