"""The line below everything: the few keys that matter now."""

from __future__ import annotations

from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.sanitize import one_line
from cockpit.ui.keys import hint_line
from cockpit.ui.tones import Tone


class HintBar(Widget):
    """Keys and what they do; those that do not fit are left out whole."""

    DEFAULT_CSS = """
    HintBar { height: 1; background: $footer-background; text-wrap: nowrap; text-overflow: ellipsis; }
    """

    situation: reactive[str] = reactive("dashboard")
    """A name in `keys.HINTS`."""
    say: reactive[str] = reactive("")
    """A sentence that stands in for the keys; cut at the edge, with a `…`."""

    def render(self) -> Content:
        """Render the sentence or the keys."""
        if self.say:
            return Content.styled(f" {one_line(self.say)} ", Tone.WARN.value)
        return Content.assemble(
            *(
                part
                for key, text in hint_line(self.situation, self.size.width)
                for part in (
                    " ",
                    (key, "bold $footer-key-foreground"),
                    (f" {text} ", "$footer-description-foreground"),
                )
            )
        )
