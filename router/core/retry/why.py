"""A decision in words and as JSON: shown before, stored with the row, read again afterwards."""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import lru_cache
from types import MappingProxyType

from router.core.money import usd
from router.core.records.admission import Refusal
from router.core.records.answers import CachedResponse
from router.core.records.diagnosis import FailureClass
from router.core.retry.fallback import PastAttempt
from router.core.routing.scoring import Score
from router.core.routing.selection import Candidate, Plan, Selection
from router.core.settings.routes import Strategy

NONE: Mapping[str, Refusal] = MappingProxyType({})


def describe(
    plan: Plan | Selection,
    past: tuple[PastAttempt, ...] = (),
    kept: CachedResponse | None = None,
    refusals: Mapping[str, Refusal] = NONE,
) -> str:
    """Return a sentence or two: how it came here, who was passed over, who failed and how, who serves.

    Those that are off on this machine are only counted: the same ones would fill every sentence.
    """
    out = plan.skipped
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
    elif not past and (first := plan.first):
        deployment, tier, reason = first
        parts.append(f"{deployment} ({tier}): {reason}{_clamped(plan, deployment)}")
    elif not past:
        parts.append("nobody can serve")
    return f"route {plan.route}: " + "; ".join(parts)


def _clamped(plan: Plan | Selection, deployment: str) -> str:
    """Return what of the wish for tokens was not sent to a deployment, and why, in brackets."""
    why = plan.clamped(deployment)
    return f" ({why})" if why else ""


_compact = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False).encode


def plan_to_json(plan: Plan) -> str:
    """Return the plan as compact JSON for the ledger's `why_json`."""
    return _compact(
        {
            "route": plan.route,
            "task": plan.task,
            "level": plan.level,
            "language": plan.language,
            "notes": plan.notes,
            "candidates": [_candidate(candidate) for candidate in plan.candidates],
        }
    )


def selection_to_json(selection: Selection) -> str:
    """Return the same of a selection, with figures of those only whom it had to work them out for.

    A row is written for every attempt: what the others would have cost is not worth its time and its bytes.
    """
    if selection.is_narrowed:
        return plan_to_json(selection.plan)
    request = selection.assigned.request
    weighted = selection.assigned.route.strategy is Strategy.WEIGHTED
    candidates = []
    for runner in selection.order:
        facts = runner.facts
        figures: dict[str, object] = {}
        if runner is selection.order[0]:
            figures |= {"estimate_usd": usd(facts.estimate.expected_nano)}
            figures |= {"bound_usd": usd(facts.estimate.bound_nano)}
            figures |= {"clamped": facts.clamp.reason} if facts.clamp.reason else {}
        if weighted:
            figures |= {"score": round(runner.score.total, 4), "score_inputs": score_inputs(runner.score)}
        told = _told(facts.deployment.name, True, selection.reason(runner))
        candidates.append(f"{told[:-1]},{_compact(figures)[1:]}" if figures else told)
    candidates += [_told(out.deployment, False, out.reason) for out in selection.skipped]
    head = {
        "route": selection.route,
        "task": request.task,
        "level": request.level,
        "language": request.language,
        "notes": selection.notes,
    }
    return f'{_compact(head)[:-1]},"candidates":[{",".join(candidates)}]}}'


@lru_cache(maxsize=4096)
def _told(deployment: str, eligible: bool, reason: str) -> str:
    """Return what is told of one; most say the same from request to request."""
    return _compact({"deployment": deployment, "eligible": eligible, "reason": reason})


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
