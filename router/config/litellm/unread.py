"""What a LiteLLM file says in vain: keys that nothing here reads, and variables that are not set.

Never a problem: each kind is told once, with its lines.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from pydantic import BaseModel

from router.config.findings import dotted
from router.config.litellm import schema
from router.config.litellm.known import words_for
from router.config.litellm.prices import is_rate
from router.config.positions import Document, Plain, Steps

_PREFIX = "os.environ/"
_SECRETS = ("api_key", "master_key")
_SECRET_TABLES = ("headers", "extra_headers")
_DEMANDED = ("model", "model_name")
_SWITCHING = ("model", "api_base", "base_url")
_SECTIONS: Mapping[str, type[BaseModel]] = {
    "router_settings": schema.RouterSettings,
    "litellm_settings": schema.RouterSettings,
    "general_settings": schema.General,
}
_FOLLOWED = frozenset({"include", "environment_variables", "credential_list"})
_PRICED: Mapping[str, type[BaseModel]] = {"litellm_params": schema.Params, "model_info": schema.Info}


def unread(document: Document) -> list[str]:
    """Return every key that is not read, each once, with the lines it stands on."""
    lines: dict[str, list[int]] = {}
    for steps in _unread_keys(document.value):
        name = dotted(steps[2:] if steps[0] == "model_list" else steps)
        place = document.keys.get(steps)
        if place:
            lines.setdefault(name, []).append(place.line)
    return [_told(name, places) for name, places in lines.items()]


def not_set(document: Document, unset: Mapping[Steps, str]) -> list[str]:
    """Return the variables that are read and not set, but for those that switch a deployment off."""
    passed_over = set(_unread_keys(document.value))
    lines: dict[str, list[int]] = {}
    for steps, name in unset.items():
        above = {steps[:length] for length in range(1, len(steps) + 1)}
        if steps[-1] not in _SWITCHING and not above & passed_over:
            lines.setdefault(f"{steps[-1]}: {name} is not set", []).append(document.place(steps).line)
    return [_told(what, where) for what, where in lines.items()]


def _told(what: str, lines: list[int]) -> str:
    told = f"{what} (line{'s' if len(lines) > 1 else ''} {', '.join(str(line) for line in lines)})"
    words = words_for(what)
    return f"{told}: {words}" if words else told


def _unread_keys(file: Plain) -> Iterator[Steps]:
    if not isinstance(file, dict):
        return
    for key, section in file.items():
        if key == "model_list":
            for number, entry in enumerate(section if isinstance(section, list) else ()):
                yield from _unread_of_entry((key, number), entry)
        elif key in _SECTIONS:
            yield from _beyond(_SECTIONS[key], (key,), section)
        elif key not in _FOLLOWED:
            yield (key,)


def _unread_of_entry(steps: Steps, entry: Plain) -> Iterator[Steps]:
    yield from _beyond(schema.ModelEntry, steps, entry)
    for key, model in _PRICED.items():
        section = entry.get(key) if isinstance(entry, dict) else None
        yield from (found for found in _beyond(model, (*steps, key), section) if not is_rate(str(found[-1])))


def _beyond(model: type[BaseModel], steps: Steps, section: Plain) -> Iterator[Steps]:
    for key in section if isinstance(section, dict) else ():
        if key not in model.model_fields:
            yield (*steps, key)


def resolved(value: Plain, environ: Mapping[str, str], unset: dict[Steps, str], steps: Steps = ()) -> Plain:
    """Return `value` with `os.environ/NAME` replaced by what NAME holds; keys stay as they are written.

    Where NAME is not set, its place goes into `unset` and the entry is left out, if it may be.
    """
    match value:
        case dict():
            entries = {key: resolved(inner, environ, unset, (*steps, key)) for key, inner in value.items()}
            return {
                key: inner for key, inner in entries.items() if (*steps, key) not in unset or key in _DEMANDED
            }
        case list():
            return [resolved(inner, environ, unset, (*steps, n)) for n, inner in enumerate(value)]
        case str() if (name := variable(value)) and not _may_be_secret(steps):
            found = environ.get(name, "").strip()
            if not found:
                unset[steps] = name
            return found or value
        case _:
            return value


def _may_be_secret(steps: Steps) -> bool:
    return steps[-1] in _SECRETS or (len(steps) > 1 and steps[-2] in _SECRET_TABLES)


def variable(text: str) -> str | None:
    """Return the NAME of `os.environ/NAME`."""
    return text.removeprefix(_PREFIX) if text.startswith(_PREFIX) else None
