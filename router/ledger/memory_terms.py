"""Whether an attempt's terms are met, over entries in memory: what `admission.py` asks of the file."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

from router.core.health.exhausted import longest
from router.core.health.rate_limits import refusal as limit_refusal
from router.core.health.scopes import Healths
from router.core.health.scopes import refusal as rest_refusal
from router.core.records.admission import Quota, Refusal, Terms, Unit
from router.core.records.entries import Entry, EntryStatus, Intent
from router.core.records.health import ExhaustedLimit


def refusal(
    entries: Collection[Entry], running: Collection[Entry], healths: Healths, intent: Intent, terms: Terms
) -> Refusal | None:
    """Return the first thing in an attempt's way, in the order of the file's transaction.

    `running` are the entries nothing has settled.
    """
    for quota in terms.quotas:
        counted = running if quota.unit is Unit.PARALLEL else entries
        same = [entry for entry in counted if entry.intent.deployment == intent.deployment]
        refused = _quota_refusal(same, quota, intent.started_at)
        if refused is not None:
            return refused
    return rest_refusal(healths, terms, intent.started_at)


def counted_full(
    entries: Collection[Entry], asked: Mapping[str, Sequence[Quota]], now_ms: int
) -> dict[str, ExhaustedLimit]:
    """Return which deployments have no room within their quotas for one more, by name."""
    found = {}
    for name, quotas in asked.items():
        same = [entry for entry in entries if entry.intent.deployment == name]
        found[name] = longest((quota, _quota_refusal(same, quota, now_ms)) for quota in quotas)
    return {name: full for name, full in found.items() if full}


def _quota_refusal(entries: Sequence[Entry], quota: Quota, now_ms: int) -> Refusal | None:
    if quota.unit is Unit.PARALLEL:
        return limit_refusal(quota, len(entries), (), now_ms)
    before_ms = quota.before_ms(now_ms)
    if quota.until_ms is None:  # what was written before the clock was set back counts no more
        ahead = [n for n, entry in enumerate(entries, 1) if entry.intent.started_at >= before_ms]
        entries = entries[max(ahead, default=0) :]
    starts = sorted(
        (entry.intent.started_at, 1 if quota.unit is Unit.REQUESTS else _tokens(entry))
        for entry in entries
        if quota.since_ms <= entry.intent.started_at < before_ms
    )
    return limit_refusal(quota, sum(amount for _, amount in starts), starts, now_ms)


def _tokens(entry: Entry) -> int:
    """Return what an attempt took; what it was expected to where nobody knows; nothing when it failed."""
    usage = entry.settlement.usage if entry.settlement else None
    if usage and (usage.input_tokens is not None or usage.output_tokens is not None):
        return (usage.input_tokens or 0) + (usage.output_tokens or 0)
    return 0 if entry.status is EntryStatus.FAILED else entry.intent.estimate_tokens or 0
