"""Where each kind of work goes, and what each level of difficulty may cost: the task map, as values."""

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
