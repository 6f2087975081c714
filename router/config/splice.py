"""Changes one entry of a YAML text and not a character beside it.

A library that reads YAML and writes it again keeps comments, but not columns that were aligned by hand; here
the parser only tells where things stand. Knows nothing of what the entries mean.

Works on texts that `positions.py` takes: without anchors and tags, no key twice, all keys text.
"""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from dataclasses import dataclass

import yaml

_PLAIN_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*")
_DURATION = re.compile(r"[0-9]+(ms|s|m|h|d)")
_BLOCK = ("|", ">")
_WORDS = frozenset({"true", "false", "null"})


def written(value: str | int) -> str:
    """Return a value as it is written: text in double quotes, unprintable characters as blanks."""
    if isinstance(value, int) or _DURATION.fullmatch(value):
        return str(value)
    return json.dumps("".join(c if c.isprintable() else " " for c in value), ensure_ascii=False)


def source(text: str, steps: Sequence[str]) -> str | None:
    """Return how the value at `steps` is written, or None when there is none."""
    way = _Way.to(text, steps)
    return None if way.rest else text[way.here.start_mark.index : _end(text, way.here)]


def put(text: str, steps: Sequence[str], value: str | None) -> str:
    """Return `text` with the value at `steps` written as `value`; None takes the entry away.

    A new entry comes last in its mapping, in the style of that mapping; mappings on the way that are missing
    are made. A mapping that loses its last entry goes with it. So taking away undoes putting, to the byte.
    """
    way = _Way.to(text, steps)
    if not way.rest:
        return _taken(text, way.entries) if value is None else _replaced(text, way.here, value)
    if value is None:
        return text
    return _added(text, way.here, _entry(way.rest, value))


@dataclass(frozen=True, slots=True)
class _Entry:
    """One `key: value` among the others of its mapping."""

    mapping: yaml.MappingNode
    number: int

    @property
    def key(self) -> yaml.Node:
        return self.mapping.value[self.number][0]  # type: ignore[no-any-return]

    @property
    def value(self) -> yaml.Node:
        return self.mapping.value[self.number][1]  # type: ignore[no-any-return]


@dataclass(frozen=True, slots=True)
class _Way:
    """The entries on the way to a value, as far as they are there."""

    entries: tuple[_Entry, ...]
    here: yaml.Node
    """Where the way ends."""
    rest: tuple[str, ...]
    """The steps that are missing."""

    @classmethod
    def to(cls, text: str, steps: Sequence[str]) -> _Way:
        # The pure Python loader: its marks count characters. An empty text is no configuration.
        here = yaml.compose(text, Loader=yaml.SafeLoader) or yaml.ScalarNode("", "")
        entries: list[_Entry] = []
        for step in steps:
            pairs = here.value if isinstance(here, yaml.MappingNode) else ()
            number = next((n for n, (key, _) in enumerate(pairs) if key.value == step), None)
            if number is None or not isinstance(here, yaml.MappingNode):
                break
            entries.append(_Entry(here, number))
            here = entries[-1].value
        return cls(tuple(entries), here, tuple(steps[len(entries) :]))


def _entry(steps: Sequence[str], value: str) -> str:
    """Write an entry; what stands more than one step deep goes into braces."""
    key, *rest = steps
    plain = _PLAIN_KEY.fullmatch(key) and key not in _WORDS
    inner = f"{{{_entry(rest, value)}}}" if rest else value
    return f"{key if plain else json.dumps(key, ensure_ascii=False)}: {inner}"


def _added(text: str, mapping: yaml.Node, entry: str) -> str:
    pairs = mapping.value
    if not pairs:
        return _insert(text, mapping.start_mark.index + 1, entry)
    at = _end(text, pairs[-1][1])
    if mapping.flow_style:  # type: ignore[attr-defined]
        return _insert(text, at, f", {entry}")
    indent = " " * pairs[0][0].start_mark.column
    return _insert(text, _line_end(text, at), f"{_newline(text)}{indent}{entry}")


def _replaced(text: str, node: yaml.Node, value: str) -> str:
    return text[: node.start_mark.index] + value + text[_end(text, node) :]


def _taken(text: str, entries: Sequence[_Entry]) -> str:
    last = entries[-1]
    pairs = last.mapping.value
    if len(pairs) == 1 and len(entries) > 1:
        return _taken(text, entries[:-1])
    start, end = last.key.start_mark.index, _end(text, last.value)
    if not last.mapping.flow_style:
        return _without_lines(text, start, end)
    if last.number + 1 < len(pairs):
        end = pairs[last.number + 1][0].start_mark.index
    elif last.number:
        start = _end(text, pairs[last.number - 1][1])
    return text[:start] + text[end:]


def _without_lines(text: str, start: int, end: int) -> str:
    """Take out the lines from `start` to `end`, with the line break before them where none follows."""
    start, end = text.rfind("\n", 0, start) + 1, _line_end(text, end)
    if end < len(text):
        return text[:start] + text[text.index("\n", end) + 1 :]
    return text[:start].removesuffix(_newline(text))


def _end(text: str, node: yaml.Node) -> int:
    """Return where the last character of a value is behind us; a block's own mark is past what follows it."""
    if isinstance(node, yaml.CollectionNode) and not node.flow_style and node.value:
        last = node.value[-1]
        return _end(text, last[1] if isinstance(last, tuple) else last)
    end: int = node.end_mark.index
    return len(text[:end].rstrip()) if isinstance(node, yaml.ScalarNode) and node.style in _BLOCK else end


def _line_end(text: str, at: int) -> int:
    """Return where the line of `at` ends, before its line break."""
    end = text.find("\n", at)
    return len(text) if end < 0 else end - (text[end - 1] == "\r")


def _newline(text: str) -> str:
    return "\r\n" if "\r\n" in text else "\n"


def _insert(text: str, at: int, piece: str) -> str:
    return text[:at] + piece + text[at:]
