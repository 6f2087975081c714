"""The retry budget: how many further attempts all requests together may still make.

One outage must not multiply the traffic by the attempts of every request. As gRPC's A6 does it, a token is
lost with each failure of a server and a tenth of one earned with each success; with half of them gone, nobody
gets a further attempt, only first ones. Tokens also come back with time (as in Finagle's budget), so that one
dead deployment never keeps a quiet user from the next.
"""

from __future__ import annotations

from router.core.records.diagnosis import Diagnosis, FailureClass
from router.core.value import dataclass

MOST = 20.0
EARNED = 0.1
"""By each success: gRPC's ratio."""
TRICKLE_A_SECOND = 0.5


@dataclass(frozen=True, slots=True)
class RetryBudget:
    """The tokens at a moment."""

    tokens: float = MOST
    at_s: float = 0.0
    """On the clock that never steps."""

    def allows(self, now_s: float) -> bool:
        """Whether a request may make a further attempt now."""
        return self._tokens(now_s) > MOST / 2

    def after(self, diagnosis: Diagnosis, now_s: float) -> RetryBudget:
        """Return the budget after an attempt's end. What is not a server's trouble costs nothing."""
        tokens = self._tokens(now_s)
        if diagnosis.failure_class is FailureClass.OK:
            tokens = min(MOST, tokens + EARNED)
        elif diagnosis.counts_toward_breaker:
            tokens = max(0.0, tokens - 1)
        return RetryBudget(tokens, now_s)

    def _tokens(self, now_s: float) -> float:
        return min(MOST, self.tokens + TRICKLE_A_SECOND * max(0.0, now_s - self.at_s))
