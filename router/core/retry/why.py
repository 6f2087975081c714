"""A decision in words and as JSON: shown before, stored with the row, read again afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from types import MappingProxyType

from router.core.money import usd
from router.core.records.admission import Refusal
from router.core.records.answers import CachedResponse
from router.core.records.diagnosis import FailureClass
from router.core.retry.fallback import PastAttempt
from router.core.routing.scoring import Score
from router.core.routing.selection import Candidate, Plan

NONE: Mapping[str, Refusal] = MappingProxyType({})


def describe(
    plan: Plan,
    past: tuple[PastAttempt, ...] = (),
    kept: CachedResponse | None = None,
    refusals: Mapping[str, Refusal] = NONE,
) -> str:
    """Return a sentence or two: how it came here, who was passed over, who failed and how, who serves.

    Those that are off on this machine are only counted: the same ones would fill every sentence.
    """
    out = [candidate for candidate in plan.candidates if not candidate.eligible]
    parts = [*plan.notes, *(f"{c.deployment} ({c.tier}) skipped: {c.reason}" for c in out if not c.off)]
    off = sum(candidate.off for candidate in out)
    if off:
        parts.append(f"{off} off on this machine")
    parts += [f"{name} not admitted: {refusal.reason}" for name, refusal in refusals.items()]
    parts += [
        f"{attempt.deployment} failed: {attempt.diagnosis.evidence}"
        for attempt in past
        if attempt.diagnosis.failure_class is not FailureClass.OK
    ]
    served = next((a for a in past if a.diagnosis.failure_class is FailureClass.OK), None)
    if kept:
        parts.append(kept.notice)
    elif served:
        alone = " with reasoning alone, and no answer" if served.diagnosis.reasoning_alone else ""
        parts.append(f"{served.deployment} answered{alone}{_clamped(plan, served.deployment)}")
    elif not past and plan.chosen:
        clamped = _clamped(plan, plan.chosen.deployment)
        parts.append(f"{plan.chosen.deployment} ({plan.chosen.tier}): {plan.chosen.reason}{clamped}")
    elif not past:
        parts.append("nobody can serve")
    return f"route {plan.route}: " + "; ".join(parts)


def _clamped(plan: Plan, deployment: str) -> str:
    """Return what of the wish for tokens was not sent to a deployment, and why, in brackets."""
    why = next((c.clamped for c in plan.candidates if c.deployment == deployment), None)
    return f" ({why})" if why else ""


def plan_to_json(plan: Plan) -> str:
    """Return the plan as compact JSON for the ledger's `why_json`."""
    return json.dumps(
        {
            "route": plan.route,
            "task": plan.task,
            "level": plan.level,
            "language": plan.language,
            "notes": plan.notes,
            "candidates": [_candidate(candidate) for candidate in plan.candidates],
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )


def score_inputs(score: Score | None) -> dict[str, float | None] | None:
    """Return a score's four inputs as plain figures, rounded for reading."""
    if score is None:
        return None
    return {
        "cost": None if score.cost is None else round(score.cost, 4),
        "quality": round(score.quality, 4),
        "health": round(score.health, 4),
        "pressure": round(score.pressure, 4),
    }


def _candidate(candidate: Candidate) -> dict[str, object]:
    told: dict[str, object] = {
        "deployment": candidate.deployment,
        "eligible": candidate.eligible,
        "reason": candidate.reason,
        "score": round(candidate.score.total, 4) if candidate.score else None,
        "score_inputs": score_inputs(candidate.score),
        "estimate_usd": usd(candidate.estimate_nano_usd),
        "bound_usd": usd(candidate.bound_nano_usd),
    }
    return told | ({"clamped": candidate.clamped} if candidate.clamped else {})
