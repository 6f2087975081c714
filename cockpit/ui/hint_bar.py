"""The line below everything: the few keys that matter now."""

from __future__ import annotations

from collections.abc import Sequence

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.sanitize import one_line
from cockpit.ui.keys import HintLine, Key, hint_line
from cockpit.ui.tones import Tone


class HintBar(Widget):
    """Keys and what they do; those that do not fit are left out whole."""

    DEFAULT_CSS = """
    HintBar { height: 1; background: $footer-background; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    line: reactive[HintLine] = reactive(HintLine())
    """The keys that matter now."""
    say: reactive[str] = reactive("")
    """A sentence that stands in for the keys; cut at the edge, with a `…`."""

    def __init__(self, table: Sequence[Key]) -> None:
        """`table` has every key of the cockpit."""
        super().__init__()
        self._table = table

    def render(self) -> Content:
        """Render the sentence or the keys."""
        if self.say:
            return Content.styled(f" {one_line(self.say)} ", Tone.WARN.value)
        return Content.assemble(
            *(
                part
                for key, text in hint_line(self.line, self._table, self.size.width)
                for part in (
                    " ",
                    (key, "bold $footer-key-foreground"),
                    (f" {text} ", "$footer-description-foreground"),
                )
            )
        )
