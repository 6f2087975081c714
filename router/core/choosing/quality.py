"""How good a deployment is at a kind of work: what the configuration says, moved by what was seen since.

Pure counting. Who gathers ratings, checks and escalations, and where they are kept, is not its business.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

UNKNOWN = 0.5
"""Where nobody has said anything, neither good nor bad."""
PRIOR_COUNT = 10
"""How many observations the configuration's word weighs: so many again move the figure half way."""
STARS = 5


@dataclass(frozen=True, slots=True)
class Work:
    """A kind of work; None is any."""

    task: str | None = None
    language: str | None = None
    """An ISO 639-1 code."""


@dataclass(frozen=True, slots=True)
class Priors:
    """What the configuration says of one deployment, 0 to 1."""

    usual: float | None = None
    of: Mapping[Work, float] = field(default_factory=dict)
    """Where it differs: for a task in a language, a task, or a language."""

    def at(self, work: Work) -> float:
        """Return the word for this work: the most particular one, a task before a language."""
        particular = (work, Work(work.task), Work(None, work.language))
        said = next((self.of[one] for one in particular if one in self.of), self.usual)
        return UNKNOWN if said is None else said


NOT_SAID = Priors()


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

    def __add__(self, other: Evidence) -> Evidence:
        """Return both together."""
        return Evidence(
            self.ratings + other.ratings,
            self.stars + other.stars,
            self.checks_passed + other.checks_passed,
            self.checks_failed + other.checks_failed,
            self.escalations + other.escalations,
        )

    @property
    def count(self) -> int:
        """How many observations there are."""
        return self.ratings + self.checks_passed + self.checks_failed + self.escalations

    @property
    def good(self) -> float:
        """How many of them speak for it; a rating speaks for it in part: one star not at all, five wholly."""
        return (self.stars - self.ratings) / (STARS - 1) + self.checks_passed


NOTHING_SEEN = Evidence()


@dataclass(frozen=True, slots=True)
class Quality:
    """A deployment's quality at one kind of work."""

    mean: float = UNKNOWN
    """0 to 1."""
    count: int = 0
    """The observations behind it; 0: the configuration's word, or nobody's."""


NOT_KNOWN = Quality()


def quality(prior: float, evidence: Evidence) -> Quality:
    """Return the mean of a Beta distribution: the prior as `PRIOR_COUNT` observations, and those made."""
    count = evidence.count
    return Quality((prior * PRIOR_COUNT + evidence.good) / (PRIOR_COUNT + count), count)
