"""When a provider is asked again what it offers."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum

AGAIN_MS = 15 * 60_000
"""After a reading that failed; earlier where readings are closer together."""


class Asked(StrEnum):
    """What a provider is asked for."""

    MODELS = "models"
    ALLOWANCE = "allowance"


@dataclass(frozen=True, slots=True)
class Reading:
    """The last time a provider was asked. Moments are milliseconds since 1970, UTC."""

    tried_at: int
    read_at: int | None = None
    """None: it has never answered."""
    problem: str | None = None
    """Why it did not answer the last time."""


Readings = Mapping[tuple[str, Asked], Reading]
"""By the provider's name and what it was asked for."""


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
