"""The stress test: who is tried, what that sends and costs, how it goes, and what to do about it."""

from __future__ import annotations

from collections.abc import Awaitable
from functools import partial
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.message import Message
from textual.worker import Worker

from cockpit.figures import Figures
from cockpit.messages import Say
from cockpit.screens.stress.detail import StressDetail
from cockpit.screens.stress.keys import STRESS as KEYS
from cockpit.screens.stress.keys import WHILE_PLANNING, WHILE_TESTING
from cockpit.screens.stress.news import StressNews
from cockpit.screens.stress.plan_line import StressPlanLine
from cockpit.screens.stress.report import report
from cockpit.screens.stress.session import History, StressRun, read_history
from cockpit.screens.stress.state import StressState, TargetView, laid_out, more, next_pattern, toggled
from cockpit.screens.stress.targets import StressTargets
from cockpit.ui.agree import Agree
from cockpit.ui.difference import Difference
from cockpit.ui.keys import PANES, HintLine, bindings
from cockpit.ui.page import Page, PageEntry, Setting
from cockpit.ui.stopping import stopped
from cockpit.ui.table import Table
from router.core.records.stress import Load
from router.core.settings.edits import Proposal
from router.core.stress.change import Advice, recommended
from router.core.stress.plan import StressPlan, refusal
from router.errors import RouterError


