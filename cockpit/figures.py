"""What the dashboard shows of the ledger: one value, read in one go, and what follows by arithmetic."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field

from router.core.budget.budget import fraction_used
from router.core.catalog.news import ModelNews, NewsKind
from router.core.catalog.quotas import DailyQuota
from router.core.records.admission import Cap, Used
from router.core.records.entries import Entry
from router.core.records.spend import Spend, Window
from router.core.records.usage import Usage
from router.services.tiers import LadderFigures

NOTHING_SPENT = Spend()


@dataclass(frozen=True, slots=True)
class Figures:
    """What was read of the ledger in one go."""

    days: tuple[tuple[Window, Spend], ...] = ()
    """The last seven local days, oldest first, today last."""
    previous: Spend = NOTHING_SPENT
    """The seven days before."""
    calls: tuple[Entry, ...] = ()
    """Newest first."""
    ladder: LadderFigures = field(default_factory=LadderFigures)
    """How each deployment has done."""
    budgets: tuple[tuple[Cap, Used], ...] = ()
    """Every standing budget with what counts against it, in the configuration's order."""
    alarms: tuple[str, ...] = ()
    """What makes the figures doubtful, a line each: bills that are not what a price says."""
    news: tuple[ModelNews, ...] = ()
    """What providers' lists of models say against the configuration."""
    tanks: tuple[DailyQuota, ...] = ()
    """How full the daily allowances are, the emptiest first."""
    problem: str = ""
    """Why the ledger could not be read; the rest is then as old as it is."""

    @property
    def total(self) -> Spend:
        """The sum of the days."""
        return add(spend for _, spend in self.days)

    @property
    def today(self) -> Spend:
        """What today came to so far."""
        return self.days[-1][1] if self.days else NOTHING_SPENT


def fullest_first(figures: Figures) -> list[tuple[Cap, Used]]:
    """Return the budgets, those with the highest used share first."""
    return sorted(figures.budgets, key=lambda pair: -fraction_used(pair[1].nano, pair[0]))


def add(spends: Iterable[Spend]) -> Spend:
    """Return the sum of sums. Of the counts, input and output are added up; the rest is left unknown."""
    cost = unknown = requests = attempts = read = written = 0
    for spend in spends:
        cost += spend.cost_nano_usd
        unknown += spend.unknown_cost_attempts
        requests += spend.requests
        attempts += spend.attempts
        read += spend.usage.input_tokens or 0
        written += spend.usage.output_tokens or 0
    return Spend(cost, unknown, requests, attempts, Usage(input_tokens=read, output_tokens=written))


def by_midnight(figures: Figures, now_ms: int) -> int | None:
    """Return what today would come to at its pace so far, in nano-dollars.

    `spent * day / elapsed`, in whole numbers. None in the day's first hour, when one call would decide it.
    """
    if not figures.days:
        return None
    day, today = figures.days[-1]
    elapsed = now_ms - day.start
    if elapsed < 3_600_000:
        return None
    return today.cost_nano_usd * (day.end - day.start) // min(elapsed, day.end - day.start)


def reasons(why_json: str | None) -> tuple[tuple[str, bool, str], ...]:
    """Return a stored decision's candidates as (deployment, eligible, reason); none if it cannot be read."""
    try:
        stored = json.loads(why_json or "{}")
    except ValueError:
        return ()
    candidates = stored.get("candidates") if isinstance(stored, dict) else None
    return tuple(
        (str(c.get("deployment")), c.get("eligible") is True, str(c.get("reason")))
        for c in (candidates if isinstance(candidates, list) else [])
        if isinstance(c, dict)
    )


def out_of_the_ordinary(figures: Figures, *, paused: bool, bad_config: bool) -> str:
    """Return the few words for the top line, of what is most in the way; empty when all is well."""
    notes = {
        "PAUSED": paused,
        "LEDGER NOT READABLE": bool(figures.problem),
        "BAD CONFIG (R)": bad_config,
        "MODELS GONE?": any(one.kind is NewsKind.GONE for one in figures.news),
        "BILLS OFF (doctor)": bool(figures.alarms),
    }
    return next((note for note, holds in notes.items() if holds), "")
