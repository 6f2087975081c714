"""What can be wrong with a deployment in the simulation, hidden from the engine, and what it answers then.

Each fault is a function of the moment and of how often it was asked, drawn from a seed. A provider keeps its
own bill: what it served it charges, whatever the caller made of it.
"""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass, field
from enum import StrEnum

from router.core.failures.exchange import End, Exchange, Fault


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


FOR_GOOD = frozenset({Trouble.DEAD_KEY, Trouble.VANISHING, Trouble.SLOW})
"""Troubles that do not end."""

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
    """Pieces of content before the end."""
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
    asked: int = 0
    hints: list[float] = field(default_factory=list)

    def reply(self, now_s: float) -> Reply:
        """Return what a call at `now_s` gets."""
        self.asked += 1
        in_trouble = self.starts_s <= now_s < self.ends_s
        if self.trouble in FOR_GOOD:
            in_trouble = now_s >= self.starts_s
        elif self.trouble is Trouble.FLAPPING:
            in_trouble = self.asked % 3 == 0
        elif self.trouble is Trouble.TRUNCATING:
            in_trouble = self.chance.random() < 0.5
        return self._troubled(now_s) if in_trouble else _whole(self.chance.randrange(1, 6))

    def _troubled(self, now_s: float) -> Reply:
        match self.trouble:
            case Trouble.LIMITED:
                reply = self._limited(self.ends_s - now_s)
            case Trouble.LYING:
                reply = self._limited(self.chance.choice([0.5, 30.0, 90.0]))
            case Trouble.REFUSING:
                reply = Reply(Exchange("sim", fault=Fault.CONNECT_REFUSED), head_s=0.01)
            case Trouble.TRUNCATING:
                cut = Exchange("sim", status=200, end=End.RESET)
                reply = Reply(cut, pieces=self.chance.randrange(1, 4))
            case Trouble.SLOW:
                reply = _whole(self.chance.randrange(1, 6), head_s=8.0)
            case Trouble.HEALTHY:
                reply = _whole(self.chance.randrange(1, 6))
            case _:
                reply = _refused(*REFUSALS[self.trouble])
        return reply

    def _limited(self, hint_s: float) -> Reply:
        self.hints.append(hint_s)
        headers = {"retry-after": f"{hint_s:.3f}"}
        error = {"error": {"code": "rate_limit_exceeded", "message": "slow down"}}
        return Reply(Exchange("sim", status=429, headers=headers, error=error), hint_s=hint_s)


def _refused(status: int, error: object) -> Reply:
    return Reply(Exchange("sim", status=status, error=error))


def _whole(pieces: int, head_s: float = 0.2) -> Reply:
    return Reply(Exchange("sim", status=200, finish_reason="stop"), pieces=pieces, head_s=head_s)


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
