"""How a prompt found its way: who was passed over and why, who was tried, who answered."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.sanitize import one_line
from cockpit.screens.runner.state import RunState, Step, StepMark, trace
from cockpit.ui.tones import Part, Tone

TONES = {
    StepMark.SKIPPED: Tone.MUTED,
    StepMark.REFUSED: Tone.WARN,
    StepMark.TRYING: Tone.ACCENT,
    StepMark.USED: Tone.GOOD,
    StepMark.FAILED: Tone.BAD,
    StepMark.STOPPED: Tone.WARN,
}
GLYPHS = {
    StepMark.SKIPPED: "–",
    StepMark.REFUSED: "–",
    StepMark.TRYING: "…",
    StepMark.USED: "✓",
    StepMark.FAILED: "✗",
    StepMark.STOPPED: "■",
}


class RouteTrace(Widget):
    """A step per paragraph beside the answer; under it, in a line or two, those who were tried come first."""

    BORDER_TITLE = "Route"

    steps: reactive[tuple[Step, ...]] = reactive((), init=False)
    """What is painted."""
    tall: reactive[bool] = reactive(False, init=False)
    """Whether there is room for a step per paragraph."""

    def show(self, run: RunState) -> None:
        """Show a prompt's way; the same steps are not painted again."""
        self.steps = trace(run)

    def on_resize(self) -> None:
        """Use the room there is."""
        self.tall = self.size.height > 3

    def render(self) -> Content:
        """Render the steps."""
        if not self.steps:
            return Content.styled("the route of a prompt shows here", Tone.MUTED.value)
        steps = (
            self.steps if self.tall else sorted(self.steps, key=lambda step: step.mark is StepMark.SKIPPED)
        )
        return Content("\n" if self.tall else "  ").join(
            Content.assemble(*((text, tone.value) for text, tone in step_parts(step))) for step in steps
        )


def step_parts(step: Step) -> tuple[Part, ...]:
    """Return one step: glyph, tier, deployment, what became of it and why."""
    why = f": {one_line(step.reason)}" if step.reason else ""
    return (
        (f"{GLYPHS[step.mark]} {one_line(step.tier)} {one_line(step.deployment)} ", Tone.PLAIN),
        (step.mark.value, TONES[step.mark]),
        (why, Tone.MUTED),
    )
