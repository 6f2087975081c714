"""The names callers ask for and who may serve them, as the configuration says it."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from router.core.settings.checks import Check
from router.core.settings.providers import Billing


@dataclass(frozen=True, slots=True)
class Privacy:
    """Who may see a prompt; nothing is said: anybody the route names."""

    no_training: bool = False
    """Only deployments known not to train on what they are sent."""
    local_only: bool = False
    """Only machines of one's own."""

    def __or__(self, other: Privacy) -> Privacy:
        """Return what both ask for: a wish of either holds."""
        if not (other.no_training or other.local_only):
            return self
        if not (self.no_training or self.local_only):
            return other
        return Privacy(self.no_training or other.no_training, self.local_only or other.local_only)


ANYBODY = Privacy()


class Strategy(StrEnum):
    """How a route orders the deployments that may serve it."""

    ORDERED = "ordered"
    WEIGHTED = "weighted"
    SHUFFLE = "shuffle"
    CHEAPEST = "cheapest"
    FASTEST = "fastest"
    SPREAD = "spread"


@dataclass(frozen=True, slots=True)
class Climb:
    """What a route may do upwards; nothing unless it says so."""

    free_to_paid: bool = False
    max_cost_nano: int | None = None
    """The most one call may cost after a climb, in nano-dollars."""
    max_tier: str | None = None
    """The highest tier it may reach; None: the highest it names."""
    subscription_to_metered: bool = False
    """Whether calls that a subscription's quota leaves no room for may be paid one by one."""

    def undeclared(self, unpaid: Collection[Billing]) -> str | None:
        """Return the word that is missing for a paid call where those were to serve; None when none is."""
        if Billing.SUBSCRIPTION in unpaid and not self.subscription_to_metered:
            return "subscription_to_metered"
        if any(kind is not Billing.SUBSCRIPTION for kind in unpaid) and not self.free_to_paid:
            return "free_to_paid"
        return None


@dataclass(frozen=True, slots=True)
class RoutePart:
    """Deployments of a route that are arranged among themselves: one of its fallbacks."""

    count: int
    """How many they are; they follow those of the part before."""
    strategy: Strategy


DRAWN = frozenset({Strategy.WEIGHTED, Strategy.SHUFFLE, Strategy.SPREAD})
"""The strategies that chance has a part in."""


@dataclass(frozen=True, slots=True)
class Route:
    """A name that callers ask for, and who may serve it."""

    name: str
    deployments: tuple[str, ...]
    """Names in the order of the configuration; a ladder is written out tier by tier."""
    ladder: tuple[str, ...] = ()
    """The tiers it was written as, when it was."""
    own: int | None = None
    """How many of them are its own, the first ones; None for all."""
    fallbacks: tuple[RoutePart, ...] = ()
    """The parts after its own, in the order they are tried; each keeps its route's strategy."""
    strategy: Strategy = Strategy.ORDERED
    climb: Climb = Climb()
    privacy: Privacy = ANYBODY
    cache: bool = False
    """Whether its answers are kept, and one to exactly the same may stand in when nobody can serve."""
    free_only: bool = False
    """It was asked for with `:free`: nothing that costs money may serve."""
    explicit: bool = False
    """It was asked for by the name of a tier or a deployment: no task, level or rule has a say."""
    without: Mapping[str, str] = field(default_factory=dict)
    """Which of its deployments were dropped from it, and why: they are its own still, and serve nothing."""
    checks: tuple[Check, ...] = ()
    """What an answer must pass; with any, nothing of an answer is handed over before all have spoken."""

    @property
    def is_drawn(self) -> bool:
        """Whether chance has a part in its order."""
        return self.strategy in DRAWN or any(part.strategy in DRAWN for part in self.fallbacks)
