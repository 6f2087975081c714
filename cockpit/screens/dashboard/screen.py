"""The dashboard: what was spent, which tiers can serve, what is being called."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import BindingType
from textual.containers import Container
from textual.content import Content

from cockpit.figures import Figures
from cockpit.messages import Say
from cockpit.sanitize import one_line
from cockpit.screens.dashboard.call_detail import CallDetail
from cockpit.screens.dashboard.keys import DASHBOARD as KEYS
from cockpit.screens.dashboard.keys import ON_CALLS, ON_TIERS, TIERS
from cockpit.screens.dashboard.live_calls import LiveCalls
from cockpit.screens.dashboard.model_news import ModelNewsLine
from cockpit.screens.dashboard.spend_hud import SpendHud
from cockpit.screens.dashboard.tank_gauges import TankGauges
from cockpit.screens.dashboard.tier_table import TierTable
from cockpit.ui.keys import PANES, HintLine, bindings
from cockpit.ui.page import Page, PageEntry, Setting
from cockpit.ui.table import Table
from router.engine.health_board import DeploymentState
from router.errors import RouterError

MINUTE_MS = 60_000
ROWS_AT_80X24 = 8
"""Deployments that stand in the panel without scrolling; more make it taller where there is room."""


class Dashboard(Page):
    """Three panels, and gauges where there is room for them.

    One more has the chosen call, always where it is wide, on Enter where it is not.
    """

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(*KEYS, *PANES)]

    def __init__(self, setting: Setting) -> None:
        super().__init__(id="dashboard")
        self._setting = setting
        self._zone = setting.zone
        self._figures = Figures()
        self._states: Sequence[DeploymentState] = ()
        self._now_ms = 0

    @property
    def hints(self) -> HintLine:
        """The keys of the list that has the focus."""
        return HintLine(ON_TIERS if isinstance(self.screen.focused, TierTable) else ON_CALLS)

    def compose(self) -> ComposeResult:
        """Lay the panels out; dashboard.tcss places them."""
        with Container(id="state"):
            with Container(id="figures"):
                yield SpendHud(self._zone)
                yield TankGauges(self._zone)
            yield TierTable()
        yield ModelNewsLine()
        with Container(id="activity"):
            yield LiveCalls(self._zone)
            yield CallDetail(self._zone)

    def show(self, figures: Figures) -> None:
        """Show what was read of the ledger."""
        self._figures = figures
        self.query_one(SpendHud).figures = figures
        self.query_one(TankGauges).tanks = figures.tanks
        self.query_one(ModelNewsLine).news = figures.news
        self._make_room()
        self.query_one(LiveCalls).show(figures.calls, figures.days[-1][0].start if figures.days else 0)
        self._show_detail()
        self._show_tiers()

    def follow(self, states: Sequence[DeploymentState], now_ms: int) -> None:
        """Show the deployments and the time as they are now."""
        self._states, self._now_ms = states, now_ms
        self._make_room()
        self._show_tiers()
        self.query_one(SpendHud).now_minute_ms = now_ms - now_ms % MINUTE_MS

    def _show_tiers(self) -> None:
        self.query_one(TierTable).show(self._figures.ladder.rows(self._states), self._now_ms)

    def _make_room(self) -> None:
        budgets = len(self._figures.budgets)
        self.set_class(budgets > 0, "-budgets")
        self.set_class(bool(self._figures.tanks), "-tanks")
        self.set_class(len(self._states) > ROWS_AT_80X24 or budgets > 1, "-many")

    def enter(self) -> None:
        """Take the focus."""
        self.query_one(LiveCalls).focus()

    @on(Table.Moved, "LiveCalls")
    def _follow_cursor(self) -> None:
        self._show_detail()

    @on(Table.Opened, "LiveCalls")
    def _open_detail(self) -> None:
        self.toggle_class("-detail")
        self._show_detail()

    @on(Table.Moved, "TierTable")
    @on(Table.Opened, "TierTable")
    def _tell_reason(self) -> None:
        table = self.query_one(TierTable)
        table.border_subtitle = Content(table.words_at_cursor)

    @on(TierTable.ClearRest)
    def _clear_rest(self, event: TierTable.ClearRest) -> None:
        self.run_worker(self._clear(event.deployment), group="rests")

    async def _clear(self, deployment: str) -> None:
        setting = self._setting
        try:
            await setting.controls.clear(deployment)
        except RouterError as error:
            self.post_message(Say(str(error)))
            return
        self.follow(setting.engine.deployments(), setting.clock.now_ms())
        self.post_message(Say(f"{one_line(deployment)} may be asked again"))

    def action_close_detail(self) -> None:
        """Close the details."""
        self.remove_class("-detail")

    def _show_detail(self) -> None:
        self.query_one(CallDetail).show(self._figures.calls, self.query_one(LiveCalls).cursor_key)


DASHBOARD = PageEntry(
    name="dashboard",
    tab="Dash",
    text="dashboard",
    about="spend, tiers, calls",
    make=Dashboard,
    keys=(*KEYS, *TIERS),
    style="screens/dashboard/style.tcss",
)
