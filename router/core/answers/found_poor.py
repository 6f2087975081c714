"""What happens when a reader found an answer poor: one tier higher is asked, once, with the poor answer.

Pure. Checks climb by themselves (`escalation.py`); here a person has judged. The route's own list, its
`climb` and every bound hold as ever: the judgement lets nobody in, it only keeps the lower ones out.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.core.answers.checks import Verdict
from router.core.answers.escalation import carry
from router.core.choosing.assignment import Assignment
from router.core.choosing.bounds import Bound
from router.core.choosing.selection import Plan
from router.core.model import Deployment, Tier

TAG = "climbed_from"
"""The tag of a request that climbed; its value is the request whose answer was poor."""
_BY_READER = Verdict("reader", passed=False, why="the user found it poor")


def climbing(assigned: Assignment, tiers: Sequence[Tier]) -> Assignment:
    """Return the assignment of a request that stands in for a poor answer; any other as it is."""
    request = assigned.request
    poor = request.instead_of
    if poor is None:
        return assigned
    from_rank = next((tier.rank for tier in tiers if tier.name == poor.tier), -1)
    higher = frozenset(tier.name for tier in tiers if tier.rank > from_rank)
    # Its top is below everything: where nobody above is switched on, nobody below may stand in.
    bound = Bound(f"the climb from {poor.tier}", "what stands higher", higher, -1)
    tagged = replace(request, tags=(*request.tags, (TAG, poor.request_id)))
    note = f"one tier up from {poor.tier}: the user found the answer of request {poor.request_id} poor"
    return replace(
        assigned,
        request=carry(tagged, poor.answer, (_BY_READER,)),
        bounds=(*assigned.bounds, bound),
        notes=(*assigned.notes, note),
    )


def one_tier_up(plan: Plan, asked: Sequence[str], deployments: Mapping[str, Deployment]) -> Plan:
    """Return a plan without those above the lowest tier that can serve, once one was `asked`, of that one."""

    def rank(name: str) -> int:
        return deployments[name].tier.rank

    can = [rank(candidate.deployment) for candidate in plan.candidates if candidate.eligible]
    target = rank(asked[0]) if asked else min(can, default=-1)
    kept = [candidate for candidate in plan.candidates if rank(candidate.deployment) == target]
    rest = [candidate for candidate in plan.candidates if rank(candidate.deployment) != target]
    out = [
        replace(c, eligible=False, reason="stands more than one tier up") if c.eligible else c for c in rest
    ]
    return replace(plan, candidates=tuple(sorted([*kept, *out], key=lambda c: not c.eligible)))
