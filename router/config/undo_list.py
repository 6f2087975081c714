"""The changes of a configuration that can be taken back, newest last, in a file beside it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from router.core.settings.edits import Change
from router.errors import ConfigError, Problem

KEPT = 20
"""Older changes are forgotten: who wants to go back further has a history of the file."""


@dataclass(frozen=True, slots=True)
class Made:
    """A change that was made."""

    title: str
    changes: tuple[Change, ...]


def beside(path: Path) -> Path:
    """Return where the list of the configuration at `path` is kept."""
    return path.with_name(path.name + ".undo")


def newest(path: Path) -> Made | None:
    """Return the change to take back first. Raises ConfigError for a list that cannot be read."""
    return next(reversed(read(path)), None)


def read(path: Path) -> list[Made]:
    """Return all changes that are kept, none where there is no list. Raises ConfigError."""
    place = beside(path)
    try:
        return [
            Made(one["title"], tuple(Change(tuple(c["steps"]), c["was"], c["now"]) for c in one["changes"]))
            for one in json.loads(place.read_text(encoding="utf-8"))
        ]
    except FileNotFoundError:
        return []
    except (OSError, ValueError, LookupError, TypeError):
        message = "the list of changes to undo cannot be read. Remove it; undo by hand what is in it"
        raise ConfigError([Problem(str(place), 0, 0, message)]) from None


def written(made: Sequence[Made]) -> str:
    """Return the text of a list, the oldest forgotten."""
    return json.dumps([asdict(one) for one in made[-KEPT:]], ensure_ascii=False, indent=1) + "\n"
