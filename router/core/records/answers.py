"""What the ledger keeps of answers: cached responses, verdicts of checks, evidence of quality."""

from __future__ import annotations

from dataclasses import dataclass

from router.core import moments


@dataclass(frozen=True, slots=True)
class CachedResponse:
    """An answer that a request got, under the fingerprint of that request."""

    key: str
    text: str
    deployment: str
    """Who gave it."""
    kept_at: int
    """Milliseconds since 1970, UTC."""

    @property
    def notice(self) -> str:
        """What is said wherever it is handed over."""
        at = moments.rfc3339(self.kept_at // 1000 * 1000)
        return f"nobody can serve: this is what {self.deployment} answered to exactly this at {at}"


@dataclass(frozen=True, slots=True)
class CheckVerdict:
    """What a check says of an answer."""

    check: str
    """Its name."""
    passed: bool
    why: str
    """For a person; holds nothing of the answer."""
    judged: bool = True
    """False when it could not say; such an answer passes and counts for nothing."""
    detail: str = ""
    """What a program wrote about the answer, capped; goes to the next model and is not kept."""


STARS = 5


@dataclass(frozen=True, slots=True)
class Evidence:
    """What was seen of one deployment at one kind of work, as counts."""

    ratings: int = 0
    stars: int = 0
    """Of all ratings together; each is 1 to 5."""
    checks_passed: int = 0
    checks_failed: int = 0
    escalations: int = 0
    """Answers that somebody, or a check, sent one tier up."""
    doubts: int = 0
    """Answers that were complained about and not rated."""

    def __add__(self, other: Evidence) -> Evidence:
        """Return both together."""
        return Evidence(
            self.ratings + other.ratings,
            self.stars + other.stars,
            self.checks_passed + other.checks_passed,
            self.checks_failed + other.checks_failed,
            self.escalations + other.escalations,
            self.doubts + other.doubts,
        )

    @property
    def count(self) -> int:
        """How many observations there are."""
        return self.ratings + self.checks_passed + self.checks_failed + self.escalations + self.doubts

    @property
    def weight(self) -> float:
        """How much they count together: each as one, a doubt as half, for words may mean something else."""
        return self.count - self.doubts / 2

    @property
    def good(self) -> float:
        """How many of them speak for it; a rating speaks for it in part: one star not at all, five wholly."""
        return (self.stars - self.ratings) / (STARS - 1) + self.checks_passed


NOTHING_SEEN = Evidence()


@dataclass(frozen=True, slots=True)
class CheckStats:
    """What one check of one route has led to. Amounts in nano-dollars."""

    route: str
    check: str
    judged: int
    """First answers it could judge."""
    passed: int
    climbed: int = 0
    """Answers it failed after which a higher tier answered."""
    mended: int = 0
    """Those of them whose second answer passed."""
    below_nano: int = 0
    """What the judged first answers cost, where that is known."""
    above_nano: int = 0
    """What the answers after a climb cost, where that is known."""
    unknown_costs: int = 0
    """Answers of both kinds whose cost is not known."""

    @property
    def pass_rate(self) -> float | None:
        """The share that passed, 0 to 1; None before anything was judged."""
        return self.passed / self.judged if self.judged else None


@dataclass(frozen=True, slots=True)
class Rated:
    """Which request was rated, and whose answer that was."""

    request_id: str
    deployment: str
    route: str
    tier: str
