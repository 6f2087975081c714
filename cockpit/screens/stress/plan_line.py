"""Plan: what would be sent, for how much, and what ends it; while it runs, how far it has come."""

from __future__ import annotations

from textual.content import Content
from textual.widget import Widget

from cockpit.format import money, seconds
from cockpit.sanitize import one_line
from cockpit.screens.stress.state import StressPhase, StressState
from cockpit.screens.stress.words import LEGEND, PATTERNS, plan_words
from cockpit.ui.tones import Part, Tone
from router.core.stress.plan import ERRORS_IN_A_ROW


class StressPlanLine(Widget):
    """Three lines that always stand in the same place."""

    BORDER_TITLE = "Plan"
    DEFAULT_CSS = "StressPlanLine { text-wrap: nowrap; text-overflow: ellipsis; }"

    def __init__(self) -> None:
        super().__init__()
        self._shown: tuple[StressState, int] = (StressState(), 0)

    @property
    def state(self) -> StressState:
        """What is shown."""
        return self._shown[0]

    def show(self, state: StressState, now_s: float) -> None:
        """Show a state; what reads the same is not painted again."""
        shown = (state, round(now_s - state.began_s) if state.is_running else 0)
        if shown != self._shown:
            self._shown = shown
            self.border_subtitle = Content(state.phase.value)
            self.refresh()

    def render(self) -> Content:
        """Render the load, the sum and the rules, or the run."""
        state, running_s = self._shown
        load = state.load
        each = "1 request" if load.requests == 1 else f"{load.requests} requests"
        lines: list[tuple[Part, ...]] = [
            (
                ("load  ", Tone.MUTED),
                (f"{each} each, {PATTERNS[load.pattern]}, {load.timeout_s:g} s at most", Tone.PLAIN),
            ),
            (("sum   ", Tone.MUTED), *_sum(state)),
        ]
        if state.phase is StressPhase.PLANNED:
            rules = f"{ERRORS_IN_A_ROW} errors in a row, more than {money(state.plan.budget_nano)}, Esc"
            lines.append((("stop  ", Tone.MUTED), (rules, Tone.PLAIN)))
        else:
            lines.append((("run   ", Tone.MUTED), *_run(state, running_s)))
        lines.append(((f"      {LEGEND}  > under way  . queued", Tone.MUTED),))
        joined = [part for line in lines for part in (*line, ("\n", Tone.PLAIN))][:-1]
        return Content.assemble(*((text, tone.value) for text, tone in joined))


def _sum(state: StressState) -> tuple[Part, ...]:
    plan = state.plan
    if not plan.targets:
        return (("no target is chosen: Space chooses", Tone.WARN),)
    paid = any(target.costs for target in plan.targets)
    return ((plan_words(plan), Tone.WARN if paid else Tone.PLAIN),)


def _run(state: StressState, running_s: int) -> tuple[Part, ...]:
    if state.error:
        return ((one_line(state.error), Tone.BAD),)
    planned = sum(view.planned for view in state.targets)
    sent = sum(len(view.shots) + len(view.under_way) for view in state.targets)
    answered = sum(shot.end.letter == "o" for view in state.targets for shot in view.shots)
    time = f"{seconds(running_s)}, " if state.is_running else ""
    return ((f"{time}{sent} of {planned} sent, {answered} answered", Tone.STRONG),)
