"""One attempt from its row to its settlement: prepared, admitted, sent, classified, settled.

Knows no route and no request: who is asked, and what comes after, is its caller's.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import dataclass
from typing import Protocol

from router.core.cost.estimate import Estimate
from router.core.fingerprint import fingerprints
from router.core.message import Message
from router.core.records.admission import Refusal
from router.core.records.diagnosis import Diagnosis
from router.core.records.entries import Intent, Settlement
from router.core.request import Request
from router.core.settings.deployments import Deployment
from router.engine.attempt import Attempt
from router.engine.dependencies import Dependencies
from router.engine.events import (
    AttemptEnded,
    AttemptRecord,
    AttemptRefused,
    RouteEvent,
)
from router.engine.ports import Call, Upstream
from router.errors import LedgerError

log = logging.getLogger(__name__)


class Books(Protocol):
    """What is asked before an attempt and told after it, for all processes."""

    async def admit(self, attempt: Attempt) -> Refusal | None:
        """Have the attempt's row written, or return why it may not start. Raises LedgerError."""

    def answering(self, attempt: Attempt) -> None:
        """Take in that content has begun."""

    async def hold_on(self, attempt: Attempt) -> Refusal | None:
        """Have more held for an answer that has passed its hold, or return why it must stop."""

    def settle(self, attempt: Attempt, diagnosis: Diagnosis, settlement: Settlement) -> None:
        """Hand in how an attempt ended, and what that teaches."""


@dataclass(frozen=True, slots=True)
class AttemptPlace:
    """Where an attempt stands in its request."""

    request_id: str
    n: int
    """From 1."""
    route: str
    why_json: str
    until: float = float("inf")
    """When it must have ended, on the monotonic clock."""
    held: bool = False
    """Its content waits for checks."""
    rates_json: str | None = None
    """The deployment's price, in the form that the ledger keeps."""
    limit_nano: int | None = None
    """The most it may cost; None without a limit."""
    max_tokens: int | None = None
    thinking_tokens: int | None = None
    """The part of `max_tokens` that may go into thinking."""


def prepared(
    deployment: Deployment, expected: Estimate, request: Request, place: AttemptPlace, deps: Dependencies
) -> Attempt:
    """Return the attempt of `request` at the deployment that was chosen for it."""
    price = deployment.price
    whole, prefix = fingerprints(request.messages, deps.install_key)
    intent = Intent(
        request_id=place.request_id,
        attempt=place.n,
        started_at=deps.clock.now_ms(),
        source=request.source,
        route=place.route,
        tier=deployment.tier.name,
        deployment=deployment.name,
        provider=deployment.provider.name,
        model_requested=deployment.model,
        billing=deployment.billing.value,
        session_id=request.session,
        task=request.task,
        level=request.level,
        language=request.language,
        price_version=price.version if price else None,
        rates_json=place.rates_json,
        estimate_nano_usd=expected.expected_nano,
        held_nano_usd=expected.bound_nano,
        soft_held_nano_usd=expected.likely_nano,
        plain_input_tokens=expected.plain_input_tokens,
        estimate_tokens=expected.input_expected_tokens + expected.output_expected_tokens,
        prompt_fingerprint=whole,
        prefix_fingerprint=prefix,
        why_json=place.why_json,
        tags=request.tags,
    )
    return Attempt(
        intent,
        deployment,
        expected,
        deps.clock,
        place.until,
        max_tokens=place.max_tokens,
        thinking_tokens=place.thinking_tokens,
        limit_nano=place.limit_nano,
        stream=request.stream,
        held=place.held,
    )


async def attempted(
    attempt: Attempt, messages: tuple[Message, ...], upstream: Upstream, books: Books
) -> AsyncGenerator[RouteEvent, None]:
    """Make one attempt; `AttemptEnded` comes last, `AttemptRefused` alone when it is not admitted.

    Its row is settled however this generator ends; `attempt` says afterwards what came of it. Raises
    LedgerError when the row cannot be written: then nothing was sent.
    """
    diagnosis: Diagnosis | None = None  # which it stays when the caller goes away at an await or yield
    unwritten = False
    try:
        attempt.refusal = await books.admit(attempt)
        if attempt.refusal is not None:
            yield AttemptRefused(attempt.intent.tier, attempt.intent.deployment, attempt.refusal.reason)
            return
        yield attempt.begun()
        async with aclosing(upstream.stream(_sent(attempt, messages))) as events:
            async for event in events:
                told = attempt.take(event)
                if told is None:
                    continue
                books.answering(attempt)
                yield told
                if attempt.content_bytes >= attempt.look_at and await _must_stop(attempt, books):
                    break
        diagnosis = attempt.judged()
    except LedgerError:
        unwritten = True
        raise
    except Exception as bug:  # boundary: an adapter's own bug is one failed attempt
        log.exception("attempt %s of %s failed inside the router", attempt.n, attempt.intent.request_id)
        diagnosis = attempt.failed_inside(bug)
    finally:
        if attempt.refusal is None and not unwritten:
            _settle(attempt, attempt.cancelled() if diagnosis is None else diagnosis, books)
    if attempt.record is not None:
        yield AttemptEnded(attempt.record)


async def _must_stop(attempt: Attempt, books: Books) -> bool:
    attempt.stopped = await books.hold_on(attempt)
    return attempt.stopped is not None


def _sent(attempt: Attempt, messages: tuple[Message, ...]) -> Call:
    """Return the call, and note that it is sent."""
    attempt.started = attempt.clock.monotonic()
    return Call(
        deployment=attempt.deployment,
        messages=messages,
        max_tokens=attempt.max_tokens,
        stream=attempt.stream,
        thinking_tokens=attempt.thinking_tokens,
        at_most_s=attempt.until - attempt.started,
    )


def _settle(attempt: Attempt, diagnosis: Diagnosis, books: Books) -> None:
    settlement = attempt.finish(diagnosis)
    attempt.diagnosis = diagnosis
    attempt.record = AttemptRecord(attempt.intent, settlement, diagnosis)
    books.settle(attempt, diagnosis, settlement)
