"""Which tiers may serve a request: what its task, its level, a rule or its route's climb says, as values.

A bound never lets a request up. It lets one down in a single case: when nothing that it leaves is switched on
at this machine, what stands below may serve, for an answer of the cheapest is better than none at all.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.core.settings.deployments import Tier


@dataclass(frozen=True, slots=True)
class Bound:
    """The tiers that somebody leaves."""

    who: str
    """In words: `task classify`, `level L1`, `rule 2`."""
    what: str
    """In words: `up to T3`, `T0, T1`."""
    tiers: frozenset[str]
    top: int
    """The rank of the highest one; -1 when there is none."""

    def keeps_out(self, tier: Tier, *, stranded: bool) -> str | None:
        """Return why a deployment on `tier` may not serve, or None. `stranded`: see above."""
        if tier.name in self.tiers or (stranded and tier.rank < self.top):
            return None
        return f"stands on {tier.name}; {self.who} allows {self.what}"


def span(who: str, tiers: Sequence[Tier], low: str | None, high: str | None) -> Bound | None:
    """Return the bound from one tier to another, both inclusive; None without either."""
    if low is None and high is None:
        return None
    ranks = {tier.name: tier.rank for tier in tiers}
    first, last = ranks[low] if low else 0, ranks[high] if high else len(tiers)
    left = [tier for tier in tiers if first <= tier.rank <= last]
    words = [f"from {low}" if low else "", f"up to {high}" if high else ""]
    return _bound(who, " ".join(word for word in words if word), left)


def pool(who: str, tiers: Sequence[Tier], names: Sequence[str]) -> Bound:
    """Return the bound to some tiers by name."""
    return _bound(who, ", ".join(names), [tier for tier in tiers if tier.name in names])


def _bound(who: str, what: str, left: list[Tier]) -> Bound:
    names = frozenset(tier.name for tier in left)
    return Bound(who, what, names, max((tier.rank for tier in left), default=-1))
