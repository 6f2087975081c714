"""Which budgets one attempt counts against, whether it still fits, and how far they are used up.

Pure: the configuration, the attempt and the moment in, `Cap`s and verdicts out. What has been spent is summed
by the ledger, inside the transaction that admits the attempt.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime, tzinfo
from functools import lru_cache

from router.core.money import usd
from router.core.records.admission import Cap, Refusal, RefusedBy, Used
from router.core.records.entries import Intent
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.value import dataclass
from router.core.windows import HOUR_MS, calendar_days, calendar_month, rolling_hours

ROLLING_HOURS = {
    BudgetWindow.HOUR: 1,
    BudgetWindow.DAY: 24,
    BudgetWindow.SEVEN_DAYS: 7 * 24,
    BudgetWindow.MONTH: 30 * 24,
}
"""How many hours a rolling window has, the current one included."""
COLUMNS = {
    BudgetScope.TIER: "tier",
    BudgetScope.PROVIDER: "provider",
    BudgetScope.DEPLOYMENT: "deployment",
    BudgetScope.ROUTE: "route",
    BudgetScope.SESSION: "session_id",
}
"""The column of `token_spend` that holds a scope's target."""


MINUTE_MS = 60_000


@dataclass(frozen=True, slots=True)
class Charge:
    """One attempt as budgets see it: whose it is, and what it may cost."""

    route: str
    tier: str
    deployment: str
    provider: str
    request_id: str = ""
    """Empty while there is no request yet: then nothing has been spent on it."""
    session: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    bound_nano: int | None = None
    """The most it can cost; None when unknown."""
    expected_nano: int | None = None
    """What it will probably cost at most; None when unknown."""


def charge_of(intent: Intent) -> Charge:
    """Return an attempt that is about to be admitted as budgets see it."""
    return Charge(
        route=intent.route,
        tier=intent.tier,
        deployment=intent.deployment,
        provider=intent.provider,
        request_id=intent.request_id,
        session=intent.session_id,
        tags=intent.tags,
        bound_nano=intent.held_nano_usd,
        expected_nano=intent.soft_held_nano_usd,
    )


def caps(budgets: Sequence[Budget], charge: Charge, now_ms: int, zone: tzinfo) -> tuple[Cap, ...]:
    """Return the budgets that an attempt starting at `now_ms` counts against, in their order.

    A call without a session counts against no session's budget.
    """
    found = (_cap(budget, charge, now_ms, zone) for budget in budgets)
    return tuple(cap for cap in found if cap is not None)


def extra_caps(budgets: Sequence[Budget], charge: Charge, now_ms: int, zone: tzinfo) -> tuple[Cap, ...]:
    """Return the budgets that a running attempt counts against which needs more than is held for it.

    The charge's amounts are what it needs beside its hold; `now_ms` is when it started, so that it stays in
    the windows it was admitted in.
    """
    return tuple(replace(cap, extra=True) for cap in caps(budgets, charge, now_ms, zone))


def standing_caps(budgets: Sequence[Budget], now_ms: int, zone: tzinfo) -> tuple[Cap, ...]:
    """Return the budgets that stand by themselves, not for each call or session, to show what is left.

    Their amounts are 0: nothing is about to be added.
    """
    shown = []
    for budget in budgets:
        each_session = budget.scope is BudgetScope.SESSION and budget.target is None
        if not each_session and budget.window not in {BudgetWindow.CALL, BudgetWindow.SESSION}:
            shown.append(_scoped(_windowed(budget, now_ms, zone), budget, budget.target))
    return tuple(shown)


def judge(counted: Iterable[tuple[Cap, Used]]) -> tuple[Refusal | None, tuple[str, ...]]:
    """Return why hard caps refuse an attempt, if any does, and what to say about the soft ones it passes.

    Every cap is looked at: the reason names all that stand in the way, and the moment is when the last of
    them is free.
    """
    refusals, warnings = [], []
    for cap, used in counted:
        refused, passed = refusal(cap, used), warning(cap, used)
        refusals += [refused] if refused else []
        warnings += [passed] if passed else []
    if not refusals:
        return None, tuple(warnings)
    moments = [refused.until_ms for refused in refusals]
    known = [moment for moment in moments if moment is not None]
    until = max(known) if len(known) == len(moments) else None
    return Refusal(RefusedBy.BUDGET, "; ".join(refused.reason for refused in refusals), until), ()


def refusal(cap: Cap, used: Used) -> Refusal | None:
    """Return why a hard cap refuses its attempt, or None when it fits. What costs nothing always fits."""
    if not cap.hard or cap.amount_nano == 0:
        return None
    if cap.amount_nano is None:
        words = (
            f"the price of this call is unknown and budget `{cap.label}` of {_usd(cap.limit_nano)} is hard"
        )
        return Refusal(RefusedBy.BUDGET, words)
    if used.nano + cap.amount_nano <= cap.limit_nano:
        return None
    return Refusal(RefusedBy.BUDGET, f"{_state(cap, used)}; {cap.frees}", cap.until_ms)


def warning(cap: Cap, used: Used) -> str | None:
    """Return what to say when an attempt passes a soft cap, or None."""
    if cap.hard or not cap.amount_nano or used.nano + cap.amount_nano <= cap.limit_nano:
        return None
    return f"{_state(cap, used)}; it is soft, so the call goes on"


def fraction_used(used_nano: int, cap: Cap) -> float:
    """Return how much of a cap is used, 0 to 1. A cap of nothing is used up."""
    if used_nano >= cap.limit_nano:
        return 1.0
    return max(0.0, used_nano / cap.limit_nano)


