"""What the configuration's file would become, line by line; Enter writes it."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Static

from cockpit.sanitize import one_line, sanitize
from cockpit.ui.tones import Tone
from router.core.settings.edits import Proposal

_TONES = {"+": Tone.GOOD, "-": Tone.BAD, "@": Tone.MUTED}


class Difference(ModalScreen[bool]):
    """A proposal, to agree to or not."""

    CSS_PATH = "difference.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("enter", "dismiss(True)", "write", show=False),
        Binding("escape,q", "dismiss(False)", "leave", show=False),
        Binding("j", "move(1)", "down", show=False),
        Binding("k", "move(-1)", "up", show=False),
    ]

    def __init__(self, proposal: Proposal) -> None:
        super().__init__()
        self._proposal = proposal

    def compose(self) -> ComposeResult:
        """Lay the difference out."""
        with VerticalScroll() as box:
            box.border_title = one_line(self._proposal.title)
            box.border_subtitle = "Enter writes it, Esc leaves the file as it is"
            yield Static(coloured(self._proposal.diff), markup=False)

    def action_move(self, by: int) -> None:
        """Move the text."""
        self.query_one(VerticalScroll).scroll_relative(y=by, animate=False)


def coloured(diff: str) -> Content:
    """Return a unified diff with its sides told apart by tone as well as by sign."""
    lines = sanitize(diff).splitlines()
    return Content("\n").join(Content.styled(line, _TONES.get(line[:1], Tone.PLAIN).value) for line in lines)
