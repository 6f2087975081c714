"""One line under the answer: how far the prompt has come, who answers, how fast, how much, for how much."""

from __future__ import annotations

from dataclasses import dataclass

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.format import NOTHING, money, rate, seconds, tokens
from cockpit.sanitize import one_line
from cockpit.screens.runner.state import RunPhase, RunState
from cockpit.ui.tones import Part, Tone
from router.core.records.entries import EntryStatus

GLYPHS: dict[RunPhase, Part] = {
    RunPhase.IDLE: ("·", Tone.MUTED),
    RunPhase.WAITING: ("…", Tone.WARN),
    RunPhase.STREAMING: ("▸", Tone.ACCENT),
    RunPhase.DONE: ("✓", Tone.GOOD),
    RunPhase.STOPPED: ("■", Tone.WARN),
    RunPhase.FAILED: ("✗", Tone.BAD),
}


@dataclass(frozen=True, slots=True)
class Group:
    """Words that stand or go together."""

    spare: int
    """What goes first where the line is short: the highest."""
    parts: tuple[Part, ...]

    @property
    def cells(self) -> int:
        """How wide it is."""
        return sum(cell_len(text) for text, _ in self.parts)


class RunStatus(Widget):
    """The state of the prompt in words and figures."""

    DEFAULT_CSS = """
    RunStatus { height: 1; padding: 0 1; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    run: reactive[RunState] = reactive(RunState(), repaint=False, init=False)
    """The prompt."""
    now_s: reactive[float] = reactive(0.0, repaint=False, init=False)
    """The present moment on the clock that never steps."""
    line: reactive[tuple[Group, ...]] = reactive((), init=False)
    """What is painted: nothing is while it reads the same."""

    def watch_run(self) -> None:
        """Say it again."""
        self.line = status_line(self.run, self.now_s)

    def watch_now_s(self) -> None:
        """Count on while something runs."""
        if self.run.is_running:
            self.line = status_line(self.run, self.now_s)

    def on_mount(self) -> None:
        """Say what there is to say before the first prompt."""
        self.line = status_line(self.run, self.now_s)

    def render(self) -> Content:
        """Render the line."""
        parts = within(self.line, self.content_size.width)
        return Content.assemble(*((text, tone.value) for text, tone in parts))


def status_line(run: RunState, now_s: float) -> tuple[Group, ...]:
    """Return the line in groups; figures seen from here and not yet reported by the engine are marked `~`."""
    glyph, tone = GLYPHS[run.phase]
    groups = [Group(0, ((f"{glyph} {_words(run, now_s)}", tone),))]
    if run.phase is RunPhase.IDLE:
        note = "each prompt is sent on its own, nothing is remembered"
        return (*groups, Group(1, ((note, Tone.MUTED),)))
    if run.current:
        name = f"{one_line(run.current.tier)} {one_line(run.current.deployment)}"
        groups.append(Group(1, ((name, Tone.STRONG),)))
    if run.ttft_s is not None:
        groups.append(Group(3, (("ttft ", Tone.MUTED), (seconds(run.ttft_s), Tone.PLAIN))))
    if run.usage.input_tokens is not None:
        groups.append(Group(4, (("in ", Tone.MUTED), (tokens(run.usage.input_tokens), Tone.PLAIN))))
    groups += _output(run, now_s)
    if not run.is_running and (cost := run.cost):
        nano, source = cost
        words = source.replace("_", " ")
        groups.append(Group(0, ((money(nano), Tone.STRONG), (f" {words}", Tone.MUTED))))
    return tuple(groups)


def _output(run: RunState, now_s: float) -> list[Group]:
    mark, out = ("~", run.pieces) if run.is_running else ("", run.usage.output_tokens)
    if not out:
        return []
    speed = rate(out, run.output_s(now_s))
    count = Group(2, (("out ", Tone.MUTED), (f"{mark}{tokens(out)}", Tone.PLAIN)))
    return [count] if speed == NOTHING else [count, Group(5, ((f"{mark}{speed}", Tone.PLAIN),))]


def within(groups: tuple[Group, ...], width: int) -> list[Part]:
    """Return the groups that fit, two spaces apart: what can be spared most goes first, whole."""
    kept = list(groups)
    while len(kept) > 1 and sum(group.cells + 2 for group in kept) - 2 > width:
        kept.remove(max(kept, key=lambda group: group.spare))
    parts: list[Part] = []
    for group in kept:
        parts += [("  ", Tone.PLAIN), *group.parts] if parts else group.parts
    return parts


def _words(run: RunState, now_s: float) -> str:
    if run.phase is RunPhase.WAITING:
        return f"{one_line(run.doing) or run.phase} {max(0, int(now_s - run.attempt_began_s))}s"
    if run.phase is RunPhase.STREAMING and run.doing:
        return run.doing
    if run.answer and run.answer.cached:
        return "done, a kept answer"
    record = run.current.record if run.current else None
    if run.phase is RunPhase.DONE and record and record.outcome is EntryStatus.TRUNCATED:
        return "done, cut off"
    if run.phase is RunPhase.FAILED and run.answer and run.answer.error:
        if run.answer.error.over_budget:
            return "failed: no budget left for it"
        return f"failed: {run.answer.error.failure_class.replace('_', ' ')}"
    return run.phase
