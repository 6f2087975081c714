"""How wide a table's columns are at a given width: whole columns go before a figure would be cut."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.cells import cell_len, set_cell_size


@dataclass(frozen=True, slots=True)
class Column:
    """One column of a table."""

    head: str
    width: int
    """Cells it needs: all of a figure, the least of a text."""
    spare: int = 0
    """What goes first when the table is narrow: the highest; 0 stays."""
    right: bool = False
    most: int = 0
    """Cells it takes when there is room to spare; 0 is no more than it needs."""


def fit(columns: Sequence[Column], width: int, gap: int = 1) -> dict[int, int]:
    """Return the shown columns' widths by index, in order, together with gaps at most `width` cells.

    Columns are dropped by `spare`, the later of two equals first; those with `spare` 0 stay at any width.
    What is left over goes to the columns that take more, evenly, each up to its `most`.
    """
    shown = list(range(len(columns)))

    def left() -> int:
        return width - sum(columns[i].width for i in shown) - gap * (len(shown) - 1)

    while left() < 0 and any(columns[i].spare for i in shown):
        shown.remove(max(shown, key=lambda i: (columns[i].spare, i)))
    widths = {i: columns[i].width for i in shown}
    extra = max(0, left())
    hungry = sorted((i for i in shown if columns[i].most), key=lambda i: columns[i].most - columns[i].width)
    for place_in_line, i in enumerate(hungry):
        more = min(columns[i].most - columns[i].width, extra // (len(hungry) - place_in_line))
        widths[i] += more
        extra -= more
    return widths


def place(text: str, width: int, *, right: bool = False) -> str:
    """Return `text` in exactly `width` cells; a longer one ends in `…`."""
    length = cell_len(text)
    if length > width:
        return set_cell_size(text, width - 1) + "…" if width else ""
    return " " * (width - length) + text if right else text + " " * (width - length)
