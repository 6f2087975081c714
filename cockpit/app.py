"""The Textual app: the frame around the screens, the time, the theme and the way out. No business rule."""

from __future__ import annotations

import traceback
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from functools import partial
from typing import ClassVar

from rich.text import Text
from textual import on
from textual.app import App, ComposeResult, SystemCommand
from textual.binding import BindingType
from textual.screen import Screen
from textual.theme import Theme
from textual.timer import Timer
from textual.types import CSSPathType
from textual.widgets import ContentSwitcher

from cockpit.figures import Figures, out_of_the_ordinary
from cockpit.format import spend, time_of_day, zone_name
from cockpit.messages import ConfigRead, FiguresRead, Say
from cockpit.pages import KEYS, PAGE_KEYS, PAGES
from cockpit.sanitize import one_line, sanitize
from cockpit.session import ConfigNews, Controls, Engine, NoControls, Watch
from cockpit.ui.agree import Agree
from cockpit.ui.help import Help
from cockpit.ui.hint_bar import HintBar
from cockpit.ui.keys import EVERYWHERE, bindings, live
from cockpit.ui.page import Page, Setting
from cockpit.ui.problems import Problems
from cockpit.ui.top_line import TopLine
from router.engine.ports import Clock, SpendReader

WIDTHS = [(0, "-narrow"), (80, "-normal"), (120, "-wide")]
HEIGHTS = [(0, "-short"), (22, "-standard"), (40, "-tall")]
SAID_FOR_S = 4.0
"""How long a sentence stands in for the keys."""
NOTED_FOR_S = 10.0
"""How long what was found wrong at the start is shown, in a corner."""


@dataclass(frozen=True, slots=True)
class Look:
    """How the cockpit opens."""

    themes: Sequence[Theme] = ()
    """Themes beside Textual's own."""
    name: str | None = None
    """The theme to start with; None leaves Textual's choice."""
    locked: bool = False
    """Leave the theme as it was chosen before this program started, and offer no other (NO_COLOR)."""
    notes: Sequence[str] = ()
    """What was found wrong at the start; it is told beside the screens."""


PLAIN_LOOK = Look()


