"""A list of rows under one line of heads, with a cursor: what tier table and live calls have in common.

Paints only the lines that changed, drops whole columns where it is narrow, and keeps the cursor on its row
while newer rows come in above. It shows what it is given and knows nothing of calls or tiers.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from textual.binding import BindingType
from textual.content import Content
from textual.events import Blur, Click, Focus, Resize
from textual.geometry import Size
from textual.message import Message
from textual.reactive import reactive
from textual.scroll_view import ScrollView
from textual.strip import Strip
from textual.visual import Visual

from cockpit.tables.field import Field
from cockpit.ui.columns import Column, fit, place
from cockpit.ui.keys import LIST, bindings
from cockpit.ui.tones import Part, Tone

MARK = "›"


@dataclass(frozen=True, slots=True)
class Row:
    """One line: a cell per column, already sanitised."""

    key: str
    """What the row is about; the cursor stays with it."""
    cells: tuple[Part, ...]


def column_of(one: Field[Any]) -> Column:
    """Return a field of a thing as a column of a panel."""
    return Column(one.head or "", one.width, one.spare, one.right, one.most)


class Table(ScrollView, can_focus=True):
    """Rows under heads. The first row is the newest: a cursor there stays there."""

    BINDINGS: ClassVar[list[BindingType]] = [*bindings(*LIST)]
    COMPONENT_CLASSES: ClassVar[set[str]] = {"table--head", "table--cursor"}
    DEFAULT_CSS = """
    Table {
        overflow-x: hidden;
        scrollbar-size-vertical: 1;
        scrollbar-gutter: stable;
        & > .table--head { color: $text-muted; text-style: bold; }
        & > .table--cursor { background: $block-cursor-background; color: $block-cursor-foreground; }
    }
    """

    rows: reactive[tuple[Row, ...]] = reactive((), repaint=False, init=False)
    """What is shown, in order."""

    @dataclass
    class Opened(Message):
        """The user wants to see more of a row."""

        table: Table
        key: str

        @property
        def control(self) -> Table:
            """The table the row is in."""
            return self.table

    @dataclass
    class Moved(Message):
        """The cursor is on another row."""

        table: Table
        key: str

        @property
        def control(self) -> Table:
            """The table the row is in."""
            return self.table

    def __init__(self, columns: Sequence[Column], *, empty: str) -> None:
        super().__init__()
        self._columns = tuple(columns)
        self._empty = empty
        self._widths: dict[int, int] = {}
        self._cursor_key: str | None = None

    @property
    def cursor(self) -> int:
        """The index of the row the cursor is on; 0 when it follows the newest or its row is gone."""
        return next((i for i, row in enumerate(self.rows) if row.key == self._cursor_key), 0)

    @property
    def words_at_cursor(self) -> str:
        """The last cell of the row the cursor is on: the one that is cut first."""
        return self.rows[self.cursor].cells[-1][0] if self.rows else ""

    @property
    def cursor_key(self) -> str | None:
        """The key of the row the cursor is on; None when there is no row."""
        return self.rows[self.cursor].key if self.rows else None

    def watch_rows(self, old: tuple[Row, ...], new: tuple[Row, ...]) -> None:
        """Repaint what differs."""
        if len(old) != len(new):
            self.virtual_size = Size(0, len(new) + 1)
            self.refresh()
            return
        for index, (before, after) in enumerate(zip(old, new, strict=True)):
            if before != after:
                self.refresh_line(index + 1)

    def on_resize(self, event: Resize) -> None:
        """Choose the columns for the new width."""
        self._widths = fit(self._columns, self.scrollable_content_region.width - 1)
        self.refresh()

    def on_focus(self, event: Focus) -> None:
        """Show the cursor."""
        self.refresh_line(self.cursor + 1)

    def on_blur(self, event: Blur) -> None:
        """Hide the cursor."""
        self.refresh_line(self.cursor + 1)

    def on_click(self, event: Click) -> None:
        """Put the cursor where the mouse is; a second click opens the row."""
        offset = event.get_content_offset(self)
        if offset is None or offset.y == 0:
            return
        index = offset.y - 1 + self.scroll_offset.y
        if index < len(self.rows):
            self.action_jump(index)
            if event.chain > 1:
                self.action_open()

    def render_line(self, y: int) -> Strip:
        """Render the heads, or the row that is scrolled to line `y`."""
        index = y - 1 + self.scroll_offset.y
        if y == 0:
            heads = tuple((column.head, Tone.PLAIN) for column in self._columns)
            return self._strip(heads, "table--head")
        if index < len(self.rows):
            component = "table--cursor" if self.has_focus and index == self.cursor else None
            return self._strip(self.rows[index].cells, component)
        hint = Content(f" {self._empty}" if not self.rows and y == 1 else "")
        return self._paint(hint.stylize(Tone.MUTED.value), None)

    def _strip(self, cells: tuple[Part, ...], component: str | None) -> Strip:
        at_cursor = component == "table--cursor"
        parts: list[Part] = [(MARK if at_cursor else " ", Tone.PLAIN)]
        for index, width in self._widths.items():
            if len(parts) > 1:
                parts.append((" ", Tone.PLAIN))
            text, tone = cells[index]
            parts.append(
                (place(text, width, right=self._columns[index].right), Tone.PLAIN if at_cursor else tone)
            )
        return self._paint(Content.assemble(*((text, tone.value) for text, tone in parts)), component)

    def _paint(self, content: Content, component: str | None) -> Strip:
        width = self.size.width
        style = self.visual_style
        if component:
            style += self.get_visual_style(component)
        strips = Visual.to_strips(self, content, width, 1, style, apply_selection=False)
        return (strips[0] if strips else Strip([])).crop_extend(0, width, style.rich_style)

    def action_move(self, by: int) -> None:
        """Move the cursor by some rows."""
        self.action_jump(max(0, min(self.cursor + by, len(self.rows) - 1)))

    def action_page(self, by: int) -> None:
        """Move the cursor by pages."""
        self.action_move(by * max(1, self.size.height - 2))

    def action_jump(self, index: int) -> None:
        """Move the cursor to a row; on the first it follows the newest from now on."""
        if not self.rows:
            return
        old, new = self.cursor, range(len(self.rows))[index]
        self._cursor_key = self.rows[new].key if new else None
        self.refresh_line(old + 1)
        self.refresh_line(new + 1)
        if not self.scroll_offset.y <= new < self.scroll_offset.y + self.size.height - 1:
            above = new < self.scroll_offset.y
            self.scroll_to(y=new if above else new - self.size.height + 2, animate=False, immediate=True)
        self.post_message(self.Moved(self, self.rows[new].key))

    def action_open(self) -> None:
        """Ask for the details of the row under the cursor."""
        if self.rows:
            self.post_message(self.Opened(self, self.rows[self.cursor].key))
