"""How full the daily allowances are: what is used, when they fill again, when they are empty at this pace.

Pure. A provider's own word wins over what the ledger counted, because other programs draw from the same tank;
where it is older than what was counted since, the larger figure holds.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, tzinfo
from enum import StrEnum
from zoneinfo import ZoneInfo

from router.core.health.rate_limits import effective
from router.core.records.health import LearnedLimit
from router.core.records.offers import Allowance, Offers
from router.core.records.spend import Window
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing
from router.core.windows import calendar_days

ACCOUNT_WIDE = frozenset({"openrouter"})
"""Vendors that count the requests to all free models of an account together, by days of UTC."""


class QuotaSource(StrEnum):
    """Where the figures come from."""

    PROVIDER = "provider"
    """The provider told used and limit."""
    COUNTED = "counted"
    """The ledger counted, and the limit is configured or was learned."""


@dataclass(frozen=True, slots=True)
class DailyQuota:
    """Requests of a day. Moments are milliseconds since 1970, UTC."""

    label: str
    """A deployment, or a provider whose free models share it."""
    deployments: tuple[str, ...]
    """Who draws from it."""
    used: int
    limit: int
    source: QuotaSource
    resets_at: int
    empty_at: int | None
    """At the day's pace so far; None when it fills again before that, or nothing was used."""

    @property
    def remaining(self) -> int:
        """The requests that remain."""
        return max(0, self.limit - self.used)

    @property
    def left(self) -> float:
        """The fraction that remains, 0 to 1."""
        return max(0.0, 1 - self.used / self.limit)


def day_of(deployment: Deployment, now_ms: int) -> Window:
    """Return the day that a deployment's daily limits are counted over."""
    zone = None if _shares(deployment) else deployment.limits.reset_timezone
    return _day(ZoneInfo(zone) if zone else UTC, now_ms)


def daily_quotas(
    config: RouterConfig,
    learned: Sequence[LearnedLimit],
    offers: Offers,
    counted: Mapping[str, int],
    now_ms: int,
) -> tuple[DailyQuota, ...]:
    """Return every daily allowance that is known, the emptiest first.

    `counted` has the requests of each deployment since the beginning of its `day_of`.
    """
    usable = [deployment for deployment in config.deployments.values() if not deployment.off]
    groups: dict[str, list[Deployment]] = {}
    for deployment in usable:
        label = deployment.provider.name if _shares(deployment) else deployment.name
        groups.setdefault(label, []).append(deployment)
    found = [
        _tank(label, group, _limit(group, learned, now_ms), offers.allowances.get(label), counted, now_ms)
        for label, group in groups.items()
    ]
    return tuple(sorted((tank for tank in found if tank), key=lambda tank: (tank.left, tank.label)))


def left_by_deployment(found: Iterable[DailyQuota]) -> dict[str, float]:
    """Return what remains of each deployment's tank, 0 to 1."""
    return {name: tank.left for tank in found for name in tank.deployments}


def _tank(
    label: str,
    group: Sequence[Deployment],
    limit: int | None,
    told: Allowance | None,
    counted: Mapping[str, int],
    now_ms: int,
) -> DailyQuota | None:
    day = day_of(group[0], now_ms)
    used = sum(counted.get(deployment.name, 0) for deployment in group)
    source = QuotaSource.COUNTED
    if told is not None and _shares(group[0]):
        limit, source = told.limit, QuotaSource.PROVIDER
        used = max(used, told.used) if told.read_at >= day.start else used
    if not limit:
        return None
    names = tuple(deployment.name for deployment in group)
    return DailyQuota(label, names, used, limit, source, day.end, _empty_at(used, limit, day, now_ms))


def _empty_at(used: int, limit: int, day: Window, now_ms: int) -> int | None:
    if used >= limit:
        return now_ms
    if used <= 0 or now_ms <= day.start:
        return None
    at = now_ms + (limit - used) * (now_ms - day.start) // used
    return at if at < day.end else None


def _limit(group: Iterable[Deployment], learned: Sequence[LearnedLimit], now_ms: int) -> int | None:
    """Return the smallest daily limit of those who share a tank."""
    limits = (
        effective(one.limits, [limit for limit in learned if limit.deployment == one.name], now_ms).rpd
        for one in group
    )
    return min((limit for limit in limits if limit is not None), default=None)


def _shares(deployment: Deployment) -> bool:
    return deployment.provider.vendor in ACCOUNT_WIDE and deployment.billing is Billing.FREE


def _day(zone: tzinfo, now_ms: int) -> Window:
    [day] = calendar_days(now_ms, zone, 1)
    return day
