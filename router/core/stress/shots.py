"""One request of a stress test, ended: what a verdict needs of it.

Pure: an attempt's diagnosis and exchange go in, one of a few ends comes out. What failures are is
`core/failures`; here they are only sorted by what they say of the target.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from router.core.failures.exchange import Exchange, Fault
from router.core.failures.exchange import StreamEnd as BodyEnd
from router.core.failures.table import OVERLOADED
from router.core.records.diagnosis import Diagnosis, FailureClass, HealthScope
from router.core.records.entries import EntryStatus

TOO_MANY_REQUESTS = 429
_NOBODY_THERE = frozenset({Fault.DNS_FAILURE, Fault.CONNECT_REFUSED, Fault.TLS_VERIFY_FAILED})
_GUESSED_RESTS = frozenset({"none", "class", "default"})


class ShotEnd(StrEnum):
    """How a request ended, as far as it matters to a verdict."""

    OK = "ok"
    RATE_LIMITED = "rate_limited"
    TIMEOUT = "timeout"
    GONE = "gone"
    CREDENTIALS = "credentials"
    BILLING = "billing"
    UNREACHABLE = "unreachable"
    OVERLOADED = "overloaded"
    ERROR = "error"
    """Anything else: a 500, an answer that broke off, an empty one."""
    STOPPED = "stopped"
    """By us: it says nothing of the target."""

    @property
    def letter(self) -> str:
        """The one that stands for it on screen and in the history."""
        return _LETTERS.get(self, "!")


_LETTERS = {ShotEnd.OK: "o", ShotEnd.RATE_LIMITED: "X", ShotEnd.TIMEOUT: "t", ShotEnd.STOPPED: "S"}
_OF_CLASS = {
    FailureClass.QUOTA_UNTIL_TIME: ShotEnd.RATE_LIMITED,
    FailureClass.GONE: ShotEnd.GONE,
    FailureClass.AUTH: ShotEnd.CREDENTIALS,
    FailureClass.BILLING: ShotEnd.BILLING,
    FailureClass.CANCELLED: ShotEnd.STOPPED,
}


@dataclass(frozen=True, slots=True)
class Shot:
    """One request. Times in milliseconds; moments since 1970, UTC."""

    n: int
    """Which of its target's, from 1."""
    request_id: str
    """Its row in the ledger."""
    end: ShotEnd
    started_ms: int
    duration_ms: int
    ttft_ms: int | None = None
    http_status: int | None = None
    rest_s: float | None = None
    """How long the server asked to wait; None when it did not."""
    evidence: str = ""


def end_of(status: EntryStatus, diagnosis: Diagnosis, exchange: Exchange) -> ShotEnd:
    """Return what an attempt's end says of the target."""
    if status is EntryStatus.OK:  # also an answer that was cut at its length, or refused: it was answered
        return ShotEnd.OK
    sorted_by_class = _OF_CLASS.get(diagnosis.failure_class)
    away = diagnosis.cooldown.scope is HealthScope.PROVIDER_ENDPOINT and exchange.status is not None
    if exchange.fault in _NOBODY_THERE or (away and diagnosis.failure_class is FailureClass.TRANSIENT):
        return ShotEnd.UNREACHABLE
    if sorted_by_class is not None:
        return sorted_by_class
    if _timed_out(exchange):
        return ShotEnd.TIMEOUT
    if exchange.status == TOO_MANY_REQUESTS:
        return ShotEnd.RATE_LIMITED
    return ShotEnd.OVERLOADED if exchange.status in OVERLOADED else ShotEnd.ERROR


def rest_asked(diagnosis: Diagnosis) -> float | None:
    """Return the seconds the server asked to wait; None when it said nothing and the length is our guess."""
    cooldown = diagnosis.cooldown
    return None if cooldown.derived_from in _GUESSED_RESTS else cooldown.seconds


def _timed_out(exchange: Exchange) -> bool:
    late = (Fault.READ_TIMEOUT_AFTER_SENT, Fault.CONNECT_TIMEOUT)
    return exchange.fault in late or exchange.end is BodyEnd.HANG
