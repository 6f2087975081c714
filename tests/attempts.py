"""Finished attempts for tests, by what a caller reads of them."""

from __future__ import annotations

from dataclasses import replace

from router.core.failures.classify import begun
from router.core.money import CostSource
from router.core.records.diagnosis import FailureClass
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.records.usage import NO_USAGE, Usage
from router.engine.events import AttemptRecord


def attempt_record(
    n: int,
    tier: str,
    deployment: str,
    *,
    provider: str = "p",
    model: str = "m",
    outcome: EntryStatus = EntryStatus.OK,
    failure_class: FailureClass = FailureClass.OK,
    http_status: int | None = 200,
    usage: Usage = NO_USAGE,
    cost_nano_usd: int | None = 0,
    cost_source: CostSource = CostSource.FREE,
    ttft_s: float | None = 0.1,
    duration_s: float = 0.2,
    finish_reason: str | None = "stop",
    evidence: str = "whole",
) -> AttemptRecord:
    """Return an attempt that ended as its fields say."""
    settled = Settlement(
        "r1",
        n,
        0,
        outcome,
        failure_class.value,
        http_status,
        usage,
        cost_nano_usd=cost_nano_usd,
        cost_source=cost_source,
        ttft_ms=None if ttft_s is None else round(ttft_s * 1000),
        duration_ms=round(duration_s * 1000),
        finish_reason=finish_reason,
    )
    judged = replace(begun(), failure_class=failure_class, evidence=evidence)
    return AttemptRecord(
        Intent("r1", n, 0, "test", "r", tier, deployment, provider, model, "free"), settled, judged
    )
