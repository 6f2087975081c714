"""What counts against a budget, from entries instead of rows: `budgets.py` for the ledger without a file."""

from __future__ import annotations

from collections.abc import Iterable

from router.core.records.admission import Cap, Used
from router.core.records.entries import Entry, Intent


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
