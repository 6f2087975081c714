"""What an exchange means: its class, what to do about it, who must rest and for how long.

Owns the decision: it asks the rules in order and works out the rest, the ledger outcome and the evidence. The
rules are `table.py`, the waiting times `waits.py`; nothing here knows a provider.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

from router.core import moments
from router.core.failures import waits
from router.core.failures.error_body import read_error
from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.failures.finish_reasons import finish_is_unknown
from router.core.failures.rules import FailureRule, Findings, Outcome, Rest
from router.core.failures.table import BROKE_ON_THE_WAY, CLIENT_ERRORS, RULES, SUCCESS
from router.core.failures.waits import WaitHint
from router.core.records.diagnosis import (
    CONFIG_CHANGE,
    REASONING_ALONE,
    Action,
    Cooldown,
    Diagnosis,
    FailureClass,
    HealthScope,
    Lacking,
    LedgerOutcome,
)

LOADING_MS = 1_500
"""Between two looks at a server that loads its model: a few of them fit into a request's queue time."""
_SENT = frozenset({Fault.RESET_AFTER_SENT, Fault.HEAD_TOO_LARGE, Fault.READ_TIMEOUT_AFTER_SENT})


def classify(exchange: Exchange, now_ms: int, rules: Sequence[FailureRule] = RULES) -> Diagnosis:
    """Judge one exchange. `now_ms` is the moment it ended, in milliseconds since 1970 UTC.

    The cooldown is that of a first strike, without jitter and policy. Never raises, whatever came.
    """
    found = _read(exchange)
    if rules is RULES and exchange.fault is None:
        rules = _rules_of(found.status)
    rule, evidence = next((rule, said) for rule in rules if (said := rule.evidence(found)) is not None)
    outcome = rule.outcome
    cooldown = _cooldown(outcome, found, now_ms)
    if cooldown.derived_from not in ("none", "class", "default"):
        evidence = f"{evidence}; rest from {cooldown.derived_from}"
    if outcome.failure_class is FailureClass.OK and finish_is_unknown(found):
        evidence = f"{evidence}; its finish reason is a word nobody else uses"
    if outcome.failure_class is FailureClass.OK and exchange.content_seen and not found.answered:
        evidence = f"{evidence}; {REASONING_ALONE}"
    if exchange.note:
        evidence = f"{evidence}; {exchange.note}"
    return Diagnosis(
        failure_class=outcome.failure_class,
        action=_action(outcome, exchange),
        cooldown=cooldown,
        counts_toward_breaker=_counts(outcome, found),
        ledger=_ledger(outcome, found),
        evidence=evidence,
        lacking=outcome.lacking,
        limit_tokens=found.error.limit_tokens if outcome.lacking is not Lacking.NOTHING else None,
    )


@cache
def _rules_of(status: int | None) -> Sequence[FailureRule]:
    """Return the rules that an exchange of this status and without a fault can fit at all."""
    able = (rule for rule in RULES if not rule.faults)
    return tuple(rule for rule in able if rule.status is None or status in rule.status)


def cancelled() -> Diagnosis:
    """Return the judgement of a call that the caller or we stopped: nobody is to blame."""
    return Diagnosis(
        failure_class=FailureClass.CANCELLED,
        action=Action.RETURN_TO_CALLER,
        cooldown=Cooldown(),
        counts_toward_breaker=False,
        ledger=LedgerOutcome.SETTLE_ESTIMATED,
        evidence="cancelled before the answer was whole",
    )


def stopped(why: str) -> Diagnosis:
    """Return the judgement of an answer that we cut off because no budget had more for it."""
    return replace(cancelled(), evidence=f"stopped: {why}")


def begun() -> Diagnosis:
    """Return the judgement of an answer whose content has begun: whoever sends it is well."""
    return Diagnosis(
        failure_class=FailureClass.OK,
        action=Action.CONTINUE,
        cooldown=Cooldown(),
        counts_toward_breaker=False,
        ledger=LedgerOutcome.SETTLE_ESTIMATED,
        evidence="content has begun",
    )


def internal(what: str, *, sent: bool = True, delivered: bool = False) -> Diagnosis:
    """Return the judgement of our own bug, which `what` names by the exception's type.

    Not retried, for the same answer would meet the same bug; another deployment's may not, so it falls over
    while nothing was delivered. It counts toward the breaker: who always makes us fail is asked less often.
    """
    return replace(
        cancelled(),
        failure_class=FailureClass.INTERNAL,
        action=Action.SURFACE_STREAM_ERROR if delivered else Action.FALL_OVER,
        cooldown=Cooldown(HealthScope.DEPLOYMENT) if sent else Cooldown(),
        counts_toward_breaker=sent,
        ledger=LedgerOutcome.UNKNOWN if sent else LedgerOutcome.VOID,
        evidence=f"the router itself failed: {what}",
    )


