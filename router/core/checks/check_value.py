"""Whether a check earns its keep: its pass rate, and what climbing cost beside what it saved.

The saving is measured against going straight to the tier above: a route with a check pays every answer from
below and a second one for those that fail; the same requests sent straight up pay the dearer answer each
time. With the pass rate p it saves while p > cost below / cost above.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.core.money import usd
from router.core.records.answers import CheckStats

ENOUGH = 30
"""Answers judged before anything is said."""
ENOUGH_CLIMBS = 10
"""Climbs before we say that climbing mends nothing."""


@dataclass(frozen=True, slots=True)
class Loss:
    """A check that costs more than it saves."""

    why: str
    """In words for its owner, with what to do."""
    nano: int
    """What was paid for nothing, in nano-dollars; 0 when it only took time."""


def check_value(stats: CheckStats) -> Loss | None:
    """Return why a check costs more than it saves, and how much; None while it is worth it."""
    if stats.judged < ENOUGH or not stats.climbed:
        return None
    failed = f"{stats.judged - stats.passed} of {stats.judged} answers fail"
    named = f"check {stats.check} of {stats.route} costs more than it saves: {failed}"
    if stats.climbed >= ENOUGH_CLIMBS and stats.mended * 10 <= stats.climbed:
        mended = f"climbing mended {stats.mended} of {stats.climbed}{_for(stats.above_nano)}"
        return Loss(f"{named}, and {mended}. Loosen the check or remove it", stats.above_nano)
    straight_nano = stats.above_nano * stats.judged // stats.climbed
    spent_nano = stats.below_nano + stats.above_nano
    if stats.unknown_costs or not stats.above_nano or spent_nano < straight_nano:
        return None
    straight = f"sent straight to the tier above about ${usd(straight_nano)}"
    told = f"{named}; these requests cost ${usd(spent_nano)}, {straight}. Start {stats.route} one tier higher"
    return Loss(told, spent_nano - straight_nano)


def _for(nano: int) -> str:
    return f" for ${usd(nano)}" if nano else ""
