"""The engine's bounds over all routes, as the configuration says them."""

from __future__ import annotations

from dataclasses import dataclass

from router.core.settings.budgets import USUAL_GUARD, Guard
from router.core.settings.tasks import RoutingRule


@dataclass(frozen=True, slots=True)
class Weights:
    """How a score weighs its parts."""

    cost: float = 0.3
    quality: float = 0.4
    health: float = 0.3
    pressure: float = 0.4
    """What cost gains when the budget is used up; quality has lost all by then."""


USUAL_WEIGHTS = Weights()


@dataclass(frozen=True, slots=True, kw_only=True)
class ResponseCache:
    """How much is kept and for how long; the oldest go first."""

    age_s: float = 24 * 3600.0
    """How old an answer may be, in seconds."""
    answers: int = 500
    mib: int = 16
    """Of text, all answers together."""

    @property
    def most_bytes(self) -> int:
        """Return the bound on text in bytes."""
        return self.mib << 20


USUAL_RESPONSE_CACHE = ResponseCache()


@dataclass(frozen=True, slots=True)
class Policy:
    """The engine's bounds over all routes. Times in seconds."""

    max_attempts: int = 4
    default_max_tokens: int = 4096
    """Asked for where the caller asks for nothing, so that the cost of every call has a bound."""
    deadline_s: float = 120.0
    cooldown_s: float = 120.0
    allowed_fails: int = 3
    fail_window_s: float = 60.0
    queue_s: float = 5.0
    """How long a request may queue for a limit to free, instead of paying or failing."""
    slow_s: float = 2.0
    """First content that comes later, while several calls run, lets fewer of them run at once."""
    guard: Guard = USUAL_GUARD
    keeping: ResponseCache = USUAL_RESPONSE_CACHE
    wait_for_free_s: float = 0.0
    """How long a request may wait for a free deployment's rest to end instead of paying or failing."""
    weights: Weights = USUAL_WEIGHTS
    rules: tuple[RoutingRule, ...] = ()
    cache_prompts: bool = False
    """Whether beginnings that come again are marked for the provider's prompt cache."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StressDefaults:
    """How a deployment is tried out unless somebody says otherwise."""

    requests: int = 6
    timeout_s: float = 20.0


USUAL_POLICY = Policy()
USUAL_STRESS = StressDefaults()
