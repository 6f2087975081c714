"""YAML text as plain values, with the place of every key and value.

Owns the dialect that our files are written in: YAML's shapes with JSON's scalars. `no`, `12:30:45`, `1.10`
and `2026-11-20` stay text: a number is read only where it prints back as it was written. Anchors, aliases,
merge keys, tags and keys given twice are refused. Knows nothing of what the values mean; themes are read here
too.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn, TypeAlias

import yaml

from router.errors import ConfigError, Problem

Plain: TypeAlias = "bool | int | float | str | list[Plain] | dict[str, Plain] | None"

Steps: TypeAlias = tuple[str | int, ...]
"""The way from the top to a value: keys of mappings and numbers of list items."""


MAX_DEPTH = 20

MAX_BYTES = 1 << 20

MAX_PROBLEMS = 100
"""Where reading stops: nobody mends more at once, and a hostile file could hold a million."""


_FAST_LOADER: type[yaml.CSafeLoader | yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_INTEGER = re.compile(r"-?[0-9]{1,30}")

_FRACTION = re.compile(r"-?[0-9]{1,30}\.[0-9]{1,30}([eE][-+]?[0-9]{1,3})?")

_WORDS: Mapping[str, Plain] = {"": None, "~": None, "null": None, "true": True, "false": False}


@dataclass(frozen=True, slots=True)
class SourcePosition:
    """Where something stands, both from 1."""

    line: int
    column: int
    path: str | None = None
    """The file, where it is not the document's own."""


@dataclass(frozen=True, slots=True)
class Document:
    """One file, read."""

    path: str
    value: Plain
    """None for a file that says nothing."""
    keys: Mapping[Steps, SourcePosition]
    """Where the key of a mapping's entry stands."""
    values: Mapping[Steps, SourcePosition]
    problems: tuple[Problem, ...] = ()
    """What YAML allows and we do not: keys given twice, aliases, tags. What they stand at is left out."""

    def problem(self, steps: Steps, message: str, *, at_key: bool = False) -> Problem:
        """Return a problem placed at a value, at its key, or at the nearest thing above that the file has."""
        at_name = self.keys.get(steps) if at_key else None  # the items of a list have none
        place = at_name or self.values.get(steps) or self.place(steps[:-1])
        return Problem(place.path or self.path, place.line, place.column, message)

    def place(self, steps: Steps) -> SourcePosition:
        """Return where an entry stands, or the nearest thing above it that the file has."""
        while steps:
            place = self.keys.get(steps) or self.values.get(steps)
            if place:
                return place
            steps = steps[:-1]
        return self.values.get((), SourcePosition(1, 1))


def read(path: Path) -> Document:
    """Read a file. Raises ConfigError when it cannot be opened, is too big, is not UTF-8 or not YAML."""
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        reason = (error.strerror or "cannot be read").lower()
        _refuse(str(path), None, f"{reason}. Check the path and who may read it")
    if len(data) > MAX_BYTES:
        _refuse(str(path), None, "is larger than 1 MiB, too big for a file of settings")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line_start = data.rfind(b"\n", 0, error.start) + 1
        place = SourcePosition(data.count(b"\n", 0, error.start) + 1, error.start - line_start + 1)
        _refuse(str(path), place, "these bytes are not UTF-8 text. Save the file as UTF-8")
    return parse(text, str(path))


def parse(text: str, path: str) -> Document:
    """Read YAML text; `path` names it in problems. Raises ConfigError for what is not YAML at all."""
    try:
        return _Builder(path).document(yaml.parse(text, Loader=_FAST_LOADER))
    except yaml.YAMLError as error:
        _refuse(path, *_syntax_error(text, error))


def _syntax_error(text: str, error: yaml.YAMLError) -> tuple[SourcePosition | None, str]:
    """Return where and what. The text is read again by the slower parser, whose words are the better ones."""
    try:
        for _ in yaml.parse(text, Loader=yaml.SafeLoader):
            pass
    except yaml.YAMLError as again:
        error = again
    if isinstance(error, yaml.reader.ReaderError):
        line_start = text.rfind("\n", 0, error.position) + 1
        place = SourcePosition(text.count("\n", 0, error.position) + 1, error.position - line_start + 1)
        return place, "a control character stands here. Remove it"
    if not isinstance(error, yaml.MarkedYAMLError) or error.problem_mark is None:
        return None, "this is not YAML"
    place = SourcePosition(error.problem_mark.line + 1, error.problem_mark.column + 1)
    what = error.problem or "it cannot be read"
    if "'\\t'" in what:
        return place, "a tab stands where spaces belong. YAML is indented with spaces only"
    return place, f"this is not YAML: {what}. Check quotes, brackets and indentation here and just above"


