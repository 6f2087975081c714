"""What can be wrong with a deployment in the simulation, hidden from the engine, and what it answers then.

Each fault is a function of the moment and of how often it was asked, drawn from a seed.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from router.core.failures.exchange import Exchange, Fault, StreamEnd


class Trouble(StrEnum):
    """A hidden state."""

    HEALTHY = "healthy"
    LIMITED = "limited until a moment"
    DEAD_KEY = "dead key"
    SLOW = "slow"
    FLAPPING = "flapping"
    LYING = "lying Retry-After"
    TRUNCATING = "truncating"
    VANISHING = "vanishing"
    REFUSING = "refused connections"
    OVERLOADED = "overloaded"
    LOSING = "served, and the answer lost"


FOR_GOOD = frozenset({Trouble.DEAD_KEY, Trouble.VANISHING, Trouble.SLOW})
"""Troubles that do not end."""
ENDS_FOR_CALLERS = frozenset({Trouble.DEAD_KEY, Trouble.VANISHING})
"""After these a deployment never serves again."""

REFUSALS: dict[Trouble, tuple[int, object]] = {
    Trouble.DEAD_KEY: (401, {"error": {"code": "invalid_api_key", "message": "no"}}),
    Trouble.VANISHING: (404, {"error": {"code": "model_not_found", "message": "no such model"}}),
    Trouble.FLAPPING: (500, {"error": {"message": "oops"}}),
    Trouble.OVERLOADED: (529, {"error": {"type": "overloaded_error", "message": "overloaded"}}),
}


@dataclass(frozen=True, slots=True)
class Reply:
    """What comes of one call."""

    exchange: Exchange
    pieces: int = 0
    """Pieces of content that arrive before the end."""
    lost: int = 0
    """Pieces that are made and billed, and never arrive."""
    head_s: float = 0.1
    piece_s: float = 0.05
    hint_s: float | None = None
    """The waiting time the answer asked for, which must be kept whether it is true or not."""


@dataclass(slots=True)
class Hidden:
    """One deployment's truth."""

    trouble: Trouble
    chance: random.Random
    starts_s: float = 0.0
    ends_s: float = 0.0
    key_dies_s: float = float("inf")
    """When the key stops working, for whoever has it."""
    asked: int = 0

    def reply(self, now_s: float) -> Reply:
        """Return what a call at `now_s` gets."""
        self.asked += 1
        if now_s >= self.key_dies_s:
            return _refused(Trouble.DEAD_KEY)
        in_trouble = self.starts_s <= now_s < (float("inf") if self.trouble in FOR_GOOD else self.ends_s)
        if self.trouble is Trouble.FLAPPING:
            in_trouble = in_trouble and self.asked % 3 == 0
        elif self.trouble is Trouble.TRUNCATING:
            in_trouble = in_trouble and self.chance.random() < 0.5
        return self._troubled(now_s) if in_trouble else self._whole()

    def _troubled(self, now_s: float) -> Reply:
        match self.trouble:
            case Trouble.LIMITED:
                reply = _limited(self.ends_s - now_s)
            case Trouble.LYING:
                reply = _limited(self.chance.choice([0.5, 30.0, 90.0]))
            case Trouble.REFUSING:
                reply = Reply(Exchange("sim", fault=Fault.CONNECT_REFUSED), head_s=0.01)
            case Trouble.TRUNCATING:
                cut = Exchange(
                    "sim",
                    status=200,
                    end=self.chance.choice([StreamEnd.RESET, StreamEnd.EOF, StreamEnd.HANG]),
                )
                reply = Reply(cut, pieces=self.chance.randrange(1, 4), lost=self.chance.randrange(3))
            case Trouble.LOSING:
                fault = self.chance.choice([Fault.RESET_AFTER_SENT, Fault.READ_TIMEOUT_AFTER_SENT])
                reply = Reply(Exchange("sim", fault=fault), lost=self.chance.randrange(1, 6))
            case Trouble.FLAPPING:
                reply = _refused(self.trouble)
            case Trouble.SLOW:
                reply = replace(self._whole(), head_s=8.0)
            case Trouble.HEALTHY:
                reply = self._whole()
            case _:
                reply = _refused(self.trouble)
        return reply

    def _whole(self) -> Reply:
        done = Exchange("sim", status=200, finish_reason="stop")
        return Reply(done, pieces=self.chance.randrange(1, 6), head_s=0.2)


def _refused(trouble: Trouble) -> Reply:
    status, error = REFUSALS[trouble]
    return Reply(Exchange("sim", status=status, error=error))


def _limited(hint_s: float) -> Reply:
    headers = {"retry-after": f"{hint_s:.3f}"}
    error = {"error": {"code": "rate_limit_exceeded", "message": "slow down"}}
    return Reply(Exchange("sim", status=429, headers=headers, error=error), hint_s=hint_s)


def draw(chance: random.Random, many: int) -> Sequence[Hidden]:
    """Draw `many` deployments' troubles, each with a span of its own."""
    return [
        Hidden(
            trouble=chance.choice(list(Trouble)),
            chance=random.Random(chance.randrange(1 << 30)),
            starts_s=(starts := chance.uniform(0, 60)),
            ends_s=starts + chance.uniform(1, 120),
        )
        for _ in range(many)
    ]
