"""What pydantic found wrong, in the words of the file: what, where, what now.

Never repeats a value that may be a secret, and none of pydantic's own vocabulary.
"""

from __future__ import annotations

import re
import typing
from collections.abc import Mapping
from inspect import isclass

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from router.config.findings import Finding, dotted, suggestion
from router.config.positions import Steps

_WORDS: Mapping[str, str] = {
    "int_type": "must be a whole number",
    "int_from_float": "must be a whole number",
    "float_type": "must be a number",
    "bool_type": "must be true or false",
    "string_type": 'must be text; put it in quotes: "…"',
    "model_type": "must hold `key: value` lines",
    "dict_type": "must hold `key: value` lines",
    "list_type": "must be a list: [a, b] or lines that begin with a dash",
    "string_too_short": "must not be empty",
}
_EMPTY = "is empty; fill it in or remove it"


def findings(error: ValidationError, top: type[BaseModel]) -> list[Finding]:
    """Translate all that a validation of `top` found."""
    return [_finding(detail, top) for detail in error.errors(include_url=False)]


def _finding(detail: ErrorDetails, top: type[BaseModel]) -> Finding:
    steps: Steps = detail["loc"]
    if steps and steps[-1] == "[key]":
        steps = steps[:-1]
        if detail["type"] == "literal_error":
            return _unknown_key(steps, _choices(detail))
        return Finding(steps, f"{dotted(steps[:-1])}: `{steps[-1]}` {_words(detail)}", at_key=True)
    match detail["type"]:
        case "extra_forbidden":
            return _unknown_key(steps, _keys_at(top, steps[:-1]))
        case "missing":
            return Finding(steps[:-1], f"{dotted(steps[:-1])} lacks `{steps[-1]}`. Add it", at_key=True)
        case "plain_words":
            # Said of a whole section it belongs to the section's name, not to its first line.
            return Finding(
                steps, f"{dotted(steps)} {_words(detail)}", at_key=isinstance(detail["input"], dict)
            )
        case _:
            return Finding(steps, f"{dotted(steps)} {_words(detail)}")


def _unknown_key(steps: Steps, known: list[str]) -> Finding:
    key = str(steps[-1])
    place = f" in {dotted(steps[:-1])}" if len(steps) > 1 else ""
    return Finding(steps, f"unknown key `{key}`{place}. {suggestion(key, known)}", at_key=True)


def _words(detail: ErrorDetails) -> str:
    kind, context = detail["type"], detail.get("ctx", {})
    if detail["input"] is None or kind == "too_short":
        return _EMPTY
    match kind:
        case "plain_words":
            return str(context["words"])
        case "enum" | "literal_error":
            return _one_of(detail["input"], _choices(detail))
        case "greater_than_equal":
            return f"must be at least {context['ge']}"
        case "less_than_equal":
            return f"must be at most {context['le']}"
        case "int_type" | "float_type" if isinstance(detail["input"], str):
            return f"{_WORDS[kind]}, without quotes"
        case _:
            return _WORDS.get(kind) or f"is wrong: {detail['msg'].lower()}"


def _choices(detail: ErrorDetails) -> list[str]:
    """Read pydantic's list, 'a', 'b' or 'c'; a lone number stands bare."""
    expected = str(detail["ctx"]["expected"])
    return re.findall(r"'([^']+)'", expected) or [expected]


def _one_of(value: object, choices: list[str]) -> str:
    if isinstance(value, str) and len(choices) > 1:
        return f"cannot be `{value[:40]}`. {suggestion(value, choices)}"
    return f"must be {' or '.join(choices)}"


def _keys_at(top: type[BaseModel], steps: Steps) -> list[str]:
    """Return the keys that the format has at `steps`."""
    here: object = top
    for step in steps:
        here = _inside(here, str(step))
    model = _model(here)
    return [field.alias or name for name, field in model.model_fields.items()] if model else []


def _inside(annotation: object, step: str) -> object:
    """Return the type of what stands under one step: a field's, a mapping's values, a list's items."""
    model = _model(annotation)
    if model is not None:
        return model.model_fields[step].annotation if step in model.model_fields else None
    return typing.get_args(_unwrapped(annotation))[-1]


def _model(annotation: object) -> type[BaseModel] | None:
    bare = _unwrapped(annotation)
    return bare if isclass(bare) and issubclass(bare, BaseModel) else None


def _unwrapped(annotation: object) -> object:
    """Take `X` out of `X | None` and `Annotated[X, ...]`."""
    while typing.get_origin(annotation) not in (None, dict, list):
        annotation = typing.get_args(annotation)[0]
    return annotation
