"""Whether a poor answer climbs one tier, to whom, and what goes along.

Pure, and no way around `fallback.decide`: it narrows the plan to one tier higher and asks there, so attempts,
deadline and health bind a climb as they bind everything. A climb goes where the route's own list and its
`climb` allow, and happens once: the answer from above is handed over whatever its checks say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from router.core.message import Message
from router.core.money import usd
from router.core.records.answers import CheckVerdict
from router.core.records.diagnosis import Action
from router.core.request import Request
from router.core.retry.fallback import (
    FRESH,
    GiveUp,
    PastAttempt,
    RequestStanding,
    Try,
    UseCached,
    Wait,
    decide,
)
from router.core.routing.assignment import Assignment
from router.core.routing.bounds import Bound
from router.core.routing.selection import Candidate, Plan
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.policy import Policy
from router.core.settings.providers import Billing
from router.core.settings.routes import Climb

MAX_CARRIED = 4_000
"""Characters of the poor answer that go along; its beginning and its end are kept."""


@dataclass(frozen=True, slots=True)
class Poor:
    """An attempt whose answer failed its checks."""

    index: int
    """Where it stands among the attempts of its request, from 0."""
    failures: tuple[CheckVerdict, ...]
    """At least one."""


@dataclass(frozen=True, slots=True)
class Stay:
    """Nobody else answers: the poor answer is what there is."""

    reason: str


@dataclass(frozen=True, slots=True)
class Rules:
    """What binds a climb: the route's declaration, the policy, and where everyone stands."""

    climb: Climb
    policy: Policy
    deployments: Mapping[str, Deployment]


def escalate(
    plan: Plan,
    past: Sequence[PastAttempt],
    poor: Poor,
    rules: Rules,
    left_s: float,
    standing: RequestStanding = FRESH,
) -> Try | Wait | Stay:
    """Return who answers instead, one tier up, or why nobody does.

    `plan` is fresh and made for the request as it will be sent, with what is carried along. `past` holds the
    poor attempt and those made above since; the rest is as `decide` has it.
    """
    first = past[poor.index]
    better = better_ones(plan, first.deployment)
    above = [_judged(c, first, rules) for c in better.candidates if _is_above(c, first, rules)]
    narrowed = replace(plan, candidates=_of_one_tier(above, past, poor, rules))
    failed = replace(first.diagnosis, action=Action.FALL_OVER, evidence=poor.failures[0].why)
    seen = [*past[: poor.index], replace(first, diagnosis=failed), *past[poor.index + 1 :]]
    step = decide(narrowed, seen, rules.policy, left_s, replace(standing, cached=False, has_answer=True))
    if isinstance(step, Try | Wait):
        return step
    if narrowed.chosen and isinstance(step, GiveUp | UseCached):
        return Stay(f"not climbed: {step.message}")
    reasons = "; ".join(f"{candidate.deployment}: {candidate.reason}" for candidate in above)
    return Stay(f"not climbed: {reasons or f'nobody of {plan.route} stands higher'}")


def carry(request: Request, answer: str | None, failures: Sequence[CheckVerdict]) -> Request:
    """Return the request with the poor answer, where it is known, and what was wrong with it at its end."""
    faults = "\n".join(f"- {verdict.why}{_detail(verdict)}" for verdict in failures)
    wish = f"It was not accepted:\n{faults}\nAnswer the request again, whole, without this fault."
    if answer and answer.strip():
        said = (Message("assistant", _shortened(answer)), Message("user", f"Read your answer above. {wish}"))
        return replace(request, messages=(*request.messages, *said))
    was = "is not at hand" if answer is None else "was empty"
    *before, last = request.messages
    if last.role != "user":
        return replace(request, messages=(*request.messages, Message("user", f"No answer came. {wish}")))
    # Wires refuse an empty turn, and some models two turns of one side: the words join the last turn.
    asked = last.followed_by(f"(An earlier answer to this {was}. {wish})")
    return replace(request, messages=(*before, asked))


def _is_above(candidate: Candidate, poor: PastAttempt, rules: Rules) -> bool:
    tiers = rules.deployments
    return tiers[candidate.deployment].tier.rank > tiers[poor.deployment].tier.rank


def _of_one_tier(
    above: Sequence[Candidate], past: Sequence[PastAttempt], poor: Poor, rules: Rules
) -> tuple[Candidate, ...]:
    """Return those on the lowest tier where anyone can serve; once one was asked, on the tier of that one."""

    def rank(name: str) -> int:
        return rules.deployments[name].tier.rank

    asked = [rank(attempt.deployment) for attempt in past[poor.index + 1 :]]
    target = min(asked or [rank(c.deployment) for c in above if c.eligible], default=None)
    return tuple(candidate for candidate in above if rank(candidate.deployment) == target)


def _judged(candidate: Candidate, poor: PastAttempt, rules: Rules) -> Candidate:
    """Hold a climb against what the route declares; what was out stays out."""
    below, there = rules.deployments[poor.deployment], rules.deployments[candidate.deployment]
    bound, cap = candidate.bound_nano_usd, rules.climb.max_cost_nano
    if not candidate.eligible or there.billing is not Billing.METERED:
        return candidate
    missing = rules.climb.undeclared({below.billing} - {Billing.METERED})
    if missing:
        return replace(candidate, eligible=False, reason=f"costs money and climb: {missing} is not declared")
    if cap is None or (bound is not None and bound <= cap):
        return candidate
    could = "its price is unknown" if bound is None else f"could cost ${usd(bound)}"
    return replace(
        candidate, eligible=False, reason=f"{could}, the climb's cap is ${usd(cap)}", over_budget=True
    )


def _detail(verdict: CheckVerdict) -> str:
    return f":\n{verdict.detail}" if verdict.detail else ""


def _shortened(answer: str) -> str:
    if len(answer) <= MAX_CARRIED:
        return answer
    half = MAX_CARRIED // 2
    return f"{answer[:half]}\n[…]\n{answer[-half:]}"


TAG = "climbed_from"
"""The tag of a request that climbed; its value is the request whose answer was poor."""
_BY_READER = CheckVerdict("reader", passed=False, why="the user found it poor")


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


def better_ones(plan: Plan, poor: str | None) -> Plan:
    """Return a plan without those whose answers are known to be worse than those of `poor`, a deployment.

    A rung stands higher because it costs more, which is no promise: a small local model stands above a free
    large one, and nothing is gained by asking it.
    """
    known = next((candidate for candidate in plan.candidates if candidate.deployment == poor), None)
    if known is None:
        return plan

    def judged(one: Candidate) -> Candidate:
        if not one.eligible or one.quality >= known.quality:
            return one
        worse = f"is no better: quality {one.quality:.2f}, that of {known.deployment} is {known.quality:.2f}"
        return replace(one, eligible=False, reason=worse)

    judged_all = [judged(candidate) for candidate in plan.candidates]
    return replace(plan, candidates=tuple(sorted(judged_all, key=lambda c: not c.eligible)))


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
