"""The line above everything: which screen this is, what today has cost, what time it is and where."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from textual.content import Content
from textual.reactive import reactive
from textual.widget import Widget

from cockpit.ui.tones import Part, Tone


class TopLine(Widget):
    """Tabs to the left, the day to the right."""

    DEFAULT_CSS = """
    TopLine { height: 1; background: $panel; text-wrap: nowrap; }
    """

    current: reactive[str] = reactive("")
    """The id of the screen that is shown."""
    today: reactive[str] = reactive("")
    """Today's spend in words."""
    note: reactive[str] = reactive("")
    """What is out of the ordinary: `PAUSED`, `ledger not readable`."""
    clock: reactive[str] = reactive("")
    """The time and its zone."""

    def __init__(self, names: Sequence[tuple[str, str]]) -> None:
        """`names` has each screen's id and what its tab says, its digit first."""
        super().__init__()
        self._names = names

    def render(self) -> Content:
        """Render both ends; the other screens keep their digits only where it is narrow."""
        right: list[Part] = [
            (f"{self.note}  " if self.note else "", Tone.WARN),
            (f"today {self.today}" if self.today else "", Tone.STRONG),
            (f"  {self.clock} ", Tone.MUTED),
        ]
        taken = sum(cell_len(text) for text, _ in right)
        parts = self._tabs(brief=False)
        if sum(cell_len(text) for text, _ in parts) + taken >= self.size.width:
            parts = self._tabs(brief=True)
        used = taken + sum(cell_len(text) for text, _ in parts)
        parts += [(" " * max(1, self.size.width - used), Tone.PLAIN), *right]
        return Content.assemble(*((text, tone.value) for text, tone in parts))

    def _tabs(self, *, brief: bool) -> list[Part]:
        parts: list[Part] = [(" ", Tone.PLAIN)]
        for name, text in self._names:
            if name == self.current:
                parts.append((f"[{text}]", Tone.STRONG))
            else:
                parts.append((f" {text[0] if brief else text} ", Tone.MUTED))
        return parts
