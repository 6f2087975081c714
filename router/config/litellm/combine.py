"""Where else a LiteLLM file takes its settings from: files it includes, its own variables and credentials.

Each is followed as LiteLLM does. An entry whose credential is not there goes nowhere: it must not be called
with another account's key.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path

from router.config.litellm.unread import resolved
from router.config.positions import Document, Plain, SourcePosition, Steps, read
from router.errors import ConfigError


def with_includes(document: Document) -> Document:
    """Return a file together with those it includes: lists are continued, anything else is replaced.

    Paths are relative to the file. Raises ConfigError for one that cannot be read, and for what is no list.
    """
    value = document.value
    if not isinstance(value, dict) or "include" not in value:
        return document
    names = value["include"]
    if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
        raise ConfigError([document.problem(("include",), "include: must list files by name")])
    whole = {key: inner for key, inner in value.items() if key != "include"}
    keys, values = dict(document.keys), dict(document.values)
    problems = list(document.problems)
    for name in names:
        other = read(Path(document.path).parent / str(name))
        problems += other.problems
        for key, inner in other.value.items() if isinstance(other.value, dict) else ():
            before = whole.get(key)
            start = len(before) if isinstance(before, list) and isinstance(inner, list) else None
            whole[key] = inner if start is None else [*_items(before), *_items(inner)]
            keys.update(_moved(other.keys, key, start, other.path))
            values.update(_moved(other.values, key, start, other.path))
    return Document(document.path, whole, keys, values, tuple(problems))


def _items(value: Plain) -> list[Plain]:
    return value if isinstance(value, list) else []


def _moved(
    places: Mapping[Steps, SourcePosition], key: str, start: int | None, path: str
) -> Iterator[tuple[Steps, SourcePosition]]:
    """Yield the places of a section of another file, items of a continued list where they now stand."""
    for steps, place in places.items():
        if steps[:1] != (key,) or (start is not None and len(steps) == 1):
            continue
        item = steps[1] if len(steps) > 1 else None
        moved = (key, start + item, *steps[2:]) if start is not None and isinstance(item, int) else steps
        yield moved, replace(place, path=path)


def own_variables(value: Plain, environ: Mapping[str, str]) -> dict[str, str]:
    """Return the variables that the file itself sets; they win over the environment's, as in LiteLLM."""
    section = value.get("environment_variables") if isinstance(value, dict) else None
    if not isinstance(section, dict):
        return {}
    found = resolved(section, environ, {})
    items = found.items() if isinstance(found, dict) else ()
    return {name: str(text) for name, text in items if isinstance(text, str | int) and str(text).strip()}


def with_credentials(value: Plain, unset: dict[Steps, str]) -> Plain:
    """Return a file whose entries hold what the credentials they name say; their own words win.

    `unset` holds the variables that are not set; what a credential lacks for that reason, its entries lack.
    """
    if not isinstance(value, dict) or not isinstance(entries := value.get("model_list"), list):
        return value
    known = _credentials(value)
    made: list[Plain] = []
    for number, entry in enumerate(entries):
        params = entry.get("litellm_params") if isinstance(entry, dict) else None
        name = params.get("litellm_credential_name") if isinstance(params, dict) else None
        if not (isinstance(entry, dict) and isinstance(params, dict) and str(name) in known):
            made.append(entry)
            continue
        place, values = known[str(name)]
        made.append({**entry, "litellm_params": {**values, **params}})
        above: Steps = ("credential_list", place, "credential_values")
        for steps, variable in list(unset.items()):
            if steps[:3] == above and steps[3] not in params:
                unset["model_list", number, "litellm_params", steps[3]] = variable
    return {**value, "model_list": made}


def _credentials(value: dict[str, Plain]) -> dict[str, tuple[int, dict[str, Plain]]]:
    found: dict[str, tuple[int, dict[str, Plain]]] = {}
    section = value.get("credential_list")
    for place, one in enumerate(section if isinstance(section, list) else ()):
        values = one.get("credential_values") if isinstance(one, dict) else None
        if isinstance(one, dict) and isinstance(values, dict):
            found.setdefault(str(one.get("credential_name")), (place, values))
    return found
