"""What to do next: another attempt, or give up, and why.

The attempts made so far are the whole state, so the same call explains a request afterwards.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from router.core.records.admission import Refusal, RefusedBy
from router.core.records.diagnosis import Action, Diagnosis, FailureClass, Lacking, LedgerOutcome
from router.core.routing.selection import Candidate, Plan, Selection
from router.core.settings.policy import Policy
from router.core.value import dataclass

FINAL = (Action.RETURN_TO_CALLER, Action.SURFACE_STREAM_ERROR)
"""After these nobody else may answer."""


@dataclass(frozen=True, slots=True)
class PastAttempt:
    """One attempt, as far as the next decision needs it."""

    deployment: str
    diagnosis: Diagnosis
    over_budget: bool = False
    """It was stopped because no budget had more for its answer."""


@dataclass(frozen=True, slots=True)
class Try:
    """Make this attempt next."""

    deployment: str


@dataclass(frozen=True, slots=True)
class Wait:
    """Wait so long, then decide again: a free deployment is about to come back."""

    seconds: float
    message: str


@dataclass(frozen=True, slots=True)
class GiveUp:
    """There is nothing left to try."""

    failure_class: FailureClass
    message: str
    over_budget: bool = False
    """Money alone is in the way."""


@dataclass(frozen=True, slots=True)
class UseCached:
    """Hand over the answer that exactly this request got before, marked as such."""

    instead: GiveUp
    """Why nobody serves it afresh, and the end where no such answer is found."""

    @property
    def message(self) -> str:
        """Why nobody serves it afresh, in words for the user."""
        return self.instead.message


@dataclass(frozen=True, slots=True)
class Answered:
    """The last attempt is the answer."""


ANSWERED = Answered()
Decision = Try | Wait | Answered | UseCached | GiveUp


@dataclass(frozen=True, slots=True)
class RequestStanding:
    """What the next decision needs to know beside the attempts made."""

    may_retry: bool = True
    """Whether the retry budget of all requests allows a further attempt after a server's failure."""
    may_wait: bool = True
    """Whether one request more may wait: too many that do would all be answered late."""
    waited_s: float = 0.0
    """What this request has waited already."""
    cached: bool = False
    """An answer to exactly this request may be kept, and the route allows it."""
    has_answer: bool = False
    """There is an answer already, if a poor one: what failed since is not asked again for a better one."""
    rested: bool = False
    """The request has waited since its last attempt."""


FRESH = RequestStanding()
SHORTEST_WAIT_S = 0.05
"""A rest that is over by the clock may still be kept by another process for a moment."""
BACKOFF_S = 0.5
"""Before the only deployment that can serve is asked again; doubled with each attempt."""
TRIES_OF_ONE = 4
"""How often one deployment is asked by one request when nobody else can serve."""
_PASSING = (FailureClass.TRANSIENT, FailureClass.QUOTA_UNTIL_TIME)


def decide(
    plan: Plan, past: Sequence[PastAttempt], policy: Policy, left_s: float, standing: RequestStanding = FRESH
) -> Decision:
    """Return the next attempt, a short wait, or the end: the answer, or why there is none.

    `plan` is fresh: it already leaves out what the failures so far have put to rest. `left_s` is what remains
    of the request's deadline. Every attempt, refusal and wait brings the end nearer, so a request ends.
    """
    last = past[-1] if past else None
    if last and last.diagnosis.action is Action.CONTINUE:
        return ANSWERED
    if last and last.diagnosis.action in FINAL:
        return GiveUp(last.diagnosis.failure_class, _tell(last), last.over_budget)
    spent = _spent(past, policy, left_s, standing)
    if spent:
        return _end(GiveUp(_class_of(past), f"{spent}: {_tell(_worst(past))}"), standing)
    again = _find(plan, last.deployment) if last and _may_repeat(past) else None
    if again:
        return Try(again.deployment)
    tried = {attempt.deployment for attempt in past}
    able = [candidate for candidate in plan.candidates if _is_capable(candidate, plan, past)]
    fresh = [candidate for candidate in able if candidate.deployment not in tried]
    failed = [
        candidate
        for candidate in able
        if not standing.has_answer and _may_come_back(candidate.deployment, past)
    ]
    choice = next((candidate for candidate in fresh if candidate.eligible), None)
    back = next((c for c in failed if c.eligible and not (choice and c.paid)), None)
    if back and standing.rested and (choice is None or choice.paid):
        return Try(back.deployment)
    wait = _worth_waiting(fresh, failed, choice, _Patience(policy, left_s, standing, len(past)))
    if wait:
        return wait
    return Try(choice.deployment) if choice else _end(_nothing_left(plan, past), standing)


def first_try(selection: Selection) -> Try | None:
    """Return the first attempt of a request, where nothing can be better than to make it at once.

    It is what `decide` says of the plan then, and needs no plan. None: somebody free may be about to come
    back, nobody can serve, or the plan is narrowed; then `decide` is to be asked.
    """
    chosen = selection.chosen
    if chosen is None or selection.is_narrowed:
        return None
    if chosen.paid and any(why.back_in_s is not None for why in selection.stops.values()):
        return None
    return Try(chosen.deployment.name)


def _may_come_back(deployment: str, past: Sequence[PastAttempt]) -> bool:
    """Whether what failed in this request may answer it after all: its trouble is one that passes."""
    mine = [attempt.diagnosis for attempt in past if attempt.deployment == deployment]
    if not mine or len(mine) >= TRIES_OF_ONE:
        return False
    last = mine[-1]
    at_no_cost = last.ledger is LedgerOutcome.VOID and last.lacking is Lacking.NOTHING
    return at_no_cost and last.failure_class in _PASSING


