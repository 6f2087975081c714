"""What a table shows of a thing: one list of fields, of which JSON, CSV, Markdown, text and panels are made.

A field is one line of the list, and stands in every form that it is meant for.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, tzinfo
from typing import Generic, TypeVar

from cockpit.plain import Cell, print_table

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class View:
    """Who looks when: what a text may depend on beside its thing."""

    now_ms: int = 0
    zone: tzinfo = UTC


@dataclass(frozen=True, slots=True)
class Field(Generic[T]):
    """One column."""

    name: str
    """Its key in JSON and its head in CSV; empty for what only people read."""
    value: Callable[[T], object]
    """Its value there: plain, a list, or a mapping, which is several columns in a flat table."""
    head: str | None = None
    """Its head in text; None where the text leaves it out."""
    text: Callable[[T, View], Cell] | None = None
    """What people read; None is the value."""
    right: bool = False
    """Aligned right: figures."""
    last: bool = False
    """It ends the line in text: long words."""
    width: int = 0
    """Cells it needs in a panel; 0: no panel shows it."""
    spare: int = 0
    """What goes first when a panel is narrow: the highest; 0 stays."""
    most: int = 0
    """Cells it takes in a panel when there is room to spare."""
    only_json: bool = False
    """A flat table leaves it out."""
    columns: tuple[str, ...] = ()
    """The keys of a mapping, which are columns of a flat table."""


def document(fields: Sequence[Field[T]], thing: T) -> dict[str, object]:
    """Return a thing as one JSON object."""
    return {field.name: field.value(thing) for field in fields if field.name}


def flat(fields: Sequence[Field[T]], thing: T) -> dict[str, Cell]:
    """Return a thing as one row of plain cells; lists are written with spaces, mappings are columns."""
    row: dict[str, Cell] = {}
    for field in fields:
        if not field.name or field.only_json:
            continue
        value = field.value(thing)
        if isinstance(value, Mapping):
            row |= {name: _plain(value.get(name)) for name in field.columns}
        else:
            row[field.name] = _plain(value)
    return row


def heads(fields: Sequence[Field[T]]) -> tuple[str, ...]:
    """Return the heads of a flat table."""
    named = (field for field in fields if field.name and not field.only_json)
    return tuple(head for field in named for head in field.columns or (field.name,))


def print_things(fields: Sequence[Field[T]], things: Sequence[T], view: View) -> None:
    """Write things as a text table."""
    shown = [field for field in _in_text(fields) if field.head is not None]
    rows = [[reading(field, thing, view) for field in shown] for thing in things]
    right = [field.head for field in shown if field.right and field.head]
    print_table([field.head or "" for field in shown], rows, right=right)


def reading(field: Field[T], thing: T, view: View) -> Cell:
    """Return what people read of a field."""
    return field.text(thing, view) if field.text else _plain(field.value(thing))


def moment(at_ms: int | None) -> str | None:
    """Return a moment in milliseconds since 1970 as ISO 8601 in UTC."""
    return None if at_ms is None else datetime.fromtimestamp(at_ms / 1000, UTC).isoformat()


def _in_text(fields: Sequence[Field[T]]) -> Iterator[Field[T]]:
    yield from (field for field in fields if not field.last)
    yield from (field for field in fields if field.last)


def _plain(value: object) -> Cell:
    if isinstance(value, list | tuple):
        return " ".join(str(_plain(one)) for one in value)
    return value if isinstance(value, str | int | float) or value is None else str(value)
