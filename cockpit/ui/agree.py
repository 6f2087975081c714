"""Asks for a typed yes: what comes next costs money, or cannot be taken back."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cockpit.sanitize import sanitize

YES = "yes"


class Agree(ModalScreen[bool]):
    """A question; only the whole word and Enter agree."""

    CSS_PATH = "agree.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "dismiss(False)", "no", show=False)]

    def __init__(self, title: str, question: str) -> None:
        super().__init__()
        self._title = title
        self._question = question

    def compose(self) -> ComposeResult:
        """Lay the question over the line to type in."""
        with Vertical() as box:
            box.border_title = self._title
            box.border_subtitle = "type yes and press Enter; Esc does not"
            yield Static(sanitize(self._question), markup=False)
            answer = Input(placeholder=YES, compact=True)
            answer.cursor_blink = False
            yield answer

    @on(Input.Submitted)
    def _answered(self, event: Input.Submitted) -> None:
        self.dismiss(event.value.strip().lower() == YES)
