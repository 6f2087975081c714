"""Sums over entries: what `rollups.py` and `queries.py` add up of rows, for the ledger without a file."""

from __future__ import annotations

from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import fields
from statistics import median_low

from router.core.records.answers import NOTHING_SEEN, CheckVerdict, Evidence
from router.core.records.entries import Entry, EntryStatus
from router.core.records.spend import DeploymentStats, Spend
from router.core.records.usage import Usage
from router.core.settings.deployments import Work
from router.ledger.queries import NEWEST_ANSWERS


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


def evidence_of(
    entries: Iterable[Entry],
    verdicts: Mapping[tuple[str, int], Sequence[CheckVerdict]],
    known: Container[tuple[str, int]],
) -> dict[tuple[str, Work], Evidence]:
    """Return what checks say of the answers among `entries`; `known` tells whether one was followed up."""
    found: dict[tuple[str, Work], Evidence] = {}
    for entry in entries:
        intent = entry.intent
        said = verdicts.get((intent.request_id, intent.attempt), ())
        passed = [verdict.passed for verdict in said if verdict.judged]
        if passed:
            poor, followed = not all(passed), (intent.request_id, intent.attempt + 1) in known
            seen = Evidence(0, 0, sum(passed), len(passed) - sum(passed), int(poor and followed))
            key = (intent.deployment, Work(intent.task, intent.language))
            found[key] = found.get(key, NOTHING_SEEN) + seen
    return found
