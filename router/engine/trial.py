"""The books of a stress test: its attempts are rows and budgets like any, and move no health.

Nobody is rested, probed or cleared by a test, and no rest keeps a test away. What answers tell of limits is
kept, as from any answer.
"""

from __future__ import annotations

from dataclasses import replace

from router.core.records.admission import Refusal
from router.core.records.diagnosis import Diagnosis
from router.core.records.entries import Settlement
from router.core.records.health import LearnedLimit
from router.core.records.stress import Load, StressResult
from router.engine.attempt import Attempt
from router.engine.ports import Ledger
from router.engine.shared_state import SharedState


class Trial:
    """What a stress test asks and tells, on the state it shares with live traffic; `attempting.Books`."""

    def __init__(self, shared: SharedState, ledger: Ledger, load: Load) -> None:
        self._shared = shared
        self._ledger = ledger
        self._load = load

    async def admit(self, attempt: Attempt) -> Refusal | None:
        """Have the attempt's row written, whatever its deployment's health. Raises LedgerError.

        A test that looks for a limit passes those of a minute; a day's allowance is never passed. The runaway
        guard is not asked: a test is the same prompt again and again, and what it may cost is stated.
        """
        terms = self._shared.terms(attempt)
        quotas = [q for q in terms.quotas if q.until_ms is not None or not self._load.finds_limits]
        admission = await self._ledger.admit(
            attempt.intent, replace(terms, quotas=tuple(quotas), scopes={}, lease_ms=0, guard=None)
        )
        attempt.warnings = admission.warnings
        if admission.refusal is None:
            self._shared.hold(attempt, terms)
        return admission.refusal

    def answering(self, attempt: Attempt) -> None:
        """Teach nothing: a test is no probe."""

    async def hold_on(self, attempt: Attempt) -> Refusal | None:
        """Stop an answer that costs more than the test may, whatever was asked of its provider."""
        return await self._shared.hold_on(attempt)

    def settle(self, attempt: Attempt, diagnosis: Diagnosis, settlement: Settlement) -> None:
        """Close the row, and keep the limits its answer told."""
        self._ledger.settle(settlement)
        self._learn(self._shared.pace.learn_from(attempt))

    def keep(self, result: StressResult, limit: LearnedLimit | None) -> None:
        """Keep what a target's test came to, and the limit it met."""
        self._ledger.note(result)
        if limit is not None:
            self._learn(self._shared.pace.learn([limit]))

    def _learn(self, news: list[LearnedLimit]) -> None:
        for limit in news:
            self._ledger.note(limit)


class Purse:
    """How much of a stated budget, in nano-dollars, is spent and held while several calls run at once."""

    def __init__(self, budget_nano: int) -> None:
        self._budget = budget_nano
        self._spent = 0
        self._held = 0

    def take(self, bound_nano: int | None) -> bool:
        """Hold what a request can cost at most; return False, and hold nothing, where that does not fit.

        What is known to cost nothing fits while nothing was overspent; what has no bound never does.
        """
        if bound_nano is None or self._spent + self._held + bound_nano > self._budget:
            return False
        self._held += bound_nano
        return True

    def settle(self, bound_nano: int, cost_nano: int | None) -> None:
        """Turn a hold into what the request came to: its cost, or all of the hold where nobody knows."""
        self._held -= bound_nano
        self._spent += bound_nano if cost_nano is None else cost_nano
