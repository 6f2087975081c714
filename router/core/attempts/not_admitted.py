"""What an attempt that was not admitted means for the rest of its request: that choice is out for now.

Pure. Nothing was sent, so it is no attempt of the request and no failure of the deployment. Whether to wait
for it is `fallback.py`'s.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from router.core.attempts.admission import Refusal, RefusedBy
from router.core.choosing.selection import Candidate, Plan

MONEY = frozenset({RefusedBy.BUDGET, RefusedBy.GUARD})


def barred(plan: Plan, refusals: Mapping[str, Refusal], now_ms: int) -> Plan:
    """Return a plan without the deployments that were refused, each with its reason, while that holds.

    A refusal without an end holds for the rest of the request.
    """
    candidates = tuple(
        _judged(candidate, refusals.get(candidate.deployment), now_ms) for candidate in plan.candidates
    )
    return replace(plan, candidates=candidates)


def _judged(candidate: Candidate, refusal: Refusal | None, now_ms: int) -> Candidate:
    if refusal is None or not candidate.eligible:
        return candidate
    if refusal.until_ms is not None and refusal.until_ms <= now_ms:
        return candidate
    back_in_s = None if refusal.until_ms is None else (refusal.until_ms - now_ms) / 1000
    money = refusal.by in MONEY
    return replace(
        candidate,
        eligible=False,
        reason=refusal.reason,
        over_budget=money,
        back_in_s=None if money else back_in_s,
        full=refusal.by is RefusedBy.LIMIT,
    )
