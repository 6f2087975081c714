"""A decision in words and as JSON: shown before, stored with the row, read again afterwards."""

from __future__ import annotations

import json

from router.core.failures import FailureClass
from router.core.fallback import Past
from router.core.money import usd
from router.core.selection import Plan


def tell(plan: Plan, past: tuple[Past, ...] = ()) -> str:
    """Return a sentence or two: who was passed over and why, who failed and how, who serves.

    Those that are off on this machine are only counted: the same ones would fill every sentence.
    """
    out = [candidate for candidate in plan.candidates if not candidate.eligible]
    parts = [f"{c.deployment} ({c.tier}) skipped: {c.reason}" for c in out if not c.off]
    off = sum(candidate.off for candidate in out)
    if off:
        parts.append(f"{off} off on this machine")
    parts += [
        f"{attempt.deployment} failed: {attempt.diagnosis.evidence}"
        for attempt in past
        if attempt.diagnosis.failure_class is not FailureClass.OK
    ]
    served = next((a for a in past if a.diagnosis.failure_class is FailureClass.OK), None)
    if served:
        parts.append(f"{served.deployment} answered")
    elif not past and plan.chosen:
        parts.append(f"{plan.chosen.deployment} ({plan.chosen.tier}) is {plan.chosen.reason}")
    elif not past:
        parts.append("nobody can serve")
    return f"route {plan.route}: " + "; ".join(parts)


def plan_json(plan: Plan) -> str:
    """Return the plan as compact JSON for the ledger's `why_json`."""
    return json.dumps(
        {
            "route": plan.route,
            "task": plan.task,
            "level": plan.level,
            "candidates": [
                {
                    "deployment": c.deployment,
                    "eligible": c.eligible,
                    "reason": c.reason,
                    "estimate_usd": usd(c.estimate_nano_usd),
                    "bound_usd": usd(c.bound_nano_usd),
                }
                for c in plan.candidates
            ],
        },
        separators=(",", ":"),
        ensure_ascii=False,
    )
