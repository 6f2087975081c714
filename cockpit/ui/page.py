"""What a screen of the cockpit is: a page, which the frame shows, feeds and stops without knowing which."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import tzinfo

from textual.containers import Container
from textual.message import Message

from cockpit.figures import Figures
from cockpit.session import Controls, Engine
from cockpit.ui.keys import HintLine, Key
from router.engine.health_board import DeploymentState
from router.engine.ports import Clock, SpendReader


@dataclass(frozen=True, slots=True)
class Setting:
    """What a page is given; it closes none of it."""

    engine: Engine
    reader: SpendReader
    clock: Clock
    zone: tzinfo
    controls: Controls


class Page(Container):
    """One screen. All pages are mounted from the start; switching between them mounts nothing.

    What a page does not need of this it leaves as it is.
    """

    class Advanced(Message):
        """Something under way on a page has come further, or ended."""

        def __init__(self, *, ended: bool = False) -> None:
            super().__init__()
            self.ended = ended

    @property
    def hints(self) -> HintLine:
        """The keys that matter now."""
        return HintLine()

    def enter(self) -> None:
        """Take the focus."""

    def show(self, figures: Figures) -> None:
        """Show what was read of the ledger."""

    def follow(self, states: Sequence[DeploymentState], now_ms: int) -> None:
        """Show the deployments as they are at `now_ms`; once a second, but not while the figures are held."""

    def tick(self, now_s: float) -> None:
        """Count on, by the clock that never steps; once a second."""

    def follow_config(self) -> None:
        """Go by the configuration that is in use now."""

    @property
    def before_leaving(self) -> str | None:
        """The question to ask before the cockpit is left, or None."""
        return None

    async def stop(self) -> None:
        """Stop what runs and wait until its rows are handed to the ledger."""


@dataclass(frozen=True, slots=True)
class PageEntry:
    """A page in the list of pages: `cockpit/pages.py`."""

    name: str
    """The page's id, by which it is switched to."""
    tab: str
    """What it is called in the top line."""
    text: str
    """What its key is said to show."""
    about: str
    """What the palette says of it."""
    make: Callable[[Setting], Page]
    keys: tuple[Key, ...]
    """All keys of the page and its panels."""
    style: str
    """Its stylesheet, from the folder `cockpit/`."""
