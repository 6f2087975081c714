"""What to do next: another attempt, or give up, and why.

The attempts made so far are the whole state, so the same call explains a request afterwards.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.core.failures import Action, Diagnosis, FailureClass
from router.core.model import Policy
from router.core.selection import Candidate, Plan

FINAL = (Action.CONTINUE, Action.RETURN_TO_CALLER, Action.SURFACE_STREAM_ERROR)
"""After these nobody else may answer."""


@dataclass(frozen=True, slots=True)
class Past:
    """One attempt, as far as the next decision needs it."""

    deployment: str
    diagnosis: Diagnosis


@dataclass(frozen=True, slots=True)
class Try:
    """Make this attempt next."""

    candidate: Candidate


@dataclass(frozen=True, slots=True)
class GiveUp:
    """There is nothing left to try."""

    failure_class: FailureClass
    message: str
    over_budget: bool = False
    """Money alone is in the way."""


def decide(plan: Plan, past: Sequence[Past], policy: Policy, left_s: float) -> Try | GiveUp:
    """Return the next attempt, or why there is none.

    `plan` is fresh: it already leaves out what the failures so far have put to rest. `left_s` is what remains
    of the request's deadline.
    """
    last = past[-1] if past else None
    if last and last.diagnosis.action in FINAL:
        return GiveUp(last.diagnosis.failure_class, _tell(last))
    if len(past) >= policy.max_attempts:
        return GiveUp(_class_of(last), f"gave up after {len(past)} attempts: {_tell(last)}")
    if left_s <= 0:
        return GiveUp(_class_of(last), f"the deadline of {policy.deadline_s:g} s has passed: {_tell(last)}")
    tried = {attempt.deployment for attempt in past}
    if last and _may_repeat(past):
        again = _find(plan, last.deployment)
        if again:
            return Try(again)
    fresh = [c for c in plan.candidates if c.eligible and c.deployment not in tried]
    if fresh:
        return Try(fresh[0])
    return _nothing_left(plan, last)


def _may_repeat(past: Sequence[Past]) -> bool:
    """Whether the last failure is one that the same deployment may be asked once more after."""
    last = past[-1]
    times = sum(attempt.deployment == last.deployment for attempt in past)
    return last.diagnosis.action is Action.RETRY_SAME and times < 2


def _find(plan: Plan, deployment: str) -> Candidate | None:
    return next((c for c in plan.candidates if c.eligible and c.deployment == deployment), None)


def _nothing_left(plan: Plan, last: Past | None) -> GiveUp:
    if last:
        return GiveUp(_class_of(last), f"nothing else can serve {plan.route}: {_tell(last)}")
    why = "; ".join(f"{candidate.deployment}: {candidate.reason}" for candidate in plan.candidates)
    over_budget = any(candidate.over_budget for candidate in plan.candidates)
    return GiveUp(FailureClass.TRANSIENT, f"no deployment of {plan.route} can serve now: {why}", over_budget)


def _class_of(last: Past | None) -> FailureClass:
    return last.diagnosis.failure_class if last else FailureClass.TRANSIENT


def _tell(last: Past | None) -> str:
    return f"{last.deployment}: {last.diagnosis.evidence}" if last else "nothing was tried"
