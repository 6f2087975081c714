"""Verdict: what came of the target under the cursor, what to do about it, and how earlier runs went."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, tzinfo

from textual.content import Content
from textual.widgets import Static

from cockpit.format import seconds
from cockpit.sanitize import one_line, sanitize
from cockpit.screens.stress.session import History
from cockpit.screens.stress.state import TargetView
from cockpit.screens.stress.targets import verdict_tone
from cockpit.screens.stress.words import comparison_words, edit_words, evidence_words, verdict_words
from cockpit.ui.tones import Part, Tone
from router.core.records.stress import StressResult
from router.core.stress.change import Advice
from router.core.stress.history import compare

Line = tuple[Part, ...]
MOST_RUNS = 30


class StressDetail(Static):
    """The words behind one row."""

    BORDER_TITLE = "Verdict"

    def __init__(self, zone: tzinfo) -> None:
        super().__init__(markup=False)
        self._zone = zone
        self._lines: tuple[Line, ...] = ()

    def show(self, view: TargetView | None, history: History, change: Advice | None) -> None:
        """Show a target; `change` is what its result recommends."""
        lines = tuple(self._of(view, history, change)) if view else ()
        if lines == self._lines:
            return
        self._lines = lines
        joined = [part for line in lines for part in (*line, ("\n", Tone.PLAIN))][:-1]
        self.update(Content.assemble(*((text, tone.value) for text, tone in joined)))

    def _of(self, view: TargetView, history: History, change: Advice | None) -> Iterator[Line]:
        deployment, runs = view.target.deployment, history.results.get(view.name, ())
        yield (
            (one_line(view.name), Tone.STRONG),
            (f"  {one_line(deployment.model)} at {one_line(deployment.provider.name)}", Tone.MUTED),
        )
        result = history.latest(view)
        if result is None:
            words = f"off: {view.off}" if view.off else "not tried yet: s sends the plan"
            yield ((sanitize(words), Tone.MUTED),)
            return
        lasting = view.name in history.structural
        yield (
            (verdict_words(result), verdict_tone(result)),
            (f"  {sanitize(evidence_words(result, structural=lasting))}", Tone.PLAIN),
        )
        if result.learned_rpm is not None:
            yield (
                (f"learned  {result.learned_rpm} requests a minute; calls are paced below it", Tone.PLAIN),
            )
        if change is not None:
            yield (("a  ", Tone.ACCENT), (one_line(edit_words(change)), Tone.PLAIN))
        yield from self._earlier(runs)

    def _earlier(self, runs: tuple[StressResult, ...]) -> Iterator[Line]:
        if not runs:
            return
        found = compare(runs)
        kept = f"kept {found.kept} of {found.runs}; {comparison_words(found)}"
        yield (("runs     ", Tone.MUTED), (kept, Tone.PLAIN))
        for run in runs[:MOST_RUNS]:
            when = f"{datetime.fromtimestamp(run.started_ms / 1000, self._zone):%d %b %H:%M}"
            p50 = None if run.duration_p50_ms is None else run.duration_p50_ms / 1000
            yield (
                (f"{when}  ", Tone.MUTED),
                (f"{run.letters[:12]:<12} {seconds(p50):>6}  ", Tone.PLAIN),
                (verdict_words(run), verdict_tone(run)),
            )