class Stress(Page):
    """One test at a time; nothing is sent before it is asked for."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(*KEYS, *PANES)]

    class RunAdvanced(Message):
        """The test under way has come further."""

        def __init__(self, state: StressState) -> None:
            super().__init__()
            self.state = state

    def __init__(self, setting: Setting) -> None:
        super().__init__(id="stress")
        self._engine = setting.engine
        self._reader = setting.reader
        self._controls = setting.controls
        self._clock = setting.clock
        self._zone = setting.zone
        usual = setting.engine.config.stress
        self._state = StressState(Load(requests=usual.requests, timeout_s=usual.timeout_s))
        self._history = History()
        self._worker: Worker[None] | None = None

    @property
    def hints(self) -> HintLine:
        """The keys for what is done here now."""
        return HintLine(WHILE_TESTING if self._state.is_running else WHILE_PLANNING)

    @property
    def is_running(self) -> bool:
        """Whether a test is under way."""
        return self._worker is not None and not self._worker.is_finished

    def compose(self) -> ComposeResult:
        """Lay the parts out; stress.tcss places them."""
        yield StressPlanLine()
        yield StressTargets()
        with Container(id="found"):
            yield StressDetail(self._zone)
            yield StressNews()

    def on_mount(self) -> None:
        """Show the plan as it is at first."""
        self.follow_config()

    def enter(self) -> None:
        """Take the focus and read what earlier runs found."""
        self.query_one(StressTargets).focus()
        self._read_history()

    def follow_config(self) -> None:
        """Go by the configuration in use."""
        self._take(laid_out(self._state, self._engine.config.deployments.values()))

    def tick(self, now_s: float) -> None:
        """Count on while a test runs."""
        self.query_one(StressPlanLine).show(self._state, now_s)

    def show(self, figures: Figures) -> None:
        """Read again what is known, where it is seen: results are written a moment after a test's end."""
        if self.display:
            self._read_history()

    def _read_history(self) -> None:
        self.run_worker(self._remember(), group="history", exclusive=True)

    async def _remember(self) -> None:
        try:
            self._history = await read_history(self._engine.config, self._reader, self._clock, self._zone)
        except RouterError as error:
            self.post_message(Say(str(error)))
        self._show()

    @property
    def before_leaving(self) -> str | None:
        """Ask before a test is cut short."""
        running = "A stress test is under way. Stop it, keep what it has found, and leave?"
        return running if self.is_running else None

    async def stop(self) -> None:
        """Stop what runs and wait until its rows are handed to the ledger."""
        await stopped(self._worker)

    @on(RunAdvanced)
    def _advance(self, event: RunAdvanced) -> None:
        was_running = self._state.is_running
        self._take(event.state)
        if was_running and not event.state.is_running:
            self.follow_config()  # it may have changed under the test
        self.post_message(self.Advanced())

    def _take(self, state: StressState) -> None:
        self._state = state
        self._show()

    def _show(self) -> None:
        self.query_one(StressPlanLine).show(self._state, self._clock.monotonic())
        self.query_one(StressTargets).show(self._state, self._history)
        self.query_one(StressNews).show(self._state.news)
        self._show_detail()

    @on(Table.Moved, "StressTargets")
    @on(Table.Opened, "StressTargets")
    def _show_detail(self) -> None:
        self.query_one(StressDetail).show(self._under_cursor, self._history, self._change)

    @property
    def _under_cursor(self) -> TargetView | None:
        return self._state.at(self.query_one(StressTargets).cursor_key)

    @property
    def _change(self) -> Advice | None:
        """What the last test of the target under the cursor asks to change."""
        view = self._under_cursor
        result = self._history.latest(view) if view else None
        return recommended(result, self._engine.config) if result else None

    def _plans(self) -> bool:
        """Tell whether the plan may be changed; say why not where it may not."""
        if self.is_running:
            self.post_message(Say("a test is under way: Esc stops it"))
        return not self.is_running

    def action_toggle_target(self) -> None:
        """Choose the target under the cursor, or let it go."""
        view = self._under_cursor
        if view is None or not self._plans():
            return
        if view.off:
            self.post_message(Say(f"{view.name} is off: {view.off}"))
        self._take(toggled(self._state, view.name))

    def action_next_pattern(self) -> None:
        """Plan the next pattern."""
        if self._plans():
            self._take(next_pattern(self._state, self._engine.config.stress))

    def action_more(self, by: int) -> None:
        """Plan more requests, or fewer."""
        if self._plans():
            self._take(more(self._state, by))

    def action_start(self) -> None:
        """Send the plan; what costs money is asked about first, with its price."""
        plan = self._state.plan
        if not self._plans():
            return
        if not plan.targets:
            self.post_message(Say("no target is chosen: Space chooses the one under the cursor"))
        elif never := refusal(plan, agreed=True):
            self.post_message(Say(never))
        elif price := refusal(plan, agreed=False):
            self.app.push_screen(Agree("This costs money", price), partial(self._agreed, plan))
        else:
            self._start()

    def _agreed(self, plan: StressPlan, agreed: bool | None) -> None:
        if not agreed:
            self.post_message(Say("nothing was sent"))
        elif self._state.plan != plan:  # the configuration has changed under the question
            self.post_message(Say("nothing was sent: the plan is another one now, look at its price again"))
        else:
            self._start()

    def _start(self) -> None:
        run = StressRun(self._engine, self._clock, self._publish)
        self._worker = self.run_worker(run.drive(self._state), group="stress", exclusive=True)

    def _publish(self, state: StressState) -> None:
        self.post_message(self.RunAdvanced(state))

    def action_stop(self) -> None:
        """Stop the test: what runs is cancelled at once."""
        if self._worker and self.is_running:
            self._worker.cancel()

    def action_news(self) -> None:
        """Change between the verdict and the events, where there is room for one."""
        self.toggle_class("-news")

    def action_apply_change(self) -> None:
        """Show what the verdict under the cursor would change in the configuration."""
        if change := self._change:
            self.run_worker(self._propose(self._controls.propose([change])), group="edit", exclusive=True)
        else:
            self.post_message(Say("this verdict asks for no change"))

    def action_undo_change(self) -> None:
        """Show what taking the newest change back would do."""
        self.run_worker(self._propose(self._controls.propose_undo()), group="edit", exclusive=True)

    async def _propose(self, proposing: Awaitable[Proposal]) -> None:
        """Show the difference and write it when that is agreed to."""
        try:
            proposal = await proposing
            if not proposal.diff:
                self.post_message(Say("the file says so already"))
            elif await self.app.push_screen_wait(Difference(proposal)):
                reload = await self._controls.apply(proposal)
                self.post_message(Say(reload.said))
                self.follow_config()
        except RouterError as error:
            self.post_message(Say(str(error)))

    def action_export(self) -> None:
        """Write the run as a file."""
        if any(view.result for view in self._state.targets):
            text = report(self._state, self._history, self._zone)
            self.run_worker(self._export(text), group="export", exclusive=True)
        else:
            self.post_message(Say("no test has ended here yet"))

    async def _export(self, text: str) -> None:
        try:
            self.post_message(Say(f"written to {await self._controls.export('stress', text)}"))
        except RouterError as error:
            self.post_message(Say(str(error)))


STRESS = PageEntry(
    name="stress",
    tab="Stress",
    text="stress test",
    about="try deployments out",
    make=Stress,
    keys=KEYS,
    style="screens/stress/style.tcss",
)
