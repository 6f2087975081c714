"""Each kind of fact and its rows; written inside the writer's transaction."""

from __future__ import annotations

from router.core.records.facts import (
    AnswerDoubted,
    AnswerJudged,
    AnswerRated,
    Fact,
    HealthLearned,
    LimitExhausted,
    ResponseCached,
)
from router.core.records.health import LearnedLimit
from router.core.records.stress import StressResult
from router.ledger.sqlite import cached_responses, quality, stress
from router.ledger.sqlite.admission import take_in
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.limits import write_exhausted, write_limit


def write(connection: Connection, fact: Fact) -> None:
    """Write `fact`."""
    match fact:
        case HealthLearned(lesson, at_ms):
            take_in(connection, lesson, at_ms)
        case LearnedLimit():
            write_limit(connection, fact)
        case LimitExhausted(scope, limit):
            write_exhausted(connection, scope, limit)
        case AnswerJudged(request_id, attempt, verdicts):
            quality.write_verdicts(connection, request_id, attempt, verdicts)
        case AnswerRated(request_id, good, at_ms):
            quality.write_rating(connection, request_id, good, at_ms)
        case AnswerDoubted(session, at_ms):
            quality.write_doubt(connection, session, at_ms)
        case ResponseCached(response, bounds):
            cached_responses.write(connection, response, bounds)
        case StressResult():
            stress.write(connection, fact)
