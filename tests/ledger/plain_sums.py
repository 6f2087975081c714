"""What the ledger adds up in SQL, added up entry by entry: a second opinion on its sums, for its tests."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from statistics import median_low

from router.core.records.admission import Cap, Used
from router.core.records.entries import Entry, EntryStatus, Intent
from router.core.records.spend import DeploymentStats, Dimension, Spend, SpendGroup, Window
from router.core.records.usage import Usage
from router.ledger.sqlite.queries import NEWEST_ANSWERS, dearest_first

Place = tuple[str, int]

_FIELD_OF = {
    Dimension.TIER: "tier",
    Dimension.PROVIDER: "provider",
    Dimension.MODEL: "model_requested",  # a failed attempt has no other
    Dimension.DEPLOYMENT: "deployment",
    Dimension.TASK: "task",
    Dimension.SESSION: "session_id",
    Dimension.SOURCE: "source",
}
_ANSWERED = {EntryStatus.OK, EntryStatus.FAILED, EntryStatus.TRUNCATED}


def totals(entries: Sequence[Entry], window: Window) -> Spend:
    """Return the sum of a window; `entries` are all there are, in the order they were written."""
    return spend(_within(entries, window), _firsts(entries))


def groups(entries: Sequence[Entry], window: Window, by: Dimension) -> list[SpendGroup]:
    """Return a breakdown, dearest first."""
    field, tags = _FIELD_OF.get(by), _tags(entries)
    lines: dict[str | None, list[Entry]] = {}
    for entry in _within(entries, window):
        tagged: list[str | None] = [f"{key}={value}" for key, value in tags[entry.intent.request_id]]
        for key in [getattr(entry.intent, field)] if field else tagged or [None]:
            lines.setdefault(key, []).append(entry)
    firsts = _firsts(entries, field)
    return dearest_first(SpendGroup(key, spend(found, firsts)) for key, found in lines.items())


def deployment_stats(entries: Sequence[Entry], window: Window) -> Mapping[str, DeploymentStats]:
    """Return how each deployment answered in a window."""
    answered: dict[str, list[Entry]] = {}
    for entry in sorted(_within(entries, window), key=lambda entry: entry.intent.started_at):
        if entry.status in _ANSWERED:
            answered.setdefault(entry.intent.deployment, []).append(entry)
    return {deployment: stats(found) for deployment, found in answered.items()}


def spend(entries: Sequence[Entry], firsts: set[tuple[str, int]]) -> Spend:
    """Add up `entries`; a request counts with its first one alone, so that windows add up."""
    settled = [entry.settlement for entry in entries if entry.settlement is not None]
    costs = [settlement.cost_nano_usd for settlement in settled]
    known = [cost for cost in costs if cost is not None]
    return Spend(
        cost_nano_usd=sum(known),
        unknown_cost_attempts=len(costs) - len(known),
        requests=sum((entry.intent.request_id, entry.intent.attempt) in firsts for entry in entries),
        attempts=len(entries),
        usage=_usage([settlement.usage for settlement in settled]),
    )


def _usage(counts: Sequence[Usage]) -> Usage:
    """Add up field by field; a field that nobody gave stays None."""
    sums: dict[str, int | None] = {}
    for field in fields(Usage):
        known = [value for usage in counts if (value := getattr(usage, field.name)) is not None]
        sums[field.name] = sum(known) if known else None
    return Usage(**sums)


def stats(answered: Sequence[Entry]) -> DeploymentStats:
    """Return answers, failures of live calls and the median first-token time of answered attempts."""
    ttfts = [each.settlement.ttft_ms for each in answered if each.settlement]
    newest = [ttft_ms for ttft_ms in ttfts if ttft_ms is not None][-NEWEST_ANSWERS:]
    live = [each for each in answered if each.intent.source != "stress"]
    failures = sum(each.status is not EntryStatus.OK for each in live)
    tests = len(answered) - len(live)
    return DeploymentStats(len(answered), failures, median_low(newest) if newest else None, tests)


def spent(entries: Iterable[Entry], cap: Cap) -> Used:
    """Return what counts against a cap; an entry's intent has the tags of its whole request."""
    counted = [entry for entry in entries if _counts(entry, cap)]
    posted = [_figure(entry) for entry in counted if entry.settlement is not None]
    held = [_held(entry.intent, cap) for entry in counted if entry.settlement is None]
    unknown = sum(amount is None for amount in [*posted, *held])
    return Used(sum(amount or 0 for amount in posted), sum(amount or 0 for amount in held), unknown)


def _counts(entry: Entry, cap: Cap) -> bool:
    intent = entry.intent
    return (
        intent.started_at >= cap.since_ms
        and (cap.column is None or getattr(intent, cap.column) == cap.value)
        and (cap.within is None or getattr(intent, cap.within[0]) == cap.within[1])
        and (cap.tag is None or cap.tag in intent.tags)
    )


def _held(intent: Intent, cap: Cap) -> int | None:
    """Return what a cap counts of a running call."""
    soft = None if cap.hard else intent.soft_held_nano_usd
    return intent.held_nano_usd if soft is None else soft


def _figure(entry: Entry) -> int | None:
    """Return what budgets count of a settled entry."""
    settled = entry.settlement.budget_nano_usd if entry.settlement else None
    return entry.intent.held_nano_usd if settled is None else settled


def _within(entries: Sequence[Entry], window: Window) -> list[Entry]:
    return [entry for entry in entries if window.start <= entry.intent.started_at < window.end]


def _firsts(entries: Sequence[Entry], field: str | None = None) -> set[Place]:
    """Return the place of each request's first entry, or of its first with each value of `field`."""
    firsts: dict[tuple[str, object], Place] = {}
    for entry in entries:
        intent = entry.intent
        firsts.setdefault(
            (intent.request_id, field and getattr(intent, field)), (intent.request_id, intent.attempt)
        )
    return set(firsts.values())


def _tags(entries: Sequence[Entry]) -> dict[str, set[tuple[str, str]]]:
    tags: dict[str, set[tuple[str, str]]] = {}
    for entry in entries:
        tags.setdefault(entry.intent.request_id, set()).update(entry.intent.tags)
    return tags
