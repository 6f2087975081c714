"""Whether a JSON value fits a JSON Schema, for the keywords that answers are described with.

Owns the meaning of the keywords in `json_schema_keywords.py`; a schema that uses any other one is refused
when it is read, so that no part of a schema is passed over in silence. Meanings follow draft 2020-12:
https://json-schema.org/draft/2020-12/json-schema-validation
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from operator import ge, gt, le, lt

from router.core.json_schema.keywords import BRANCHES, Json, Node, find, is_object, read
from router.core.pattern import MAX_CHARACTERS, Pattern, PatternCompiler

MAX_DEPTH = 50
"""How deep a value may nest; deeper ones do not fit."""
MAX_STEPS = 100_000
"""How many schemas are tried on the parts of one value, before we give up on it."""


class TooMuchWork(Exception):
    """Nobody can say in reasonable time whether a value fits."""


@dataclass(frozen=True, slots=True)
class Schema:
    """A schema that has been read and found whole."""

    document: Node
    patterns: Mapping[str, Pattern] = field(compare=False, repr=False)
    """Every `pattern` in it, compiled, by its text."""

    def misfit(self, value: Json) -> str | None:
        """Return the first thing that does not fit (`$.items[2] lacks "name"`), or None.

        Tells keys of the schema and places, never the value itself. Raises TooMuchWork.
        """
        try:
            return next(_Trial(self).misfits(self.document, value, "$", 0), None)
        except RecursionError:  # a schema of many layers over a deep value
            raise TooMuchWork from None


def read_schema(document: Json, compile_pattern: PatternCompiler) -> Schema:
    """Read a schema. Raises ValueError with the first thing wrong with it and its place."""
    if not isinstance(document, bool) and not is_object(document):
        raise ValueError("a JSON schema is a mapping of keywords, or true or false")
    patterns: dict[str, Pattern] = {}
    for text in read(document):
        try:
            patterns[text] = compile_pattern(text)
        except ValueError as error:
            raise ValueError(f"pattern `{text[:80]}` {error}") from None
    return Schema(document, patterns)


class _Trial:
    """One value held against one schema."""

    def __init__(self, schema: Schema) -> None:
        self._schema = schema
        self._steps = 0

    def misfits(self, node: Node, value: Json, at: str, depth: int) -> Iterator[str]:
        """Tell what of `value`, which stands at the place `at`, does not fit."""
        self._steps += 1
        if self._steps > MAX_STEPS:
            raise TooMuchWork
        if depth > MAX_DEPTH:
            yield f"{at} is nested more than {MAX_DEPTH} deep"
        elif isinstance(node, bool):
            if not node:
                yield f"{at} must not be there"
        else:
            yield from self._keywords(node, value, at, depth)

    def _keywords(self, node: Mapping[str, Json], value: Json, at: str, depth: int) -> Iterator[str]:
        for keyword, wanted in node.items():
            if keyword in _PLAIN:
                said = _PLAIN[keyword](wanted, value)
                if said:
                    yield f"{at} {said}"
            elif keyword == "pattern":
                yield from self._pattern(str(wanted), value, at)
            elif keyword == "$ref":
                yield from self.misfits(find(self._schema.document, str(wanted)), value, at, depth)
            elif keyword in BRANCHES:
                yield from self._branches(keyword, wanted, value, at, depth)
            elif keyword == "items" and isinstance(value, list):
                for number, item in enumerate(value):
                    yield from self.misfits(_node(wanted), item, f"{at}[{number}]", depth + 1)
        if isinstance(value, dict):
            yield from self._members(node, value, at, depth)

    def _members(
        self, node: Mapping[str, Json], value: Mapping[str, Json], at: str, depth: int
    ) -> Iterator[str]:
        known = node.get("properties")
        properties = known if isinstance(known, dict) else {}
        others = _node(node.get("additionalProperties", True))
        for name, inner in value.items():
            if name in properties:
                yield from self.misfits(_node(properties[name]), inner, f"{at}.{name}", depth + 1)
            elif others is False:
                yield f"{at} has a key that the schema does not know"
            elif others is not True:
                yield from self.misfits(others, inner, f"{at}.(another key)", depth + 1)

    def _pattern(self, text: str, value: Json, at: str) -> Iterator[str]:
        if not isinstance(value, str):
            return
        if len(value) > MAX_CHARACTERS:
            raise TooMuchWork
        if not self._schema.patterns[text].occurs_in(value):
            yield f"{at} does not match {text}"

    def _branches(self, keyword: str, wanted: Json, value: Json, at: str, depth: int) -> Iterator[str]:
        if keyword == "not":
            if next(self.misfits(_node(wanted), value, at, depth), None) is None:
                yield f"{at} is what it must not be"
            return
        branches = wanted if isinstance(wanted, list) else []
        found = [next(self.misfits(_node(branch), value, at, depth), None) for branch in branches]
        fitting = found.count(None)
        if keyword == "allOf":
            yield from (said for said in found if said)
        elif fitting == 0:
            yield f"{at} fits none of the {len(found)} kinds allowed; the first: {found[0]}"
        elif keyword == "oneOf" and fitting > 1:
            yield f"{at} fits {fitting} kinds where it must fit one"


def _node(wanted: Json) -> Node:
    return wanted if isinstance(wanted, bool | dict) else True


def _type(wanted: Json, value: Json) -> str | None:
    names = wanted if isinstance(wanted, list) else [wanted]
    if any(_is_a(str(name), value) for name in names):
        return None
    return f"must be {' or '.join(str(name) for name in names)}"


def _is_a(name: str, value: Json) -> bool:
    match value:
        case None:
            return name == "null"
        case bool():
            return name == "boolean"
        case int():
            return name in ("integer", "number")
        case float():
            return name == "number" or (name == "integer" and value.is_integer())
        case str():
            return name == "string"
        case list():
            return name == "array"
        case _:
            return name == "object"


def same(one: Json, other: Json) -> bool:
    """Tell whether two JSON values are equal: 1 is 1.0, but true is not 1."""
    if isinstance(one, bool) or isinstance(other, bool):
        return one is other
    if isinstance(one, list) and isinstance(other, list):
        return len(one) == len(other) and all(map(same, one, other))
    if isinstance(one, dict) and isinstance(other, dict):
        return one.keys() == other.keys() and all(same(one[key], other[key]) for key in one)
    return one == other


def _enum(wanted: Json, value: Json) -> str | None:
    allowed = wanted if isinstance(wanted, list) else []
    return None if any(same(one, value) for one in allowed) else "is none of the values allowed"


def _const(wanted: Json, value: Json) -> str | None:
    return None if same(wanted, value) else "is not the one value allowed"


def _required(wanted: Json, value: Json) -> str | None:
    if not isinstance(value, dict) or not isinstance(wanted, list):
        return None
    missing = [f'"{name}"' for name in wanted if name not in value]
    return f"lacks {', '.join(missing)}" if missing else None


def _unique(wanted: Json, value: Json) -> str | None:
    if wanted is not True or not isinstance(value, list):
        return None
    if len(value) > 1000:  # every pair is compared
        raise TooMuchWork
    twice = any(same(one, other) for i, one in enumerate(value) for other in value[:i])
    return "holds the same item twice" if twice else None


def _number(holds: Callable[[float, float], bool], words: str) -> Callable[[Json, Json], str | None]:
    def judge(wanted: Json, value: Json) -> str | None:
        if isinstance(value, bool) or not isinstance(value, int | float):
            return None
        limit = wanted if isinstance(wanted, int | float) else 0
        return None if holds(value, limit) else f"{words} {limit}"

    return judge


def _size(holds: Callable[[int, int], bool], words: str) -> Callable[[Json, Json], str | None]:
    kinds: Mapping[str, type] = {"characters": str, "items": list, "keys": dict}
    kind = kinds[words.rpartition(" ")[2]]

    def judge(wanted: Json, value: Json) -> str | None:
        if not isinstance(value, str | list | dict) or not isinstance(value, kind):
            return None
        fits = not isinstance(wanted, int) or holds(len(value), wanted)
        return None if fits else f"must have {words.format(wanted)}"

    return judge


_PLAIN: Mapping[str, Callable[[Json, Json], str | None]] = {
    "type": _type,
    "enum": _enum,
    "const": _const,
    "required": _required,
    "minimum": _number(ge, "is below"),
    "maximum": _number(le, "is above"),
    "exclusiveMinimum": _number(gt, "is not above"),
    "exclusiveMaximum": _number(lt, "is not below"),
    "minLength": _size(ge, "at least {} characters"),
    "maxLength": _size(le, "at most {} characters"),
    "minItems": _size(ge, "at least {} items"),
    "maxItems": _size(le, "at most {} items"),
    "minProperties": _size(ge, "at least {} keys"),
    "maxProperties": _size(le, "at most {} keys"),
    "uniqueItems": _unique,
}
"""Keywords that look at a value alone: what is wrong with it, or None. Those of other types pass."""