def _refuse(path: str, place: SourcePosition | None, message: str) -> NoReturn:
    line, column = (place.line, place.column) if place else (0, 0)
    raise ConfigError([Problem(path, line, column, message)]) from None


class _Builder:
    """Builds values from the parser's events, so that nothing is expanded and nothing nests too deep."""

    def __init__(self, path: str) -> None:
        self._path = path
        self._keys: dict[Steps, SourcePosition] = {}
        self._values: dict[Steps, SourcePosition] = {}
        self._problems: list[Problem] = []

    def document(self, events: Iterator[yaml.Event]) -> Document:
        value: Plain = None
        documents = 0
        for event in events:
            if isinstance(event, yaml.DocumentStartEvent):
                documents += 1
                if documents > 1:
                    _refuse(self._path, _place(event), "a second document starts here. One file holds one")
            elif isinstance(event, yaml.NodeEvent):
                value = self._value(event, events, ())
        return Document(self._path, value, self._keys, self._values, tuple(self._problems))

    def _value(self, event: yaml.Event, events: Iterator[yaml.Event], steps: Steps) -> Plain:
        self._values[steps] = _place(event)
        if len(steps) > MAX_DEPTH:
            _refuse(self._path, _place(event), f"nested more than {MAX_DEPTH} deep. No setting goes that far")
        self._check_marks(event)
        match event:
            case yaml.ScalarEvent():
                return _scalar(event.value) if event.implicit[0] else str(event.value)
            case yaml.SequenceStartEvent():
                return self._list(events, steps)
            case yaml.MappingStartEvent():
                return self._mapping(events, steps)
            case _:
                return None

    def _list(self, events: Iterator[yaml.Event], steps: Steps) -> list[Plain]:
        items: list[Plain] = []
        while not isinstance(event := next(events), yaml.SequenceEndEvent):
            item = self._value(event, events, (*steps, len(items)))
            if not isinstance(event, yaml.AliasEvent):
                items.append(item)
        return items

    def _mapping(self, events: Iterator[yaml.Event], steps: Steps) -> dict[str, Plain]:
        entries: dict[str, Plain] = {}
        while not isinstance(key := next(events), yaml.MappingEndEvent):
            name = self._key(key, events, steps)
            event = next(events)
            if name is None:
                _Builder(self._path)._value(event, events, steps)  # read past it
                continue
            self._keys[(*steps, name)] = _place(key)
            value = self._value(event, events, (*steps, name))
            if not isinstance(event, yaml.AliasEvent):
                entries[name] = value
        return entries

    def _key(self, event: yaml.Event, events: Iterator[yaml.Event], steps: Steps) -> str | None:
        """Return the key, or None for one that cannot be used."""
        self._check_marks(event)
        if not isinstance(event, yaml.ScalarEvent):
            self._problem(event, "a key must be text. Put it in quotes")
            _Builder(self._path)._value(event, events, steps)
            return None
        name = str(event.value)
        first = self._keys.get((*steps, name))
        if first is not None:
            self._problem(event, f"`{name}` is here twice, first on line {first.line}. Keep one of them")
        elif event.implicit[0] and name == "<<":
            self._problem(event, "`<<` merges another mapping. Write its entries out here")
        elif event.implicit[0] and not isinstance(_scalar(name), str):
            self._problem(event, f'a key must be text. Put it in quotes: "{name}"')
        else:
            return name
        return None

    def _check_marks(self, event: yaml.Event) -> None:
        match event:
            case yaml.AliasEvent():
                self._problem(event, f"`*{event.anchor}` repeats another value. Write the value out here")
            case yaml.NodeEvent(anchor=str(name)):
                self._problem(
                    event, f"`&{name}` names a value for reuse. Write values out where they are used"
                )
            case yaml.ScalarEvent(tag=str()) | yaml.CollectionStartEvent(tag=str()):
                self._problem(event, "a tag (`!`) gives a value a type of its own. Remove it")
            case _:
                pass

    def _problem(self, event: yaml.Event, message: str) -> None:
        place = _place(event)
        self._problems.append(Problem(self._path, place.line, place.column, message))
        if len(self._problems) == MAX_PROBLEMS:
            raise ConfigError(self._problems)


def _place(event: yaml.Event) -> SourcePosition:
    mark = event.start_mark
    return SourcePosition(mark.line + 1, mark.column + 1) if mark else SourcePosition(1, 1)


def _scalar(text: str) -> Plain:
    """Read an unquoted scalar: null, true, false, or a number that loses nothing; all else is text."""
    if text in _WORDS:
        return _WORDS[text]
    if _INTEGER.fullmatch(text):
        return int(text) if str(int(text)) == text else text
    if _FRACTION.fullmatch(text):
        return float(text) if repr(float(text)) == text else text
    return text
