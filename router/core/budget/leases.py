"""What an attempt takes of each budget and limit, and how much of them a process may lease.

Pure. A process that calls often takes a share of what is left for itself, in one transaction, and admits
calls from it without asking. What is leased counts as held, so a hard cap holds in any number of processes.
Near the end nothing is leased: each call is asked for by itself, down to the last one.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.core.records.admission import Cap, Quota, Terms
from router.core.records.entries import Intent

SHARE = 16
"""At most this part of what is left goes to one process at a time."""
LEAST_CALLS = 2
"""A lease for fewer calls is not worth one."""
FIRST_CALLS = 8
"""How many calls the first lease is for, while nobody knows how often this process calls."""


@dataclass(frozen=True, slots=True)
class Claim:
    """What an attempt takes of one budget or limit."""

    scope: str
    """What is counted, spelled alike in every process, whatever its limit there."""
    since_ms: int
    """The window it is counted in; 0 for one that slides."""
    amount: int
    of: Cap | Quota
    deployment: str = ""
    """Whose limit it is; empty for a budget."""


def claims(intent: Intent, terms: Terms) -> tuple[Claim, ...] | None:
    """Return what an attempt takes of all that it must fit into; None where only its own rows can tell."""
    found = []
    for cap in terms.caps:
        if cap.amount_nano == 0:
            continue
        if cap.amount_nano is None:
            return None
        if cap.within is not None and cap.within[0] == "request_id":
            if intent.attempt > 1 or cap.amount_nano > cap.limit_nano:
                return None
            continue
        found.append(Claim(scope_of(cap), cap.since_ms, cap.amount_nano, cap))
    for quota in terms.quotas:
        since_ms = 0 if quota.until_ms is None else quota.since_ms
        scope = scope_of(quota, intent.deployment)
        found.append(Claim(scope, since_ms, quota.amount, quota, intent.deployment))
    return tuple(found)


def scope_of(limit: Cap | Quota, deployment: str = "") -> str:
    """Return what a budget counts, or a limit of a deployment, as one text."""
    if isinstance(limit, Quota):
        return f"{limit.unit.value} {'sliding' if limit.until_ms is None else 'daily'} {deployment}"
    measure = "bound" if limit.hard else "expected"
    of = limit.tag or (limit.column, limit.value)
    return f"{measure} {of[0] or ''}={of[1] or ''} {'' if limit.within is None else limit.within}"


def grant(left: int, call: int, lately: int, leased: int = 0) -> int:
    """Return how much more a process may lease of what is left; 0 where there is too little for leases.

    `call` is what one call needs, `lately` what its calls of the last second took, `leased` what it has and
    has not used.
    """
    size = min((left + leased) // SHARE, max(lately, FIRST_CALLS * call))
    return max(0, size - leased) if size >= LEAST_CALLS * call else 0
