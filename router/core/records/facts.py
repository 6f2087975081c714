"""What the ledger merely writes down when it is told: found out about deployments and answers."""

from __future__ import annotations

from router.core.records.admission import Lesson
from router.core.records.answers import CachedResponse, CheckVerdict
from router.core.records.health import ExhaustedLimit, LearnedLimit
from router.core.records.stress import StressResult
from router.core.settings.policy import ResponseCache
from router.core.value import dataclass


@dataclass(frozen=True, slots=True)
class HealthLearned:
    """What an attempt teaches of its scopes before its end: that its answer has begun."""

    lesson: Lesson
    at_ms: int


@dataclass(frozen=True, slots=True)
class LimitExhausted:
    """A provider says that a limit is used up; of two for one scope the later end is kept."""

    scope: str
    limit: ExhaustedLimit


@dataclass(frozen=True, slots=True)
class AnswerJudged:
    """What a route's checks said of an attempt's answer, for their pass rates."""

    request_id: str
    attempt: int
    verdicts: tuple[CheckVerdict, ...]


@dataclass(frozen=True, slots=True)
class AnswerRated:
    """Whether somebody found a request's answer good; the last word holds."""

    request_id: str
    good: bool
    at_ms: int


@dataclass(frozen=True, slots=True)
class AnswerDoubted:
    """Somebody said in a session that its last answer was no good, in words and not by a rating."""

    session: str
    at_ms: int


@dataclass(frozen=True, slots=True)
class ResponseCached:
    """An answer that may stand in for its like; the newest within `bounds` are kept."""

    response: CachedResponse
    bounds: ResponseCache


Fact = (
    HealthLearned
    | LearnedLimit
    | LimitExhausted
    | AnswerJudged
    | AnswerRated
    | AnswerDoubted
    | ResponseCached
    | StressResult
)
"""Of learned limits the newest of a deployment, kind and source is kept; of stress tests all results."""