class CockpitApp(App[None]):
    """The cockpit. It is given all it needs and closes none of it."""

    CSS_PATH: ClassVar[CSSPathType | None] = [page.style for page in PAGES]
    BINDINGS: ClassVar[list[BindingType]] = [*bindings(*EVERYWHERE, *PAGE_KEYS)]
    HORIZONTAL_BREAKPOINTS = WIDTHS
    VERTICAL_BREAKPOINTS = HEIGHTS
    TITLE = "Tier Cockpit"
    CSS = "ContentSwitcher { height: 1fr; }"

    def __init__(
        self,
        engine: Engine,
        reader: SpendReader,
        clock: Clock,
        zone: tzinfo,
        look: Look = PLAIN_LOOK,
        controls: Controls | None = None,
    ) -> None:
        super().__init__()
        self.animation_level = "none"
        self._engine = engine
        self._clock = clock
        self._zone = zone
        self._look = look
        self._controls = controls or NoControls()
        self._config = ConfigNews(self._controls)
        self._config_is_bad = False
        self._ledger = Watch(engine, reader, clock, zone)
        self._figures = Figures()
        self._paused = False
        self._said: Timer | None = None
        setting = Setting(engine, reader, clock, zone, self._controls)
        self._pages = {page.name: page.make(setting) for page in PAGES}

    def compose(self) -> ComposeResult:
        """Lay out the frame and all screens; switching between them mounts nothing."""
        yield TopLine([(page.name, f"{number} {page.tab}") for number, page in enumerate(PAGES, start=1)])
        with ContentSwitcher(initial=PAGES[0].name):
            yield from self._pages.values()
        yield HintBar(KEYS)

    def on_mount(self) -> None:
        """Choose the theme, start the clock and the reading of the ledger."""
        for theme in self._look.themes:
            self.register_theme(theme)
        if self._look.name in self.available_themes and not self._look.locked:
            self.theme = self._look.name
        self.query_one(TopLine).current = PAGES[0].name
        self._current.enter()
        self.set_interval(1.0, self._tick)
        self._tick()
        self.run_worker(self._read_ledger(), group="ledger", exclusive=True)
        self.run_worker(self._watch_config(), group="configuration", exclusive=True)
        for note in self._look.notes:
            self.notify(one_line(note), severity="warning", timeout=NOTED_FOR_S, markup=False)

    async def _read_ledger(self) -> None:
        async for figures in self._ledger.figures():
            self.post_message(FiguresRead(figures))

    async def _watch_config(self) -> None:
        async for reload, asked in self._config.reloads():
            self.post_message(ConfigRead(reload, asked))

    def _tick(self) -> None:
        """Once a second: whatever reads the same as before is not painted."""
        if self._closes:
            return
        now_ms = self._clock.now_ms()
        clock = f"{time_of_day(now_ms, self._zone)} {zone_name(now_ms, self._zone)}"
        self.query_one(TopLine).clock = clock
        for page in self._pages.values():
            page.tick(self._clock.monotonic())
            if not self._paused:
                page.follow(self._engine.deployments(), now_ms)

    @property
    def _closes(self) -> bool:
        """Whether the app is on its way out: its widgets go before its timers and the last messages."""
        return not self.query(TopLine)

    @on(FiguresRead)
    def _take_figures(self, event: FiguresRead) -> None:
        self._figures = event.figures
        if not self._paused and not self._closes:
            self._show_figures()

    def _show_figures(self) -> None:
        for page in self._pages.values():
            page.show(self._figures)
        self.query_one(TopLine).today = spend(self._figures.today)
        self._note()

    def _note(self) -> None:
        note = out_of_the_ordinary(self._figures, paused=self._paused, bad_config=self._config_is_bad)
        self.query_one(TopLine).note = note

    @on(ConfigRead)
    def _follow_config(self, event: ConfigRead) -> None:
        if self._closes:
            return
        problems = event.reload.problems
        self._config_is_bad = bool(problems)
        self._note()
        self.post_message(Say(event.reload.said))
        if problems and event.asked:
            self.push_screen(Problems(problems))
        elif not problems:
            for page in self._pages.values():
                page.follow_config()
            self._ledger.refresh()  # the budgets may be others

    @on(Page.Advanced)
    def _follow_page(self, event: Page.Advanced) -> None:
        self._hint()
        if event.ended:
            self._ledger.refresh()

    @on(Say)
    def _say(self, event: Say) -> None:
        self.query_one(HintBar).say = event.text
        if self._said:
            self._said.stop()
        self._said = self.set_timer(SAID_FOR_S, self._unsay)

    def _unsay(self) -> None:
        self.query_one(HintBar).say = ""

    def on_descendant_focus(self) -> None:
        """Show the keys of what has the focus."""
        if len(self.screen_stack) == 1:
            self._unsay()
        self._hint()

    def _hint(self) -> None:
        if len(self.screen_stack) > 1:
            return  # something lies over the screens and tells its own keys
        self.query_one(HintBar).line = self._current.hints

    @property
    def _current(self) -> Page:
        return self._pages[self.query_one(ContentSwitcher).current or PAGES[0].name]

    def action_show(self, name: str) -> None:
        """Switch to a screen and give it the focus."""
        self.query_one(ContentSwitcher).current = name
        self.query_one(TopLine).current = name
        self._current.enter()
        self._hint()

    def action_refresh_figures(self) -> None:
        """Read the ledger again, also while paused."""
        self._ledger.refresh()

    def action_reload(self) -> None:
        """Read the configuration again; what comes of it is said when it is known."""
        self.post_message(Say("reading the configuration again"))
        self._config.ask()

    def action_pause(self) -> None:
        """Hold the figures still, or let them go on from where the ledger is now."""
        self._paused = not self._paused
        if not self._paused:
            self._show_figures()
            self._tick()
        self._note()

    def action_help(self) -> None:
        """Show the keys that work here and now."""
        self.push_screen(Help(live(self.screen.active_bindings, KEYS)))

    async def action_quit(self) -> None:
        """Leave. What runs is stopped first, so that its rows are settled; a stress test is asked about."""
        questions = [question for page in self._pages.values() if (question := page.before_leaving)]
        if questions:
            self.push_screen(Agree("Something is under way", " ".join(questions)), self._leave_if)
        else:
            await self._leave()

    async def _leave_if(self, agreed: bool | None) -> None:
        if agreed:
            await self._leave()

    async def _leave(self) -> None:
        for page in self._pages.values():
            await page.stop()
        self.exit()

    def get_system_commands(self, screen: Screen[object]) -> Iterable[SystemCommand]:
        """Yield what the palette offers."""
        if not self._look.locked:
            yield SystemCommand("theme", "choose the colours", self.action_change_theme)
        for page in PAGES:
            yield SystemCommand(page.tab.lower(), page.about, partial(self.action_show, page.name))
        yield SystemCommand("refresh", "read the ledger again", self.action_refresh_figures)
        yield SystemCommand("reload", "read the configuration again", self.action_reload)
        yield SystemCommand("pause", "hold the figures still, or let go", self.action_pause)
        yield SystemCommand("help", "the keys that work here", self.action_help)
        yield SystemCommand("quit", "leave the cockpit", self.action_quit)

    def _fatal_error(self) -> None:
        """End with a plain traceback: Textual's own shows local variables, and prompts are among them."""
        self._exit_renderables.append(Text(sanitize(traceback.format_exc())))
        self._close_messages_no_wait()
