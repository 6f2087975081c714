"""What a stress test is to send, to whom and for how much at most, before anything is sent.

Pure. The rhythm of each pattern is here as well: when the next request may go, and when a target has had
enough. Sending is `engine/stress.py`'s.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

from router.core.cost.estimate import Estimate, estimate, input_size
from router.core.message import Message
from router.core.money import usd
from router.core.records.stress import Load, LoadPattern
from router.core.routing.clamp import clamp
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing
from router.core.stress.shots import Shot, ShotEnd

PROMPT = (Message("user", "Reply with one word: ready"),)
MOST_OUTPUT_TOKENS = 256
"""Enough for a model that reasons before its one word; what bounds the price of a paid target."""
ERRORS_IN_A_ROW = 3
"""So many, and the rest of a target's requests would say nothing new."""
RAMP_REQUESTS = 40
"""A ramp's end where no limit is met: it has then reached 40 a minute in about four minutes."""
MINUTE_S = 60.0


@dataclass(frozen=True, slots=True)
class Target:
    """One deployment of a plan."""

    deployment: Deployment
    each: Estimate
    """What one request takes."""
    max_tokens: int

    @property
    def costs(self) -> bool:
        """Whether a request could cost money."""
        return self.deployment.billing is Billing.METERED


@dataclass(frozen=True, slots=True)
class StressPlan:
    """All that is to be sent."""

    load: Load
    targets: tuple[Target, ...]
    budget_nano: int = 0
    """The most all of it may cost together; at 0 nothing is sent to what could cost."""

    @property
    def requests(self) -> int:
        """How many requests at most."""
        return self.load.requests * len(self.targets)

    @property
    def tokens(self) -> int:
        """How many tokens of input and output are expected to be taken at most."""
        each = (t.each.input_expected_tokens + t.max_tokens for t in self.targets)
        return sum(each) * self.load.requests

    @property
    def bound_nano(self) -> int | None:
        """The most it can cost, in nano-dollars; None when a price is unknown."""
        bounds = [target.each.bound_nano for target in self.targets]
        known = [bound for bound in bounds if bound is not None]
        return sum(known) * self.load.requests if len(known) == len(bounds) else None


def target(deployment: Deployment) -> Target:
    """Return a deployment as a target, with what one request to it takes."""
    size = estimate(input_size(PROMPT), deployment, 1).input_expected_tokens
    tokens = clamp(MOST_OUTPUT_TOKENS, MOST_OUTPUT_TOKENS, deployment, size).max_tokens
    return Target(deployment, estimate(input_size(PROMPT), deployment, tokens), tokens)


def can_be_tried(deployment: Deployment) -> bool:
    """Whether a prompt can be sent to it at all: it is on, and answers prompts."""
    return deployment.off is None and not deployment.embeds


def usual_targets(deployments: Iterable[Deployment]) -> tuple[Deployment, ...]:
    """Return what is tried when nobody says what: all that are free; where none is on, the local ones."""
    on = [deployment for deployment in deployments if can_be_tried(deployment)]
    free = tuple(deployment for deployment in on if deployment.billing is Billing.FREE)
    return free or tuple(deployment for deployment in on if deployment.billing is Billing.LOCAL)


def stress_plan(deployments: Iterable[Deployment], load: Load, budget_nano: int | None = None) -> StressPlan:
    """Return the plan of one load for several deployments.

    Where no budget is stated it is the most the plan can cost, and 0 where nobody knows that.
    """
    plan = StressPlan(load, tuple(target(deployment) for deployment in deployments))
    return replace(plan, budget_nano=(plan.bound_nano or 0) if budget_nano is None else budget_nano)


def refusal(plan: StressPlan, *, agreed: bool) -> str | None:
    """Return why a plan may not be sent, in words with its price, or None.

    `agreed` is a person's yes to what costs money.
    """
    paid = [target for target in plan.targets if target.costs]
    names = ", ".join(target.deployment.name for target in paid)
    if not paid:
        return None
    if any(target.each.bound_nano is None for target in paid):
        unknown = ", ".join(t.deployment.name for t in paid if t.each.bound_nano is None)
        return (
            f"the price of {unknown} is unknown, so nothing is sent: write its `price` in the configuration"
        )
    dearest = max(target.each.bound_nano or 0 for target in paid)
    price = f"at most ${usd(plan.bound_nano)} for {plan.load.requests} requests each"
    if not agreed:
        return f"{names} would cost money, {price}; --yes agrees to it"
    if dearest > plan.budget_nano:
        return f"{names}: one request can cost ${usd(dearest)}, and ${usd(plan.budget_nano)} is the limit"
    return None


def gap_s(load: Load, sent: int) -> float:
    """Return how many seconds lie between the start of request `sent` and of the next one, at least."""
    return MINUTE_S / sent if load.pattern is LoadPattern.RAMP else 0.0


def had_enough(load: Load, shots: Sequence[Shot]) -> str | None:
    """Return why a target gets no more requests although some are left, in words; None: go on."""
    if load.pattern is LoadPattern.RAMP and shots and shots[-1].end is ShotEnd.RATE_LIMITED:
        return "stopped at the first 429"
    last = shots[-ERRORS_IN_A_ROW:]
    if len(last) == ERRORS_IN_A_ROW and all(shot.end is not ShotEnd.OK for shot in last):
        return f"stopped after {ERRORS_IN_A_ROW} errors in a row"
    return None
