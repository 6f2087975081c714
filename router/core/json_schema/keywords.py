"""Which JSON Schema keywords we know, what each must look like, and where its `$ref`s lead.

Reads a schema once, when a configuration is loaded. What a keyword means for a value is `json_schema.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import TypeAlias, TypeGuard

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"
Node: TypeAlias = "bool | dict[str, Json]"
"""A schema: keywords, or true (anything) or false (nothing)."""
TYPES = ("null", "boolean", "integer", "number", "string", "array", "object")
BRANCHES = ("anyOf", "oneOf", "allOf", "not")
NOTES = frozenset(
    {"$schema", "$id", "$comment", "title", "description", "default", "examples", "deprecated"}
    | {"readOnly", "writeOnly", "format"}
)
"""Keywords that demand nothing of a value; `format` is a note too, as the standard has it."""


def is_object(value: Json) -> TypeGuard[dict[str, Json]]:
    """Tell whether a JSON value is an object."""
    return isinstance(value, dict)


def _is_node(value: Json) -> bool:
    return isinstance(value, bool | dict)


def _is_count(value: Json) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


def _is_number(value: Json) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_names(value: Json) -> bool:
    return isinstance(value, list) and all(isinstance(name, str) for name in value)


def _is_types(value: Json) -> bool:
    names = value if isinstance(value, list) else [value]
    return bool(names) and all(name in TYPES for name in names)


def _is_branches(value: Json) -> bool:
    return isinstance(value, list) and bool(value) and all(_is_node(branch) for branch in value)


def _is_properties(value: Json) -> bool:
    return is_object(value) and all(_is_node(inner) for inner in value.values())


_Shape: TypeAlias = "tuple[Callable[[Json], bool], str]"
_NODE: _Shape = (_is_node, "a schema")
_COUNT: _Shape = (_is_count, "a whole number from 0")
_NUMBER: _Shape = (_is_number, "a number")
_BRANCHES: _Shape = (_is_branches, "a list of schemas")
_TEXT: _Shape = (lambda value: isinstance(value, str), "text")
_PROPERTIES: _Shape = (_is_properties, "a mapping of names to schemas")
SHAPES: Mapping[str, _Shape] = {
    "type": (_is_types, f"one or a list of {', '.join(TYPES)}"),
    "enum": (lambda value: isinstance(value, list) and bool(value), "a list of values"),
    "const": (lambda _: True, "a value"),
    "required": (_is_names, "a list of names"),
    "properties": _PROPERTIES,
    "$defs": _PROPERTIES,
    "definitions": _PROPERTIES,
    "additionalProperties": _NODE,
    "items": (_is_node, "one schema for all items"),
    "pattern": _TEXT,
    "$ref": _TEXT,
    "not": _NODE,
    **dict.fromkeys(("anyOf", "oneOf", "allOf"), _BRANCHES),
    **dict.fromkeys(("minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"), _NUMBER),
    **dict.fromkeys(("minLength", "maxLength", "minItems", "maxItems"), _COUNT),
    **dict.fromkeys(("minProperties", "maxProperties"), _COUNT),
    "uniqueItems": (lambda value: isinstance(value, bool), "true or false"),
}
"""Every keyword that is read, with what it must look like."""


def read(document: Node) -> list[str]:
    """Check a whole schema; return the text of every `pattern` in it. Raises ValueError."""
    patterns: list[str] = []
    for node, at in _nodes(document, "schema"):
        for keyword, wanted in node.items():
            _check(keyword, wanted, at)
        if "pattern" in node:
            patterns.append(str(node["pattern"]))
        _follow(document, node, at)
    return patterns


def find(document: Node, reference: str) -> Node:
    """Return what a `$ref` names. Raises ValueError for what is not in this schema."""
    if reference != "#" and not reference.startswith("#/"):
        raise ValueError(
            f"`$ref: {reference}` leads outside; only places in the same schema, `#/…`, are read"
        )
    here: Json = document
    for step in reference.split("/")[1:]:
        name = step.replace("~1", "/").replace("~0", "~")
        if is_object(here) and name in here:
            here = here[name]
        elif isinstance(here, list) and name.isdecimal() and int(name) < len(here):
            here = here[int(name)]
        else:
            raise ValueError(f"`$ref: {reference}` leads nowhere; nothing is called `{name}` there")
    if isinstance(here, bool | dict):
        return here
    raise ValueError(f"`$ref: {reference}` leads to something that is no schema")


def _check(keyword: str, wanted: Json, at: str) -> None:
    if keyword in SHAPES:
        fits, words = SHAPES[keyword]
        if not fits(wanted):
            raise ValueError(f"{at}: `{keyword}` must be {words}")
    elif keyword not in NOTES:
        raise ValueError(f"{at}: `{keyword}` is not supported. Known keywords: {', '.join(SHAPES)}")


def _nodes(node: Json, at: str) -> Iterator[tuple[dict[str, Json], str]]:
    """Go through a schema and all schemas in it."""
    if not is_object(node):
        return
    yield node, at
    for keyword in ("properties", "$defs", "definitions"):
        inner = node.get(keyword)
        for name, schema in inner.items() if is_object(inner) else ():
            yield from _nodes(schema, f"{at}.{keyword}.{name}")
    for keyword in ("items", "additionalProperties", "not"):
        yield from _nodes(node.get(keyword), f"{at}.{keyword}")
    for keyword in ("anyOf", "oneOf", "allOf"):
        branches = node.get(keyword)
        for number, branch in enumerate(branches if isinstance(branches, list) else ()):
            yield from _nodes(branch, f"{at}.{keyword}[{number}]")


def _follow(document: Node, start: Node, at: str) -> None:
    """Find a `$ref` that comes back to where it began without going into the value: it would never end."""
    seen: set[int] = set()
    waiting: list[Node] = [start]
    while waiting:
        node = waiting.pop()
        if not is_object(node):
            continue
        for after in _beside(document, node):
            if after is start:
                raise ValueError(f"{at}: its `$ref`s go in a circle")
            if id(after) not in seen:
                seen.add(id(after))
                waiting.append(after)


def _beside(document: Node, node: Mapping[str, Json]) -> Iterator[Node]:
    """Return the schemas that the same value is held against next."""
    if isinstance(node.get("$ref"), str):
        yield find(document, str(node["$ref"]))
    for keyword in BRANCHES:
        wanted = node.get(keyword)
        for branch in wanted if isinstance(wanted, list) else [wanted]:
            if isinstance(branch, bool | dict):
                yield branch
