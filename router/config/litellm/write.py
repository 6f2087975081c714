"""A LiteLLM file that became one of ours, as text: what came from which line, and what was left behind.

Keys that stood in the file are not repeated: variables take their place, with the words to say so.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import PurePath

import yaml

from router.config.litellm.document import Translation
from router.config.positions import Document, Plain, Steps

_FROM_LINES = ("providers", "deployments", "routes")
"""Sections whose entries each come from a line."""
_VARIABLE = re.compile(r"\$\{(.+)\}")
_UNFOLDED = 100_000
"""Columns; a folded line would need care with indentation."""


def written(translation: Translation) -> str:
    """Return the configuration as YAML that our loader reads to the same values."""
    document = translation.document
    source = _clean(PurePath(document.path).name)
    lines = [
        f"# Made by `cockpit config import` from {source}; the lines below are those of that LiteLLM file."
    ]
    if translation.ignored:
        lines += ["#", "# Without a meaning here, or with another one than in LiteLLM:"]
        lines += [f"#   {_clean(one)}" for one in translation.ignored]
    value, moved = _without_keys(document.value)
    for name, section in value.items():
        lines += _section(name, section, document, moved)
    return "\n".join(lines) + "\n"


def _section(name: str, section: Plain, document: Document, moved: dict[Steps, str]) -> Iterator[str]:
    if name not in _FROM_LINES or not isinstance(section, dict):
        if (name,) in moved:
            yield f"# Its key stood in the file: put it into {moved[name,]}."
        yield from _dumped({name: section}, indent="")
        return
    yield f"{name}:"
    for key, entry in section.items():
        place = document.values.get((name, key))
        if place:
            yield f"  # line {place.line}"
        if (name, key) in moved:
            yield f"  # Its key stood in the file: put it into {moved[name, key]}."
        yield from _dumped({key: entry}, indent="  ")


def _without_keys(value: Plain) -> tuple[dict[str, Plain], dict[Steps, str]]:
    """Return the document with variables for keys, and each new variable by the section it stands in."""
    moved: dict[Steps, str] = {}
    copy = deepcopy(value) if isinstance(value, dict) else {}
    holders = dict(_holders(copy))
    used = [_VARIABLE.fullmatch(str(holder["api_key"])) for holder in holders.values()]
    taken = {found[1] for found in used if found}
    for (steps, holder), found in zip(holders.items(), used, strict=True):
        if found is None:
            name = _variable_for(steps)
            while name in taken:
                name += "_2"
            taken.add(name)
            moved[steps] = name
            holder["api_key"] = f"${{{name}}}"
    return copy, moved


def _holders(value: dict[str, Plain]) -> Iterator[tuple[Steps, dict[str, Plain]]]:
    """Walk the sections that hold a key."""
    providers, gateway = value.get("providers"), value.get("gateway")
    for name, provider in providers.items() if isinstance(providers, dict) else ():
        if isinstance(provider, dict) and "api_key" in provider:
            yield ("providers", name), provider
    if isinstance(gateway, dict) and "api_key" in gateway:
        yield ("gateway",), gateway


def _variable_for(steps: Steps) -> str:
    if steps == ("gateway",):
        return "COCKPIT_GATEWAY_KEY"
    name = re.sub(r"[^A-Z0-9]+", "_", str(steps[-1]).upper()).strip("_") + "_API_KEY"
    return f"KEY_{name}" if name[0].isdigit() else name


def _dumped(value: dict[str, Plain], *, indent: str) -> Iterator[str]:
    """Write a part in lines: its innermost mappings and lists on one line each, as in the sample."""
    nested = any(isinstance(inner, dict | list) for inner in value.values())
    text = yaml.safe_dump(
        value,
        sort_keys=False,
        allow_unicode=True,
        default_flow_style=None if nested else False,
        width=_UNFOLDED,
    )
    return (f"{indent}{line}" for line in text.splitlines())


def _clean(text: str) -> str:
    """Return text that stays within its comment."""
    return "".join(letter if letter.isprintable() else "?" for letter in text)
