"""What a reload changed, in words for a person.

Compares two configurations; loads and swaps nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields

from router.core.settings.config import RouterConfig

_ONE_OF = {
    "providers": "provider",
    "deployments": "deployment",
    "routes": "route",
    "aliases": "alias",
    "tasks": "task",
    "levels": "level",
}
_NOT_TOLD = frozenset({"source", "ignored"})


def changes(old: RouterConfig, new: RouterConfig) -> tuple[str, ...]:
    """Return every difference in words (`route auto changed`), section by section."""
    return tuple(_told(old, new))


def _told(old: RouterConfig, new: RouterConfig) -> Iterator[str]:
    for field in fields(RouterConfig):
        before, after = getattr(old, field.name), getattr(new, field.name)
        if field.name in _NOT_TOLD:
            continue
        if isinstance(before, Mapping) and isinstance(after, Mapping):
            yield from _entries(_ONE_OF.get(field.name, field.name), before, after)
            if list(before) != list(after) and before.keys() == after.keys():
                yield f"{field.name} reordered"  # equal to Python, but the first alias or rung wins
        elif before != after:
            yield f"{field.name.replace('_', ' ')} changed"


def _entries(kind: str, before: Mapping[str, object], after: Mapping[str, object]) -> Iterator[str]:
    for name in dict.fromkeys([*before, *after]):
        if name not in after:
            yield f"{kind} {name} removed"
        elif name not in before:
            yield f"{kind} {name} added"
        elif before[name] != after[name]:
            yield f"{kind} {name} changed"
