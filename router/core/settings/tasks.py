"""Where kinds of work go, as the configuration says it: the task map, levels, rules, and who classifies."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class TaskRule:
    """Where one kind of work goes."""

    route: str
    min_tier: str | None = None
    max_tier: str | None = None


@dataclass(frozen=True, slots=True)
class LevelRule:
    """Who may serve one level of difficulty, and what it may cost."""

    tiers: tuple[str, ...]
    ceiling_nano_per_1k: int | None = None
    """The most that 1,000 requests may cost, in nano-dollars; cost scores are measured against it."""


@dataclass(frozen=True, slots=True)
class RuleCondition:
    """What a rule waits for; all that is said must hold, and what is not known never does."""

    tasks: tuple[str, ...] = ()
    """Any of these."""
    language: str | None = None
    urgent: bool | None = None
    accuracy_over: float | None = None
    """Percent."""
    repeated_prefix: bool | None = None
    requests_per_day_over: int | None = None


@dataclass(frozen=True, slots=True)
class RoutingRule:
    """A condition, and what follows from it."""

    when: RuleCondition = RuleCondition()
    route: str | None = None
    min_tier: str | None = None
    max_tier: str | None = None
    batch: bool | None = None
    """Whether the work belongs into the provider's batch API."""
    cache_prefix: bool | None = None
    """Whether the beginning is marked for the provider's prompt cache."""


@dataclass(frozen=True, slots=True)
class EmbeddingsClassifier:
    """Who is asked for embeddings instead of the built-in classifier."""

    deployment: str
    timeout_s: float = 0.5
    """After this the built-in one decides."""
    margin: float = 0.02
    """How much nearer the task must lie than the next one, of 2 at most."""
