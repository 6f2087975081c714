"""The format of a route's `checks`: what an answer must pass before it is handed over.

Shapes and types, patterns compiled and JSON schemas read; that programs are allowed at all is asked in
`references.py`. What each check means is `core.checks.judge`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Annotated

from pydantic import Field, GetPydanticSchema, PlainValidator, model_validator
from pydantic_core import core_schema

from router.config.patterns import compile_pattern
from router.config.scalars import Seconds, wrong
from router.config.settings import Count, Section, Text
from router.core.json_schema.keywords import Json
from router.core.json_schema.schema import Schema, read_schema
from router.core.pattern import Pattern
from router.core.settings.checks import Check, CheckCommand, CheckKind

_NEEDS = {
    CheckKind.JSON_SCHEMA: ("schema", "schema: {type: object, required: [name]}"),
    CheckKind.REGEX: ("pattern", 'pattern: "^[0-9]+$"'),
    CheckKind.MIN_LENGTH: ("length", "length: 20"),
    CheckKind.MAX_LENGTH: ("length", "length: 4000"),
    CheckKind.COMMAND: ("run", "run: [python, check.py]"),
}
"""The one key that a kind needs, and an example of it."""

_COMMAND_TIMEOUT_S = 10.0


def _pattern(value: object) -> Pattern:
    if not isinstance(value, str) or not value:
        raise wrong('must be a regular expression in quotes: "^[0-9]+$"')
    try:
        return compile_pattern(value)
    except ValueError as error:
        raise wrong(str(error)) from None


def _schema(value: Json) -> Schema:
    try:
        return read_schema(value, compile_pattern)
    except ValueError as error:
        raise wrong(f"cannot be used: {error}") from None


_JsonSchema = Annotated[
    # Not a PlainValidator: that one would look into Schema, whose JSON has no end of types.
    Schema, GetPydanticSchema(lambda *_: core_schema.no_info_plain_validator_function(_schema))
]


class CheckSection(Section):
    """What an answer must pass before it is handed over: a kind by its name alone, or with what it needs."""

    kind: Annotated[CheckKind, Field(strict=False)]
    """`empty`, `cut`, `refusal`, `json`, `json_schema`, `regex`, `min_length`, `max_length` or `command`."""
    name: Text | None = None
    """What its pass rate is shown under; its kind when left out."""
    pattern: Annotated[Pattern, PlainValidator(_pattern)] | None = None
    """`regex`: what must occur in the answer; without look-around and back-references."""
    json_document: _JsonSchema | None = Field(default=None, alias="schema")
    """`json_schema`: the schema, written out here."""
    length: Count | None = None
    """`min_length`, `max_length`: characters."""
    run: Annotated[list[Text], Field(min_length=1)] | None = None
    """`command`: the program and its arguments, no shell; it reads the answer on its standard input."""
    timeout: Seconds | None = None
    """`command`: how long it may take; 10s when left out."""

    @model_validator(mode="before")
    @classmethod
    def _kind_alone(cls, value: object) -> object:
        return {"kind": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _fits_its_kind(self) -> CheckSection:
        needed, example = _NEEDS.get(self.kind, ("", ""))
        given = {
            "pattern": self.pattern,
            "schema": self.json_document,
            "length": self.length,
            "run": self.run,
            "timeout": self.timeout,
        }
        for key, value in given.items():
            may = key == needed or (key == "timeout" and self.kind is CheckKind.COMMAND)
            if value is not None and not may:
                raise wrong(f"is of kind {self.kind}, which has no `{key}`. Remove it")
        if needed and given[needed] is None:
            raise wrong(f"is of kind {self.kind} and lacks `{needed}`. Add it: {example}")
        return self


def checks_of(written: Sequence[CheckSection]) -> tuple[Check, ...]:
    """Return a route's checks as the engine knows them; those of one name are numbered from the second."""
    seen: Counter[str] = Counter()
    return tuple(_check(check, seen) for check in written)


def _check(written: CheckSection, seen: Counter[str]) -> Check:
    name = written.name or written.kind.value
    seen[name] += 1
    timeout_s = _COMMAND_TIMEOUT_S if written.timeout is None else written.timeout
    return Check(
        name=name if seen[name] == 1 else f"{name}/{seen[name]}",
        kind=written.kind,
        pattern=written.pattern,
        schema=written.json_document,
        length=written.length or 0,
        command=CheckCommand(tuple(written.run), timeout_s) if written.run else None,
    )
