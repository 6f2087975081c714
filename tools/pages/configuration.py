"""docs/configuration.md, written from the schema: the classes, their fields, and the docstring under each.

`make snap` writes the page; `tests/test_docs.py` compares it.
"""

from __future__ import annotations

import ast
import inspect
import re
from collections.abc import Iterator
from pathlib import Path

from pydantic import BaseModel
from pydantic_core import PydanticUndefined

from router.config.schema import File

PAGE = Path(__file__).parents[2] / "docs" / "configuration.md"
HEAD = """# Configuration

Written from the schema by `make snap`; [sample_config.yaml](../sample_config.yaml) says the same as an
example with comments.

An unknown key, a duplicate, a wrong type or a name that nothing defines is an error: all of them are told at
once, as `file:line:column`, with what to do. Durations have a unit (`500ms`, `10s`, `2m`, `1h`, `7d`);
amounts and rates stand in quotes (`"0.02"`); `"${NAME}"` reads the environment, for `api_key` only.
"""


def page() -> str:
    """Return the whole page."""
    return HEAD + "".join(f"\n{section}" for section in _sections(File, "The file", set()))


def _sections(model: type[BaseModel], title: str, seen: set[type[BaseModel]]) -> Iterator[str]:
    seen.add(model)
    words = _words(model)
    lines = [f"## {title}\n", f"{inspect.getdoc(model) or ''}\n", "| key | default | |", "|---|---|---|"]
    inner: list[tuple[str, type[BaseModel]]] = []
    for name, field in model.model_fields.items():
        default = _default(field.get_default(call_default_factory=True))
        lines.append(f"| `{field.alias or name}` | {default} | {words[name]} |")
        inner += [(name, found) for found in _models(field.annotation) if found not in seen]
    yield "\n".join(lines) + "\n"
    for name, found in inner:
        if found not in seen:
            yield from _sections(found, f"{title} › {name}" if model is not File else f"`{name}`", seen)


def _default(value: object) -> str:
    if value is PydanticUndefined:
        return "required"
    if value in (None, {}, []) or isinstance(value, BaseModel):
        return ""
    return f"`{str(value).lower() if isinstance(value, bool) else value}`"


def _models(annotation: object) -> Iterator[type[BaseModel]]:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        yield annotation
    for argument in getattr(annotation, "__args__", ()):
        yield from _models(argument)


def _words(model: type[BaseModel]) -> dict[str, str]:
    """Return the docstring under each field, base classes first."""
    found: dict[str, str] = {}
    for owner in reversed(model.__mro__):
        if not (issubclass(owner, BaseModel) and owner is not BaseModel):
            continue
        [body] = ast.parse(inspect.getsource(owner)).body
        assert isinstance(body, ast.ClassDef)
        for field, text in zip(body.body, body.body[1:], strict=False):
            if (
                isinstance(field, ast.AnnAssign)
                and isinstance(text, ast.Expr)
                and isinstance(field.target, ast.Name)
            ):
                assert isinstance(text.value, ast.Constant)
                found[field.target.id] = re.sub(r"\s+", " ", str(text.value.value)).replace("|", "\\|")
    return found


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