def _read(exchange: Exchange) -> Findings:
    error, status = read_error(exchange.error), exchange.status
    if status in SUCCESS:
        return Findings(exchange, error, (error.status or 500) if exchange.error else status)
    web_page = exchange.text.lstrip().startswith("<")  # tells by its status only
    if not exchange.error and not web_page:
        error = read_error(exchange.text)
    return Findings(exchange, error, status)


def _action(outcome: Outcome, exchange: Exchange) -> Action:
    """Once content has been delivered, a failure can only be shown: nobody else may go on with the answer."""
    judged_on_the_answer = exchange.error is None and outcome.action in (
        Action.CONTINUE,
        Action.RETURN_TO_CALLER,
    )
    if not exchange.delivered or judged_on_the_answer:
        return outcome.action
    return Action.SURFACE_STREAM_ERROR


def _counts(outcome: Outcome, found: Findings) -> bool:
    """Whether the breaker counts it: trouble of the server's, not what a 4xx asks of us."""
    hard = outcome.failure_class is FailureClass.TRANSIENT and not outcome.soft
    return hard and found.status not in CLIENT_ERRORS


def _cooldown(outcome: Outcome, found: Findings, now_ms: int) -> Cooldown:
    match outcome.rest:
        case Rest.NONE:
            return Cooldown()
        case Rest.CHANGE:
            wait = None
        case Rest.STATED:
            wait = waits.stated(found.error, now_ms)
        case Rest.MONTH:
            month = WaitHint(moments.next_month(now_ms), "class:monthly reset")
            wait = waits.stated(found.error, now_ms) or month
        case Rest.PACIFIC_DAY:
            wait = WaitHint(
                moments.next_midnight(now_ms, moments.pacific()), "body:quotaId, midnight Pacific"
            )
        case Rest.UTC_DAY:
            midnight = WaitHint(moments.next_midnight(now_ms), "class:UTC midnight")
            wait = waits.hinted(found.exchange.headers, found.error, now_ms) or midnight
        case Rest.HINT:
            default = WaitHint(now_ms + round(outcome.default_s * 1000), "default")
            wait = waits.hinted(found.exchange.headers, found.error, now_ms) or default
        case Rest.LOADING:
            loading = WaitHint(now_ms + LOADING_MS, "class:loading")
            wait = waits.hinted(found.exchange.headers, found.error, now_ms) or loading
    if wait is None:
        return Cooldown(outcome.scope, None, CONFIG_CHANGE, "class", outcome.also, outcome.probe_s)
    seconds, until = (wait.until_ms - now_ms) / 1000, moments.rfc3339(wait.until_ms)
    return Cooldown(outcome.scope, seconds, until, wait.source, outcome.also)


def _ledger(outcome: Outcome, found: Findings) -> LedgerOutcome:
    """Say what may be booked, from how far the exchange got."""
    exchange = found.exchange
    if outcome.ledger is not None:
        return outcome.ledger
    if exchange.status is None:
        sent = exchange.fault is None or exchange.fault in _SENT
        return LedgerOutcome.UNKNOWN if sent else LedgerOutcome.VOID
    if exchange.status not in SUCCESS:
        broke_on_the_way = exchange.status in BROKE_ON_THE_WAY and not found.said_by_the_api
        return LedgerOutcome.UNKNOWN if broke_on_the_way else LedgerOutcome.VOID
    return _ledger_of_an_answer(exchange)


def _ledger_of_an_answer(exchange: Exchange) -> LedgerOutcome:
    complete = exchange.finish_reason is not None or exchange.done or not exchange.streamed
    if exchange.usage_seen and complete:
        return LedgerOutcome.SETTLE_REPORTED
    if exchange.content_seen or exchange.usage_seen:
        return LedgerOutcome.SETTLE_ESTIMATED
    if exchange.error:
        return LedgerOutcome.VOID
    if exchange.end is not StreamEnd.EOF:
        return LedgerOutcome.UNKNOWN
    nothing = not exchange.parsed and exchange.text.strip()[:1] in ("", "<")
    return LedgerOutcome.VOID if nothing else LedgerOutcome.SETTLE_ESTIMATED
