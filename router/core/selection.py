"""Who may serve a request, in which order, each in or out with a reason.

Pure: the configuration and the request in, a `Plan` out. What happens when an attempt fails is `fallback.py`.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Candidate:
    """One deployment of the route, in or out."""

    deployment: str
    tier: str
    eligible: bool
    reason: str
    """Why it is in, or why not; words for the user."""
    score: float | None = None
    estimate_nano_usd: int | None = None
    """Expected cost; None when unknown."""
    bound_nano_usd: int | None = None
    """The most it can cost; None when unknown."""


@dataclass(frozen=True, slots=True)
class Plan:
    """A route resolved for one request: every deployment that belongs to it, best first."""

    route: str
    task: str | None
    level: str | None
    language: str | None
    candidates: tuple[Candidate, ...]

    @property
    def chosen(self) -> Candidate | None:
        """The first that is eligible: what an attempt would go to now."""
        return next((candidate for candidate in self.candidates if candidate.eligible), None)
