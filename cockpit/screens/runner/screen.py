"""The prompt runner: a prompt, its price on every tier, the streaming answer, and how it found its way."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content
from textual.reactive import reactive
from textual.timer import Timer
from textual.worker import Worker

from cockpit.figures import Figures
from cockpit.format import countdown
from cockpit.messages import Say
from cockpit.sanitize import one_line
from cockpit.screens.runner.answer import Answer
from cockpit.screens.runner.estimate_line import EstimateLine
from cockpit.screens.runner.keys import ANSWER, PROMPT, WHILE_READING, WHILE_RUNNING, WHILE_TYPING
from cockpit.screens.runner.keys import RUNNER as KEYS
from cockpit.screens.runner.messages import RunAdvanced, SubmitPrompt
from cockpit.screens.runner.prompt import Prompt
from cockpit.screens.runner.route_trace import RouteTrace
from cockpit.screens.runner.run_status import RunStatus
from cockpit.screens.runner.session import Run, estimates
from cockpit.screens.runner.state import RunPhase, RunState, with_rows
from cockpit.session import AUTO
from cockpit.ui.keys import PANES, HintLine, bindings
from cockpit.ui.page import Page, PageEntry, Setting
from cockpit.ui.stopping import stopped
from router.core.request import FoundPoor

ESTIMATE_AFTER_S = 0.15
"""How long typing must rest before prices are worked out again."""
SHOWN_IN_SECONDS_S = 120
"""A longer wait is told as `3:05:00`."""


class Runner(Page):
    """One prompt at a time."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(*KEYS, *PANES)]

    tier: reactive[str] = reactive(AUTO, init=False)
    """Who is asked: `auto`, or a tier the user chose."""

    def __init__(self, setting: Setting) -> None:
        super().__init__(id="runner")
        self._engine = setting.engine
        self._clock = setting.clock
        self._run = RunState()
        self._worker: Worker[None] | None = None
        self._estimate_timer: Timer | None = None

    @property
    def hints(self) -> HintLine:
        """The keys for what is done here now."""
        if self.is_running:
            return HintLine(WHILE_RUNNING, typing=True)
        if isinstance(self.screen.focused, Prompt):
            return HintLine(WHILE_TYPING, typing=True)
        return HintLine(WHILE_READING)

    @property
    def is_running(self) -> bool:
        """Whether an answer is on its way."""
        return self._worker is not None and not self._worker.is_finished

    def compose(self) -> ComposeResult:
        """Lay the parts out; runner.tcss places them."""
        with Container(id="answer-and-route"):
            yield Answer()
            yield RouteTrace()
        yield RunStatus()
        with Container(id="question"):
            yield Prompt()
            yield EstimateLine()

    def on_mount(self) -> None:
        """Name the panes."""
        self.query_one(Answer).border_title = "Answer"
        self.query_one("#question").border_title = "Prompt"
        self.watch_tier(self.tier)

    def watch_tier(self, tier: str) -> None:
        """Say who is asked, where the prompt is."""
        self.query_one("#question").border_subtitle = Content(f"Ctrl+T tier: {one_line(tier)}")

    def enter(self) -> None:
        """Take the focus, ready to type."""
        self.query_one(Prompt).focus()
        self._estimate()

    def follow_config(self) -> None:
        """Go by the configuration in use: a chosen tier that is gone gives way to `auto`."""
        if self.tier not in self._choices:
            self.tier = AUTO
        self._estimate()

    def tick(self, now_s: float) -> None:
        """Count on while something runs."""
        self.query_one(RunStatus).now_s = now_s

    async def stop(self) -> None:
        """Stop what runs and wait until its row is handed to the ledger."""
        await stopped(self._worker)

    @on(SubmitPrompt)
    def _send(self, event: SubmitPrompt) -> None:
        event.stop()
        if self.is_running:
            self.post_message(Say("one prompt at a time: Esc stops the one that runs"))
            return
        self.query_one(Prompt).taken()
        self._begin("prompt", f"you> {event.text}")
        self._start(event.text, self.tier)

    def _begin(self, style: str, text: str) -> None:
        answer = self.query_one(Answer)
        answer.follow()
        answer.begin(style, text)

    def _start(self, prompt: str, name: str, instead_of: FoundPoor | None = None) -> None:
        run = Run(self._engine, self._clock, self._publish)
        self._worker = self.run_worker(run.drive(prompt, name, instead_of), group="run", exclusive=True)

    def _publish(self, run: RunState, text: str) -> None:
        self.post_message(RunAdvanced(run, text))

    @on(RunAdvanced)
    def _advance(self, event: RunAdvanced) -> None:
        run, known = event.run, self._run.warnings
        self._run = run
        answer = self.query_one(Answer)
        for warning in run.warnings:
            if warning not in known:
                answer.begin("note", warning)
        answer.grow(event.text)
        self._show_run()
        if run.phase is RunPhase.FAILED:
            answer.begin("error", failure(run))
        elif run.phase is RunPhase.STOPPED:
            answer.begin("note", "stopped")
        elif run.answer and run.answer.kept:
            answer.begin("note", run.answer.kept.notice)
        self.post_message(self.Advanced(ended=not run.is_running))

    def _show_run(self) -> None:
        status = self.query_one(RunStatus)
        status.now_s = self._clock.monotonic()
        status.run = self._run
        self.query_one(RouteTrace).show(self._run)

    def show(self, figures: Figures) -> None:
        """Learn from the ledger what a stopped prompt came to."""
        self._run = with_rows(self._run, figures.calls)
        self._show_run()

    @on(Prompt.Changed)
    def _typed(self) -> None:
        if self._estimate_timer:
            self._estimate_timer.stop()
        self._estimate_timer = self.set_timer(ESTIMATE_AFTER_S, self._estimate)

    def _estimate(self) -> None:
        auto, per_tier = estimates(self._engine, self.query_one(Prompt).text)
        self.query_one(EstimateLine).show(auto, per_tier)

    def action_leave(self) -> None:
        """Stop what runs; when nothing does, leave the prompt for the keys."""
        if self._worker and self.is_running:
            self._worker.cancel()
        else:
            self.query_one(Answer).focus()

    def action_type(self) -> None:
        """Go back to typing."""
        self.query_one(Prompt).focus()

    def action_next_tier(self) -> None:
        """Ask the next tier of the ladder, after the last one `auto` again."""
        choices = self._choices
        self.tier = choices[(choices.index(self.tier) + 1) % len(choices)]

    @property
    def _choices(self) -> list[str]:
        return [AUTO, *(tier.name for tier in self._engine.config.tiers)]

    def action_climb(self) -> None:
        """Ask the last prompt's route one tier up: its answer was poor."""
        answer, poor = self._run.answer, self._run.to_climb_from
        if self.is_running or answer is None or poor is None:
            self.post_message(Say("there is no answer to ask one tier up about"))
            return
        self._begin("note", f"one tier up from {poor.tier}: you found that answer poor")
        self._start(self._run.prompt, answer.route, poor)

    def action_copy_answer(self) -> None:
        """Send the last answer to the terminal's clipboard, which never says whether it took it."""
        text = self.query_one(Answer).last_text
        if text:
            self.app.copy_to_clipboard(text)
        self.post_message(Say("sent to the terminal's clipboard" if text else "there is no answer to copy"))


def failure(run: RunState) -> str:
    """Return why there is no answer, and when to try again where that is known."""
    error = run.answer.error if run.answer else None
    retry_s = error.retry_after_s if error else None
    if not retry_s:
        return f"failed: {run.error}"
    wait = f"{retry_s:.0f} s" if retry_s < SHOWN_IN_SECONDS_S else countdown(round(retry_s * 1000))
    return f"failed: {run.error.rstrip('.')}. Try again in {wait}."


RUNNER = PageEntry(
    name="runner",
    tab="Run",
    text="prompt runner",
    about="type a prompt",
    make=Runner,
    keys=(*KEYS, *PROMPT, *ANSWER),
    style="screens/runner/style.tcss",
)
