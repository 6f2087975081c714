"""Help: the keys that work where it was asked for, found by typing."""

from __future__ import annotations

from typing import ClassVar

from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Vertical, VerticalScroll
from textual.content import Content
from textual.screen import ModalScreen
from textual.widgets import Input, Static

from cockpit.ui.tones import Tone

Line = tuple[str, str, str]
"""Keys, what they do, and where, which is not shown but found."""


class Help(ModalScreen[None]):
    """A list with a filter over it. The filter has the focus, so typing narrows the list at once."""

    CSS_PATH = "help.tcss"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("escape,f1,enter", "dismiss", "close", show=False),
        Binding("down,pagedown", "scroll(1)", "down", show=False),
        Binding("up,pageup", "scroll(-1)", "up", show=False),
    ]

    def __init__(self, lines: tuple[Line, ...]) -> None:
        super().__init__()
        self._lines = lines

    def compose(self) -> ComposeResult:
        """Lay the filter over the list."""
        with Vertical() as box:
            box.border_title = "Keys that work here"
            box.border_subtitle = "type to filter, Esc closes"
            found = Input(placeholder="filter", compact=True)
            found.cursor_blink = False
            yield found
            with VerticalScroll(can_focus=False):
                yield Static(listing(self._lines, ""), markup=False)

    @on(Input.Changed)
    def _filter(self, event: Input.Changed) -> None:
        self.query_one(Static).update(listing(self._lines, event.value))

    @on(Input.Submitted)
    def _close(self) -> None:
        self.dismiss()

    def action_scroll(self, pages: int) -> None:
        """Move the list."""
        scroll = self.query_one(VerticalScroll)
        scroll.scroll_relative(y=pages * max(1, scroll.size.height - 1), animate=False)


def listing(lines: tuple[Line, ...], wanted: str) -> Content:
    """Return the lines in which every word of `wanted` stands."""
    words = wanted.casefold().split()
    found = [line for line in lines if all(word in " ".join(line).casefold() for word in words)]
    if not found:
        return Content.styled("no key does that here", Tone.MUTED.value)
    width = max(len(keys) for keys, _, _ in found)
    return Content("\n").join(
        Content.assemble((keys.ljust(width), Tone.ACCENT.value), f"  {text}") for keys, text, _ in found
    )
