"""Targets: every deployment with its mark, one letter per request, and what that came to."""

from __future__ import annotations

from cockpit.format import money, seconds, spark
from cockpit.sanitize import one_line
from cockpit.screens.stress.session import History
from cockpit.screens.stress.state import StressState, TargetView
from cockpit.screens.stress.words import verdict_words
from cockpit.ui.columns import Column
from cockpit.ui.table import Row, Table
from cockpit.ui.tones import Part, Tone
from router.core.records.stress import StressResult
from router.core.stress.shots import ShotEnd

TREND = 8
"""Earlier runs in a sparkline."""
COLUMNS = (
    Column("", 3),
    Column("deployment", 12, most=24),
    Column("tier", 4, spare=6),
    Column("requests", 10, most=42),
    Column("ok", 2, spare=2, right=True),
    Column("429", 3, spare=3, right=True),
    Column("err", 3, spare=4, right=True),
    Column("t/o", 3, spare=5, right=True),
    Column("p50", 6, spare=1, right=True),
    Column("left today", 10, spare=8, right=True),
    Column("trend", TREND, spare=7),
    Column("verdict, or the price", 17, most=60),
)


class StressTargets(Table):
    """The deployments, cheapest tier first."""

    BORDER_TITLE = "Targets"

    def __init__(self) -> None:
        super().__init__(COLUMNS, empty="no deployment is configured")

    def show(self, state: StressState, history: History) -> None:
        """Show the targets; lines that read the same are not painted."""
        self.rows = tuple(target_row(view, state, history) for view in state.targets)


def target_row(view: TargetView, state: StressState, history: History) -> Row:
    """Return one target's line."""
    earlier = history.results.get(view.name, ())
    tank = history.tanks.get(view.name)
    return Row(
        key=view.name,
        cells=(
            ("[x]" if view.chosen else "[ ]", Tone.ACCENT if view.chosen else Tone.MUTED),
            (one_line(view.name), Tone.PLAIN if view.off is None else Tone.MUTED),
            (one_line(view.tier), Tone.MUTED),
            (view.letters, Tone.STRONG if view.planned else Tone.MUTED),
            *((_count(view, *ends), Tone.PLAIN) for ends in ((ShotEnd.OK,), (ShotEnd.RATE_LIMITED,))),
            (_count(view, *_ERRORS), Tone.PLAIN),
            (_count(view, ShotEnd.TIMEOUT), Tone.PLAIN),
            (_median(view.result), Tone.PLAIN),
            (f"{tank.remaining}/{tank.limit}" if tank else "", Tone.MUTED),
            (spark([run.duration_p50_ms for run in reversed(earlier[:TREND])]), Tone.MUTED),
            _last(view, state, earlier),
        ),
    )


_ERRORS = tuple(end for end in ShotEnd if end.letter == "!")


def _count(view: TargetView, *ends: ShotEnd) -> str:
    return str(sum(shot.end in ends for shot in view.shots)) if view.planned else ""


def _median(result: StressResult | None) -> str:
    p50 = result.duration_p50_ms if result else None
    return "" if p50 is None else seconds(p50 / 1000)


def _last(view: TargetView, state: StressState, earlier: tuple[StressResult, ...]) -> Part:
    """Return the last cell: why it is off, what it does, its verdict, its price, or its last verdict."""
    if view.off is not None:
        return f"off: {one_line(view.off)}", Tone.MUTED
    if view.result is not None:
        return verdict_words(view.result), verdict_tone(view.result)
    if view.planned and state.is_running:
        return one_line(view.doing), Tone.WARN
    if view.target.costs:
        bound = view.target.each.bound_nano
        total = None if bound is None else bound * state.load.requests
        return f"at most {money(total)}", Tone.WARN
    if earlier:
        return f"was: {verdict_words(earlier[0])}", Tone.MUTED
    return "$0", Tone.MUTED


def verdict_tone(result: StressResult) -> Tone:
    """Return how a verdict is toned."""
    if result.verdict is None:
        return Tone.WARN
    return Tone.GOOD if result.verdict.keep else Tone.BAD
