"""Advice from the ledger: what could be had for less, each with its dollars.

Every piece of advice stands alone, measured against what was really spent; two about the same calls do not
add up. Nothing here says that a cheaper model is good enough: that is for the reader to try.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from router.core.checks.check_value import check_value
from router.core.records.answers import CheckStats
from router.core.records.history import Lot, PrefixUse
from router.core.reports.lots import at_deployment, at_price
from router.core.reports.whatif import cache_saving
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing

CHEAP_TASKS = frozenset({"classify", "summarize", "extract", "format", "translate", "lookup"})
"""Work that the cheapest models do well."""
BATCHABLE_TASKS = CHEAP_TASKS - {"lookup"} | {"analysis"}
"""Work that somebody often does in bulk and does not wait for."""
BATCHABLE_REQUESTS = 100
"""From how many in the window a task is bulk."""
LEAST_SAVING_NANO = 10_000_000
"""A cent. What saves less is not worth reading."""


class Kind(StrEnum):
    """What the advice is."""

    CACHE = "cache"
    CHEAPER_TIER = "cheaper_tier"
    BATCH = "batch"
    CHECK = "check"


@dataclass(frozen=True, slots=True)
class Advice:
    """One thing to change, with what it would have saved in the window."""

    kind: Kind
    task: str | None
    deployment: str | None
    """What served it; None for a check, which is its route's."""
    calls: int
    saving_nano: int
    """At best, for a cache; else exactly, at the tokens of the calls made."""
    to: str | None = None
    """The deployment to use instead, for `cheaper_tier`."""
    fingerprint: str | None = None
    """Of the repeated prefix, for `cache`."""
    tokens: int | None = None
    """The prefix is this long at most, for `cache`."""
    route: str | None = None
    """Whose check it is, for `check`."""
    check: str | None = None
    """Its name."""
    why: str | None = None
    """Why it costs more than it saves, in words."""


def advise(
    lots: Sequence[Lot], uses: Iterable[PrefixUse], checks: Iterable[CheckStats], config: RouterConfig
) -> tuple[Advice, ...]:
    """Return all advice worth a cent or more, the largest saving first; checks that lose, whatever it is."""
    served: dict[tuple[str | None, str], list[Lot]] = {}
    for lot in lots:
        if lot.cost_nano_usd:
            served.setdefault((lot.task, lot.deployment), []).append(lot)
    found = [_cached(use, config) for use in uses]
    for (task, name), alike in served.items():
        used = config.deployments.get(name)
        if used is not None and used.billing is Billing.METERED:
            found += [_cheaper(task, used, alike, config), _batched(task, used, alike)]
    worth = [advice for advice in found if advice is not None and advice.saving_nano >= LEAST_SAVING_NANO]
    worth += [advice for advice in map(_checked, checks) if advice is not None]
    return tuple(sorted(worth, key=lambda advice: (-advice.saving_nano, advice.kind, advice.task or "")))


def _checked(stats: CheckStats) -> Advice | None:
    loss = check_value(stats)
    if loss is None:
        return None
    named = Advice(Kind.CHECK, None, None, stats.judged, loss.nano)
    return replace(named, route=stats.route, check=stats.check, why=loss.why)


def _cached(use: PrefixUse, config: RouterConfig) -> Advice | None:
    saving = cache_saving(use, config)
    if saving is None:
        return None
    return Advice(
        Kind.CACHE,
        use.task,
        use.deployment,
        use.calls,
        saving,
        fingerprint=use.fingerprint,
        tokens=use.prefix_tokens,
    )


def _cheaper(task: str | None, used: Deployment, lots: Sequence[Lot], config: RouterConfig) -> Advice | None:
    """Return the cheapest metered deployment on a lower tier; free ones have limits that no ledger shows."""
    if task not in CHEAP_TASKS:
        return None
    totals = {
        other.name: _total(at_deployment(lot, other) for lot in lots)
        for other in config.deployments.values()
        if other.billing is Billing.METERED and not other.off and other.tier.rank < used.tier.rank
    }
    known = {name: total for name, total in totals.items() if total is not None}
    if not known:
        return None
    best = min(known, key=lambda name: known[name])
    return Advice(Kind.CHEAPER_TIER, task, used.name, _calls(lots), _spent(lots) - known[best], to=best)


def _batched(task: str | None, used: Deployment, lots: Sequence[Lot]) -> Advice | None:
    if task not in BATCHABLE_TASKS or _calls(lots) < BATCHABLE_REQUESTS:
        return None
    total = _total(at_price(lot, used.price, batch=True) for lot in lots)
    return None if total is None else Advice(Kind.BATCH, task, used.name, _calls(lots), _spent(lots) - total)


def _total(amounts: Iterable[int | None]) -> int | None:
    """Return the sum, or None when any of it is unknown."""
    known = list(amounts)
    return None if None in known else sum(amount for amount in known if amount is not None)


def _calls(lots: Sequence[Lot]) -> int:
    return sum(lot.attempts for lot in lots)


def _spent(lots: Sequence[Lot]) -> int:
    return sum(lot.cost_nano_usd or 0 for lot in lots)
