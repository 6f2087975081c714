"""When paid calls look like a loop that nobody watches: what was seen lately in, a pause or nothing out.

Pure. The ledger counts inside the transaction that admits a call, so that any number of processes see the
same; a pause is a row there and stays until somebody lifts it.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.core.money import usd
from router.core.settings.budgets import Guard

TEN_MINUTES_MS = 600_000
MINUTE_MS = 60_000
LIFT = "`cockpit resume` lifts the pause"


@dataclass(frozen=True, slots=True)
class Seen:
    """Paid calls up to now, the one that asks included; none of them older than the last lifted pause."""

    nano_10m: int
    """Nano-dollars spent within ten minutes, and expected of what still runs."""
    requests_1m: int
    """Requests of all sessions within a minute."""
    identical_10m: int
    """The same request of the same session within ten minutes."""


@dataclass(frozen=True, slots=True)
class Pause:
    """Paid calls are to stop: those of every session, or of the one that asks."""

    everyone: bool
    reason: str
    """What was seen, in words for the user."""


def watch(guard: Guard, seen: Seen) -> Pause | None:
    """Return the pause that what was seen demands, or None. The one for everyone comes first."""
    spent, most = seen.nano_10m, guard.nano_per_10m
    if most is not None and spent > most:
        return Pause(True, f"${usd(spent)} within ten minutes, the guard allows ${usd(most)}")
    limit = guard.requests_per_minute
    if limit is not None and seen.requests_1m > limit:
        return Pause(True, f"{seen.requests_1m} paid requests within a minute, the guard allows {limit}")
    limit = guard.identical_calls
    if limit is not None and seen.identical_10m > limit:
        count = seen.identical_10m
        return Pause(
            False, f"the same paid request {count} times within ten minutes, the guard allows {limit}"
        )
    return None
