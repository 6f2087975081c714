"""What an answer must pass, as the configuration says it. What a check finds is `core/checks`."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

from router.core.json_schema.schema import Schema
from router.core.pattern import Pattern


class CheckKind(StrEnum):
    """What a check looks at."""

    EMPTY = "empty"
    CUT = "cut"
    REFUSAL = "refusal"
    JSON = "json"
    JSON_SCHEMA = "json_schema"
    REGEX = "regex"
    MIN_LENGTH = "min_length"
    MAX_LENGTH = "max_length"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class CheckCommand:
    """A program of the user's own that judges an answer."""

    run: tuple[str, ...]
    """The program and its arguments; no shell. It reads the answer on its standard input."""
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a route; of the values after `kind` it has the one that its kind needs."""

    name: str
    """What its pass rate is kept under; unique in its route."""
    kind: CheckKind
    pattern: Pattern | None = None
    schema: Schema | None = None
    length: int = 0
    """In characters."""
    command: CheckCommand | None = None
