"""All that is wrong with the configuration's file, to read; correcting it is an editor's work."""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.screen import ModalScreen
from textual.widgets import Static

from cockpit.sanitize import sanitize


class Problems(ModalScreen[None]):
    """A panel over the screens, a problem per paragraph."""

    CSS_PATH = "problems.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,enter,q", "dismiss", "close", show=False),
        Binding("j", "scroll_down", "down", show=False),
        Binding("k", "scroll_up", "up", show=False),
    ]

    def __init__(self, problems: Sequence[str]) -> None:
        super().__init__()
        self._problems = problems

    def compose(self) -> ComposeResult:
        """Lay the problems out."""
        with VerticalScroll() as box:
            box.border_title = f"Configuration not used: {len(self._problems)} to correct"
            box.border_subtitle = "Esc closes"
            yield Static("\n".join(map(sanitize, self._problems)), markup=False)

    def action_scroll_down(self) -> None:
        """Move the list."""
        self.query_one(VerticalScroll).action_scroll_down()

    def action_scroll_up(self) -> None:
        """Move the list."""
        self.query_one(VerticalScroll).action_scroll_up()
