"""One attempt from its row to its settlement: admitted, sent, classified, settled.

Knows no route and no request: who is asked, and what comes after, is its caller's.
"""

from __future__ import annotations

import logging
from collections.abc import AsyncGenerator
from contextlib import aclosing
from typing import Protocol

from router.core.message import Message
from router.core.records.admission import Refusal
from router.core.records.diagnosis import Diagnosis
from router.core.records.entries import Settlement
from router.engine.attempt import Attempt, record_of
from router.engine.events import (
    AttemptEnded,
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
    attempt.record = record_of(attempt.intent, settlement, diagnosis)
    books.settle(attempt, diagnosis, settlement)
