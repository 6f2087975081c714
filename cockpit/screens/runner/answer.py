"""The answers, as plain text that grows at its end.

Every string is sanitised here, on its way in. A piece is wrapped together with the last line only, so that
a long answer costs no more per piece than a short one.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from rich.cells import get_character_cell_size
from rich.segment import Segment
from textual.binding import BindingType
from textual.events import Resize
from textual.geometry import Size
from textual.scroll_view import ScrollView
from textual.selection import Selection
from textual.strip import Strip

from cockpit.sanitize import sanitize
from cockpit.screens.runner.keys import ANSWER
from cockpit.ui.keys import bindings

TAB = 4
KEPT_BLOCKS = 200
"""Older ones are let go: about a day of prompts."""


@dataclass(slots=True)
class Block:
    """A stretch of text in one style; it begins on a line of its own."""

    style: str
    """`prompt`, `text`, `note` or `error`."""
    text: str


class Answer(ScrollView, can_focus=True):
    """Prompts and answers, oldest first; it follows the end unless it was scrolled away from it."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(*ANSWER)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {
        "answer--prompt",
        "answer--text",
        "answer--note",
        "answer--error",
    }
    DEFAULT_CSS = """
    Answer {
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        & > .answer--prompt { text-style: bold; }
        & > .answer--text { }
        & > .answer--note { color: $text-muted; }
        & > .answer--error { color: $text-error; }
    }
    """

    def __init__(self) -> None:
        super().__init__()
        self._blocks: list[Block] = []
        self._rows: list[tuple[str, str]] = []
        self._follows = True

    @property
    def last_text(self) -> str:
        """The last answer, sanitised; empty when there is none."""
        return next((block.text for block in reversed(self._blocks) if block.style == "text"), "")

    def follow(self) -> None:
        """Follow the end from now on."""
        self._follows = True

    def begin(self, style: str, text: str = "") -> None:
        """Start a block in a style; `grow` adds to one of `text`."""
        self._blocks = [*self._blocks[-KEPT_BLOCKS:], Block(style, sanitize(text))]
        if len(self._blocks) > KEPT_BLOCKS:
            self._wrap_all()
            return
        self._extend(len(self._rows), self._wrap(self._blocks[-1]))

    def grow(self, text: str) -> None:
        """Add to the answer; it goes on in a new block where something else was said since."""
        if not text:
            return
        if not self._blocks or self._blocks[-1].style != "text":
            self.begin("text")
        block = self._blocks[-1]
        _, last = self._rows[-1]
        block.text += sanitize(text)
        rows = wrap(sanitize(last + text), self._width)
        self._extend(len(self._rows) - 1, [(block.style, row) for row in rows])

    def watch_scroll_y(self, old_value: float, new_value: float) -> None:
        """Follow the end from now on if this is the end, stay here if it is not."""
        super().watch_scroll_y(old_value, new_value)
        self._follows = self.is_vertical_scroll_end

    def on_resize(self, event: Resize) -> None:
        """Wrap everything again when the width changed."""
        self._wrap_all()

    def render_line(self, y: int) -> Strip:
        """Render the row that is scrolled to line `y`."""
        index, width = y + self.scroll_offset.y, self.size.width
        if index >= len(self._rows):
            return Strip.blank(width, self.rich_style)
        name, row = self._rows[index]
        style = self.get_component_rich_style(f"answer--{name}")
        segments = [Segment(row, style)]
        if self.text_selection and (marked := self.text_selection.get_span(index)):
            start, end = marked[0], len(row) if marked[1] == -1 else marked[1]
            selected = style + self.screen.get_component_rich_style("screen--selection")
            segments = [
                Segment(row[:start], style),
                Segment(row[start:end], selected),
                Segment(row[end:], style),
            ]
        return Strip(segments).crop_extend(0, width, style).apply_offsets(0, index)

    def get_selection(self, selection: Selection) -> tuple[str, str] | None:
        """Return the selected text as it is shown."""
        return selection.extract("\n".join(row for _, row in self._rows)), "\n"

    def selection_updated(self, selection: Selection | None) -> None:
        """Repaint with the selection."""
        self.refresh()

    @property
    def _width(self) -> int:
        return max(1, self.scrollable_content_region.width)

    def _wrap(self, block: Block) -> list[tuple[str, str]]:
        return [(block.style, row) for row in wrap(sanitize(block.text), self._width)]

    def _wrap_all(self) -> None:
        rows = [row for block in self._blocks for row in self._wrap(block)]
        self._rows = []
        self._extend(0, rows)
        self.refresh()

    def _extend(self, start: int, rows: list[tuple[str, str]]) -> None:
        """Put `rows` in the place of everything from row `start` on."""
        before = len(self._rows)
        self._rows[start:] = rows
        self.refresh_lines(start, len(rows))
        if len(self._rows) != before:
            self.virtual_size = Size(0, len(self._rows))
            if self._follows:
                self.scroll_end(animate=False, immediate=True, force=True, x_axis=False)


def wrap(text: str, width: int) -> list[str]:
    """Return `text` in rows of at most `width` cells; at least one row, the last one open to more text.

    Breaks after spaces, which hang over the edge, and inside a word only where it is longer than a row.
    Wrapping the last row again together with what follows gives the same rows as wrapping the whole.
    """
    rows: list[str] = []
    row, cells, after_space = "", 0, 0
    for char in text:
        if char == "\n":
            rows.append(row)
            row, cells, after_space = "", 0, 0
            continue
        if char in " \t":
            gap = TAB - cells % TAB if char == "\t" else 1
            row, cells = row + " " * gap, cells + gap
            after_space = len(row)
            continue
        size = get_character_cell_size(char)
        while cells + size > width and row:
            cut = after_space or len(row)
            rows.append(row[:cut])
            row, after_space = row[cut:], 0
            cells = sum(map(get_character_cell_size, row))
        row, cells = row + char, cells + size
    return [*rows, row]
