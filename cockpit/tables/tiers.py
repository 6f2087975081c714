"""The ladder: every deployment with its health, how it has done, and what it has cost today."""

from __future__ import annotations

from datetime import datetime

from cockpit.format import money, seconds
from cockpit.tables.field import Field, View, moment
from router.core.money import usd
from router.services.tiers import TierRow


def _until(row: TierRow, view: View) -> str | None:
    if row.state.until_ms is None:
        return None
    return f"{datetime.fromtimestamp(row.state.until_ms / 1000, view.zone):%m-%d %H:%M:%S}"


def _ttft_s(row: TierRow) -> float | None:
    return None if row.stats.ttft_p50_ms is None else row.stats.ttft_p50_ms / 1000


def _error_rate(row: TierRow) -> float | None:
    return None if row.error_rate is None else round(row.error_rate, 4)


def _errors(row: TierRow, _: View) -> str | None:
    return None if row.error_rate is None else f"{row.error_rate:.0%}"


def _cost_today(row: TierRow) -> str | None:
    return usd(row.today.cost_nano_usd)


def _today(row: TierRow, _: View) -> str | None:
    """Return `$3.12`, or `$3.12+2?` where two attempts have no known cost; None where nothing was sent."""
    unknown = row.today.unknown_cost_attempts
    cost = money(row.today.cost_nano_usd)
    return (f"{cost}+{unknown}?" if unknown else cost) if row.today.attempts else None


def _limits(row: TierRow) -> dict[str, int | None]:
    limits = row.deployment.limits
    return {name: getattr(limits, name) for name in LIMITS}


LIMITS = ("rpm", "tpm", "rpd", "tpd", "parallel")
FIELDS: tuple[Field[TierRow], ...] = (
    Field("tier", lambda row: row.deployment.tier.name, "tier", width=4),
    Field("deployment", lambda row: row.deployment.name, "deployment", width=12, most=24),
    Field("provider", lambda row: row.deployment.provider.name, "provider"),
    Field("model", lambda row: row.deployment.model),
    Field("health", lambda row: row.state.health.value),
    Field("standing", lambda row: row.standing.value, "health", width=7),
    Field("until", lambda row: moment(row.state.until_ms), "until", _until),
    Field("reason", lambda row: row.reason, "why", last=True),
    Field("dropped", lambda row: row.deployment.dropped, only_json=True),
    Field("ttft_p50_s", _ttft_s, "ttft p50", lambda row, _: seconds(_ttft_s(row))),
    Field("error_rate", _error_rate, "errors", _errors),
    Field("last_calls", lambda row: list(row.record.last_calls), only_json=True),
    Field("cost_today_usd", _cost_today, "today", _today, right=True, width=7, spare=1),
    Field("limits", _limits, columns=LIMITS),
    Field("billing", lambda row: row.deployment.billing.value, "billing"),
)
