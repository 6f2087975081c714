"""A stress test as Markdown: what is exported of the screen."""

from __future__ import annotations

from datetime import datetime, tzinfo

from cockpit.format import seconds
from cockpit.plain import markdown_table
from cockpit.sanitize import one_line
from cockpit.screens.stress.session import History
from cockpit.screens.stress.state import StressState
from cockpit.screens.stress.words import LEGEND, PATTERNS, evidence_words, verdict_words
from router.core.records.stress import StressResult

HEAD = ("deployment", "model", "requests", "ok", "429", "errors", "time-outs", "p50", "verdict", "why")


def report(state: StressState, history: History, zone: tzinfo) -> str:
    """Return the last test's results, one row per target."""
    results = [view.result for view in state.targets if view.result is not None]
    began = min((result.started_ms for result in results), default=0)
    load = state.load
    rows = [_row(result, lasting=result.deployment in history.structural) for result in results]
    return (
        f"# Stress test, {datetime.fromtimestamp(began / 1000, zone):%Y-%m-%d %H:%M %Z}\n\n"
        f"{load.requests} requests each, {PATTERNS[load.pattern]}, {load.timeout_s:g} s at most.\n\n"
        f"{markdown_table(HEAD, rows)}\n\n{LEGEND}\n"
    )


def _row(result: StressResult, *, lasting: bool) -> tuple[str | int | None, ...]:
    p50 = None if result.duration_p50_ms is None else result.duration_p50_ms / 1000
    return (
        one_line(result.deployment),
        one_line(result.model),
        result.letters,
        result.ok,
        result.rate_limited,
        result.errors,
        result.timeouts,
        seconds(p50),
        verdict_words(result),
        one_line(evidence_words(result, structural=lasting)),
    )
