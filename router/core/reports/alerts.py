"""What somebody should be told of: alerts made from budgets, days, pauses, bills and health.

Pure: sums and states in, alerts out, the same ones as long as nothing changes. Each has a key under which it
is told once; who is told, and how, is for others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping, Sequence
from datetime import date

from router.core.catalog.news import ModelNews, NewsKind
from router.core.cost.reconcile import Mismatch
from router.core.health.scopes import scope_keys
from router.core.money import usd
from router.core.records.admission import Cap, Used
from router.core.records.alerts import Alert, StandingPause
from router.core.records.health import Health, ScopeHealth
from router.core.reports.trends import Anomaly
from router.core.settings.deployments import Deployment
from router.core.settings.hooks import Event

SHARES = (100, 80, 50)
"""The used percents of a budget that are told, highest first."""
SAID_OF_MODELS = {
    NewsKind.GONE: "does not list",
    NewsKind.NOT_FREE: "no longer lists for free",
}
"""What a provider's list says of a model that somebody uses, of which an alert is made."""


def budget_alerts(used: Iterable[tuple[Cap, Used]], today: date) -> list[Alert]:
    """Return the highest share that is spent of each budget. What only runs is not spent yet.

    A share is told once in a budget's window, of one that moves once a day.
    """
    found = []
    for cap, sums in used:
        spent, limit = sums.posted_nano, cap.limit_nano
        share = next((share for share in SHARES if limit and spent * 100 >= limit * share), None)
        if share is None:
            continue
        period = str(today) if cap.until_ms is None else str(cap.until_ms)
        then = "what does not fit is refused" if cap.hard else "it is soft, so calls go on"
        ended = f"; {then}" if share == 100 else ""
        found.append(
            Alert(
                Event.BUDGET,
                f"budget|{cap.label}|{limit}|{period}",
                f"{share} % of budget `{cap.label}` is spent: ${usd(spent)} of ${usd(limit)}{ended}",
                {
                    "budget": cap.label,
                    "percent": share,
                    "spent_usd": usd(spent),
                    "limit_usd": usd(limit),
                    "mode": "hard" if cap.hard else "soft",
                },
                rank=share,
            )
        )
    return found


def anomaly_alerts(anomalies: Iterable[Anomaly]) -> list[Alert]:
    """Return an alert for each day out of the ordinary."""
    return [
        Alert(
            Event.ANOMALY,
            f"anomaly|{one.day}",
            f"{one.day} has cost ${usd(one.cost_nano)}; the usual of its weekday is ${usd(one.usual_nano)}",
            {"day": str(one.day), "cost_usd": usd(one.cost_nano), "usual_usd": usd(one.usual_nano)},
        )
        for one in anomalies
    ]


def guard_alerts(pauses: Iterable[StandingPause]) -> list[Alert]:
    """Return an alert for each pause of paid calls."""
    return [
        Alert(
            Event.GUARD,
            f"guard|{pause.number}",
            f"paid calls are paused: {pause.reason}; `cockpit resume` lifts it",
            {"reason": pause.reason, "session": pause.session},
        )
        for pause in pauses
    ]


def mismatch_alerts(mismatches: Iterable[Mismatch]) -> list[Alert]:
    """Return an alert for each deployment whose bills are not its price; another price is another alert."""
    return [
        Alert(
            Event.PRICE_MISMATCH,
            f"price_mismatch|{one.deployment}|{hashlib.sha256((one.rates_json or '').encode()).hexdigest()}",
            one.words,
            {"deployment": one.deployment, "model": one.model, "calls": one.calls},
        )
        for one in mismatches
    ]


def gone_alerts(healths: Mapping[str, ScopeHealth], deployments: Sequence[Deployment]) -> list[Alert]:
    """Return an alert for each scope that is switched off and has deployments behind it."""
    found = []
    for key, health in sorted(healths.items()):
        behind = [one.name for one in deployments if key in scope_keys(one).values()]
        if health.state is not Health.DISABLED or not behind:
            continue
        found.append(
            Alert(
                Event.BACKEND_GONE,
                f"backend_gone|{key}|{health.healthy_since_ms}|{health.reason}",
                f"switched off: {', '.join(behind)}: {health.reason}",
                {"deployments": ", ".join(behind), "reason": health.reason},
            )
        )
    return found


def listed_alerts(news: Iterable[ModelNews]) -> list[Alert]:
    """Return an alert for each configured model that a list has no more, or no longer for free.

    Told once for a model, whoever uses it: a list that comes and goes is not told each time.
    """
    behind: dict[tuple[NewsKind, str, str], list[str]] = {}
    for one in news:
        if one.deployment and one.kind in SAID_OF_MODELS:
            behind.setdefault((one.kind, one.provider, one.model), []).append(one.deployment)
    return [
        Alert(
            Event.BACKEND_GONE,
            f"listed|{kind}|{provider}|{model}",
            f"{provider} {SAID_OF_MODELS[kind]} {model}: {', '.join(names)}; `cockpit watch` says what to do",
            {"deployments": ", ".join(names), "provider": provider, "model": model, "reason": kind.value},
        )
        for (kind, provider, model), names in sorted(behind.items())
    ]
