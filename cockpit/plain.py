"""Plain output for pipes, dumb terminals and scripts: JSON and text tables, never an escape code."""

from __future__ import annotations

import json
from collections.abc import Sequence

import click

from cockpit.sanitize import one_line, sanitize

Cell = str | int | float | None


def print_json(document: object) -> None:
    """Write one JSON document to standard output."""
    click.echo(json.dumps(document, ensure_ascii=False, indent=2))


def print_table(head: Sequence[str], rows: Sequence[Sequence[Cell]], *, right: Sequence[str] = ()) -> None:
    """Write rows under their heads, two spaces apart; the columns named in `right` are aligned right."""
    texts = [["-" if cell is None else one_line(str(cell)) for cell in row] for row in rows]
    widths = [max(len(name), *(len(row[i]) for row in texts), 0) for i, name in enumerate(head)]
    for row in (list(head), *texts):
        cells = [
            cell.rjust(width) if name in right else cell.ljust(width)
            for cell, width, name in zip(row, widths, head, strict=True)
        ]
        click.echo("  ".join(cells).rstrip())


def markdown_table(head: Sequence[str], rows: Sequence[Sequence[Cell]], *, right: Sequence[str] = ()) -> str:
    """Return rows as a Markdown table; what would end a cell or a row early is escaped."""
    lines = [list(head), ["--:" if name in right else "---" for name in head]]
    lines += [["" if cell is None else _markdown_cell(str(cell)) for cell in row] for row in rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _markdown_cell(text: str) -> str:
    return " ".join(sanitize(text).split()).replace("\\", "\\\\").replace("|", "\\|")


def say(text: str) -> None:
    """Write a line for a person to standard error, where it never mixes with a document."""
    click.echo(sanitize(text), err=True)
