"""Where a prompt is typed. Enter sends it, a paste never does, and the arrows bring back earlier ones."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import BindingType
from textual.events import Key, Paste
from textual.widgets import TextArea

from cockpit.sanitize import sanitize
from cockpit.screens.runner.keys import PROMPT
from cockpit.screens.runner.messages import SubmitPrompt
from cockpit.ui.keys import bindings


class Prompt(TextArea):
    """A few lines of text."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(*PROMPT)]
    DEFAULT_CSS = """
    Prompt { scrollbar-size-vertical: 1; }
    """

    def __init__(self) -> None:
        super().__init__(
            soft_wrap=True, highlight_cursor_line=False, placeholder="Ask something, then press Enter"
        )
        self.cursor_blink = False
        self._history: list[str] = []
        self._shown = 0
        self._draft = ""

    def on_key(self, event: Key) -> None:
        """Keep Enter from the text: it is bound to sending."""
        if event.key == "enter":
            event.prevent_default()

    def on_paste(self, event: Paste) -> None:
        """Take a paste in as text, whatever control characters it carries; Enter is never among it."""
        event.prevent_default()
        event.stop()
        self.insert(sanitize(event.text.replace("\r\n", "\n").replace("\r", "\n")))

    def action_send(self) -> None:
        """Ask for an answer, if there is a question. The text stays until it was taken."""
        if self.text.strip():
            self.post_message(SubmitPrompt(self.text))

    def taken(self) -> None:
        """Clear the text, which was sent, and keep it for the arrows."""
        if self.text not in self._history[-1:]:
            self._history.append(self.text)
        self._shown = len(self._history)
        self.clear()

    def action_newline(self) -> None:
        """Start a new line."""
        self.insert("\n")

    def action_older(self) -> None:
        """Go up; from the first line to the prompt before."""
        if not self.navigator.is_first_wrapped_line(self.cursor_location):
            self.action_cursor_up()
        elif self._shown > 0:
            if self._shown == len(self._history):
                self._draft = self.text
            self._recall(self._shown - 1)

    def action_newer(self) -> None:
        """Go down; from the last line to the prompt after, at last to the one that was being typed."""
        if not self.navigator.is_last_wrapped_line(self.cursor_location):
            self.action_cursor_down()
        elif self._shown < len(self._history):
            self._recall(self._shown + 1)

    def _recall(self, index: int) -> None:
        self._shown = index
        self.text = self._history[index] if index < len(self._history) else self._draft
        self.move_cursor(self.document.end)