def pressure(fractions: Iterable[float]) -> float:
    """Return the highest used fraction of the budgets that apply, 0 to 1; 0 where none does."""
    return max(fractions, default=0.0)


def _cap(budget: Budget, charge: Charge, now_ms: int, zone: tzinfo) -> Cap | None:
    """Return one budget as it applies to an attempt, or None when it does not."""
    value = _value(budget, charge)
    per_session = BudgetScope.SESSION is budget.scope or budget.window is BudgetWindow.SESSION
    if value is None or (per_session and charge.session is None):
        return None
    cap = _standing(budget, now_ms - now_ms % MINUTE_MS, zone, value)
    amount_nano = charge.bound_nano if budget.hard else charge.expected_nano
    within = None
    if budget.window is BudgetWindow.CALL:
        within = ("request_id", charge.request_id)
    elif budget.window is BudgetWindow.SESSION:
        within = ("session_id", charge.session or "")
    return Cap(
        cap.label,
        cap.limit_nano,
        amount_nano,
        cap.since_ms,
        cap.column,
        cap.value,
        cap.tag,
        cap.hard,
        within,
        cap.until_ms,
        cap.frees,
    )


@lru_cache(maxsize=1024)
def _standing(budget: Budget, minute_ms: int, zone: tzinfo, value: str | None) -> Cap:
    """Return a budget's window and scope, kept for a minute: no window begins or ends within one."""
    return _scoped(_windowed(budget, minute_ms, zone), budget, value)


def _value(budget: Budget, charge: Charge) -> str | None:
    """Return what of the attempt falls into a budget's scope, or None when nothing does."""
    match budget.scope:
        case BudgetScope.ALL:
            return ""
        case BudgetScope.TIER:
            mine = charge.tier
        case BudgetScope.PROVIDER:
            mine = charge.provider
        case BudgetScope.DEPLOYMENT:
            mine = charge.deployment
        case BudgetScope.ROUTE:
            mine = charge.route
        case BudgetScope.SESSION:
            return charge.session if budget.target in {None, charge.session} else None
        case BudgetScope.TAG:
            tags = {f"{key}={value}" for key, value in charge.tags}
            return budget.target if budget.target in tags else None
    return mine if mine == budget.target else None


def _scoped(cap: Cap, budget: Budget, value: str | None) -> Cap:
    """Return a cap that counts what is in the budget's scope only."""
    if budget.scope is BudgetScope.TAG:
        key, _, tagged = (value or "").partition("=")
        return replace(cap, tag=(key, tagged))
    column = COLUMNS.get(budget.scope)
    return cap if column is None else replace(cap, column=column, value=value)


def _windowed(budget: Budget, now_ms: int, zone: tzinfo) -> Cap:
    """Return a budget's window as a cap over everything that costs nothing yet."""
    cap = Cap(label_of(budget), budget.limit_nano, amount_nano=0, since_ms=0, hard=budget.hard)
    match budget.window:
        case BudgetWindow.CALL:
            return replace(cap, frees="it is counted for each call by itself")
        case BudgetWindow.SESSION:
            return replace(cap, frees="it is counted for the whole session")
        case BudgetWindow.HOUR:
            window = rolling_hours(now_ms, 1)
        case _ if is_rolling(budget):
            window = rolling_hours(now_ms, ROLLING_HOURS[budget.window])
            following = _at(now_ms - now_ms % HOUR_MS + HOUR_MS, zone)
            frees = f"its oldest hour is free again at {following}, then hour by hour"
            return replace(cap, since_ms=window.start, frees=frees)
        case BudgetWindow.DAY:
            [window] = calendar_days(now_ms, zone, 1)
        case BudgetWindow.SEVEN_DAYS:
            days = calendar_days(now_ms, zone, 7)
            frees = f"its oldest day is free again at {_at(days[-1].end, zone)}, then day by day"
            return replace(cap, since_ms=days[0].start, frees=frees)
        case BudgetWindow.MONTH:
            window = calendar_month(now_ms, zone)
    frees = f"free again at {_at(window.end, zone)}"
    return replace(cap, since_ms=window.start, until_ms=window.end, frees=frees)


def is_rolling(budget: Budget) -> bool:
    """Tell whether a budget's window moves in whole hours; 7 days do, days and months do when told to."""
    if budget.rolling is None:
        return budget.window is BudgetWindow.SEVEN_DAYS
    return budget.rolling


def label_of(budget: Budget) -> str:
    """Return a budget as a user reads it: `all spend, day`, `tier T6, month`, `tag client=acme, 7d`."""
    if budget.scope is BudgetScope.ALL:
        scope = "all spend"
    elif budget.target is None:
        scope = f"each {budget.scope}"
    else:
        scope = f"{budget.scope} {budget.target}"
    return f"{scope}, {budget.window}"


def _state(cap: Cap, used: Used) -> str:
    kind = "needs" if cap.extra else "could cost" if cap.hard else "will probably cost"
    more = " more" if cap.extra else ""
    return (
        f"budget `{cap.label}` of {_usd(cap.limit_nano)}: {_usd(used.posted_nano)} spent, "
        f"{_usd(used.held_nano)} held by running calls, this call {kind} {_usd(cap.amount_nano)}{more}"
    )


def _usd(nano: int | None) -> str:
    return f"${usd(nano)}"


def _at(moment_ms: int, zone: tzinfo) -> str:
    return datetime.fromtimestamp(moment_ms / 1000, zone).strftime("%Y-%m-%d %H:%M %Z")
