"""Are a deployment's bills what its price says? Compares what providers report with what we compute.

A provider's own figure wins in the ledger, so a wrong price costs nothing there; but estimates, budgets and
choices before a call stand on the price. A factor that lasts is therefore an alarm.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from statistics import median

from router.core.records.history import Billed

LEAST_CALLS = 20
"""Fewer say nothing: rounding, a fee or a discount on one of them is no factor."""
LAST_CALLS = 50
"""As many of the newest are looked at, so that an alarm ends when its cause has."""
MOST_OFF = Fraction(5, 100)
LOOK_BACK_MS = 30 * 24 * 3600 * 1000


@dataclass(frozen=True, slots=True)
class Mismatch:
    """A deployment whose bills differ from its price by a factor that lasts."""

    deployment: str
    model: str
    calls: int
    factor: Fraction
    """The median of reported over computed."""
    rates_json: str | None = None

    @property
    def words(self) -> str:
        """What is wrong and what to do, in a line."""
        hundredths = round(self.factor * 100)
        factor = f"{hundredths // 100}.{hundredths % 100:02d}" if hundredths else "less than 0.01"
        return (
            f"{self.deployment} ({self.model}) is billed {factor} times what its price says, in the median "
            f"of {self.calls} calls: correct its `price`, or look at what the provider charges"
        )


def mismatches(billed: Sequence[Billed]) -> tuple[Mismatch, ...]:
    """Return the deployments whose bills are off, the farthest first."""
    found = []
    for one in billed:
        if len(one.bills) < LEAST_CALLS:
            continue
        factor = median(Fraction(reported, computed) for reported, computed in one.bills)
        if abs(factor - 1) > MOST_OFF:
            found.append(Mismatch(one.deployment, one.model, len(one.bills), factor, one.rates_json))
    return tuple(sorted(found, key=lambda one: (-abs(one.factor - 1), one.deployment)))
