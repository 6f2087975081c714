"""How much of a stated budget is spent and held while several requests run at once."""

from __future__ import annotations


class Purse:
    """A budget in nano-dollars."""

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
