"""Each kind of fact and its rows; written inside the writer's transaction."""

from __future__ import annotations

from router.core.records.facts import (
    AnswerJudged,
    AnswerRated,
    Fact,
    HealthLearned,
    LimitExhausted,
    ResponseCached,
)
from router.core.records.health import LearnedLimit
from router.core.records.stress import StressResult
from router.ledger import check_results, evidence, kept_answers, stress_store
from router.ledger.admission import take_in
from router.ledger.full_store import write_full
from router.ledger.limits_store import write_limits
from router.ledger.sqlite import Connection


def write(connection: Connection, fact: Fact) -> None:
    """Write `fact`."""
    match fact:
        case HealthLearned(lesson, at_ms):
            take_in(connection, lesson, at_ms)
        case LearnedLimit():
            write_limits(connection, [fact])
        case LimitExhausted(scope, limit):
            write_full(connection, scope, limit)
        case AnswerJudged(request_id, attempt, verdicts):
            check_results.write(connection, request_id, attempt, verdicts)
        case AnswerRated(request_id, good, at_ms):
            evidence.write(connection, request_id, good, at_ms)
        case ResponseCached(response, bounds):
            kept_answers.write(connection, response, bounds)
        case StressResult():
            stress_store.write(connection, fact)