def _spent(
    past: Sequence[PastAttempt], policy: Policy, left_s: float, standing: RequestStanding
) -> str | None:
    """Return what is used up, or None."""
    if len(past) >= policy.max_attempts:
        return f"gave up after {len(past)} attempts"
    if left_s <= 0:
        return f"the deadline of {policy.deadline_s:g} s has passed"
    if past and past[-1].diagnosis.counts_toward_breaker and not standing.may_retry:
        return "too many calls fail at the moment for another attempt"
    return None


def _end(instead: GiveUp, standing: RequestStanding) -> UseCached | GiveUp:
    return UseCached(instead) if standing.cached else instead


def _may_repeat(past: Sequence[PastAttempt]) -> bool:
    """Whether the last failure is one that the same deployment may be asked once more after."""
    last = past[-1]
    times = sum(attempt.deployment == last.deployment for attempt in past)
    return last.diagnosis.action is Action.RETRY_SAME and times < 2


def _find(plan: Plan, deployment: str) -> Candidate | None:
    return next((c for c in plan.candidates if c.eligible and c.deployment == deployment), None)


def _is_capable(candidate: Candidate, plan: Plan, past: Sequence[PastAttempt]) -> bool:
    """Whether a candidate may do better where another could not do it at all.

    One that could not pay for the answer leaves those that cost less. One whose window was too small leaves
    those with a larger one, measured by what it said its window is, or one that nobody knows. What else was
    lacking (a capability, room for the body, the account's tokens a minute) anybody else may have.
    """
    for attempt in past:
        failed = next((c for c in plan.candidates if c.deployment == attempt.deployment), None)
        if failed is None:
            continue
        match attempt.diagnosis.lacking:
            case Lacking.MONEY if not _costs_less(candidate, failed):
                return False
            case Lacking.WINDOW if not _is_larger(candidate, attempt.diagnosis.limit_tokens, failed):
                return False
            case _:
                pass
    return True


def _costs_less(candidate: Candidate, failed: Candidate) -> bool:
    bound, limit = candidate.bound_nano_usd, failed.bound_nano_usd
    return not candidate.paid or (bound is not None and limit is not None and bound < limit)


def _is_larger(candidate: Candidate, told_tokens: int | None, failed: Candidate) -> bool:
    window, too_small = candidate.context_window, told_tokens or failed.context_window
    return window is None or too_small is None or window > too_small


@dataclass(frozen=True, slots=True)
class _Patience:
    """How long a request may still wait."""

    policy: Policy
    left_s: float
    standing: RequestStanding
    attempts: int

    def allows(self, candidate: Candidate, seconds: float, choice: Candidate | None) -> bool:
        """Whether to wait for a candidate, when the alternative is to pay or to fail.

        Who pays anyway waits only where nobody else could serve.
        """
        if candidate.paid and choice:
            return False
        longest_s = 0.0 if choice and not candidate.full else self.policy.queue_s
        if not candidate.paid:
            longest_s = max(longest_s, self.policy.wait_for_free_s)
        return seconds < min(self.left_s, longest_s - self.standing.waited_s)


def _worth_waiting(
    fresh: Sequence[Candidate], failed: Sequence[Candidate], choice: Candidate | None, patience: _Patience
) -> Wait | None:
    """Return a wait for the first that comes back in time, of those not asked yet and those that failed."""
    if not patience.standing.may_wait or (choice and not choice.paid):
        return None
    waits = []
    for candidate in (*fresh, *failed):
        back_in_s = candidate.back_in_s
        if back_in_s is None and candidate.eligible and choice is None:  # it failed and was not put to rest
            back_in_s = BACKOFF_S * 2.0 ** (patience.attempts - 1)
        if back_in_s is None:
            continue
        seconds = max(back_in_s, SHORTEST_WAIT_S)
        if patience.allows(candidate, seconds, choice):
            waits.append((seconds, candidate))
    if not waits:
        return None
    seconds, awaited = min(waits, key=lambda wait: wait[0])
    why = awaited.reason if awaited.full else "which is free" if choice else "the only one that can serve"
    return Wait(seconds, f"waiting {seconds:.1f} s for {awaited.deployment}, {why}")


def _nothing_left(plan: Plan, past: Sequence[PastAttempt]) -> GiveUp:
    if past:
        message = f"nothing else can serve {plan.route}: {_tell(_worst(past))}"
        refused = [f"{c.deployment}: {c.reason}" for c in plan.candidates if c.over_budget]
        return GiveUp(_class_of(past), "; ".join([message, *refused]))
    why = "; ".join(f"{candidate.deployment}: {candidate.reason}" for candidate in plan.candidates)
    over_budget = any(candidate.over_budget for candidate in plan.candidates)
    return GiveUp(FailureClass.TRANSIENT, f"no deployment of {plan.route} can serve now: {why}", over_budget)


def _worst(past: Sequence[PastAttempt]) -> PastAttempt | None:
    """Return the failure the caller is told: one that he can do something about, else the last."""
    mine = (attempt for attempt in past if attempt.diagnosis.failure_class is FailureClass.BAD_REQUEST)
    return next(mine, past[-1] if past else None)


def _class_of(past: Sequence[PastAttempt]) -> FailureClass:
    worst = _worst(past)
    return worst.diagnosis.failure_class if worst else FailureClass.TRANSIENT


def _tell(attempt: PastAttempt | None) -> str:
    return f"{attempt.deployment}: {attempt.diagnosis.evidence}" if attempt else "nothing was tried"


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
