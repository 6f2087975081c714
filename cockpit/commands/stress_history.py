"""`cockpit stress history` and `compare`: what earlier runs found, from the ledger."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from cockpit.format import seconds, spark
from cockpit.options import Options
from cockpit.plain import print_json, print_table, say
from cockpit.screens.stress.words import comparison_words, evidence_words, history_document, verdict_words
from router.app.planning import PlanningApp, open_planning
from router.core.records.stress import StressResult
from router.core.stress.history import StressComparison, by_deployment, compare, is_structural

MOST = 500
"""Results that are looked at, newest first."""


async def print_history(options: Options, names: Sequence[str]) -> None:
    """Print the runs, newest first. Raises UnknownName."""
    async with open_planning(config=options.config, ledger=options.ledger) as app:
        results = await _results(app, names)
        zone = app.zone
    if options.json:
        print_json([history_document(result) for result in results])
        return
    head = ("when", "deployment", "pattern", "requests", "p50", "verdict", "why")
    rows = [
        (
            f"{datetime.fromtimestamp(result.started_ms / 1000, zone):%Y-%m-%d %H:%M}",
            result.deployment,
            result.load.pattern.value,
            result.letters,
            seconds(None if result.duration_p50_ms is None else result.duration_p50_ms / 1000),
            verdict_words(result),
            evidence_words(result),
        )
        for result in results
    ]
    print_table(head, rows)
    _say_if_none(results)


async def print_comparisons(options: Options, names: Sequence[str]) -> None:
    """Print each deployment's latest run beside those before. Raises UnknownName."""
    async with open_planning(config=options.config, ledger=options.ledger) as app:
        results = await _results(app, names)
        zone = app.zone
    runs = by_deployment(results)
    found = [(compare(each), is_structural(each, zone)) for each in runs.values()]
    if options.json:
        print_json([_document(each, structural) for each, structural in found])
        return
    head = ("deployment", "kept", "p50", "trend", "verdict", "against the run before")
    rows = [
        (
            each.deployment,
            f"{each.kept} of {each.runs}",
            seconds(None if each.latest.duration_p50_ms is None else each.latest.duration_p50_ms / 1000),
            spark([result.duration_p50_ms for result in reversed(runs[each.deployment])]),
            verdict_words(each.latest) + (", structural" if structural else ""),
            comparison_words(each),
        )
        for each, structural in found
    ]
    print_table(head, rows)
    _say_if_none(results)


async def _results(app: PlanningApp, names: Sequence[str]) -> list[StressResult]:
    results = await app.reader.stress_results(MOST)
    if not names:
        return results
    # A deployment that has left the configuration still has its history, under its own name.
    known = {result.deployment for result in results}
    meant = {
        member
        for name in names
        for member in ([name] if name in known else app.planner.route(name).deployments)
    }
    return [result for result in results if result.deployment in meant]


def _document(found: StressComparison, structural: bool) -> dict[str, object]:
    latest, before = found.latest, found.before
    return {
        "deployment": found.deployment,
        "runs": found.runs,
        "kept": found.kept,
        "structural": structural,
        "changed": found.changed,
        "slower_by_s": None if found.slower_by_ms is None else found.slower_by_ms / 1000,
        "latest": history_document(latest),
        "before": None if before is None else history_document(before),
    }


def _say_if_none(results: Sequence[StressResult]) -> None:
    if not results:
        say("no stress test has been run here yet: `cockpit stress`")
