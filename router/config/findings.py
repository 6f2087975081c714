"""What is wrong at which key, and the words that every finding shares."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from difflib import get_close_matches

from router.config.positions import Steps

_SHOWN = 12


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing wrong with a document's content."""

    steps: Steps
    message: str
    at_key: bool = False
    """Whether the key is to blame rather than the value."""


def dotted(steps: Steps) -> str:
    """Return the way to a value as a person writes it: `routes.auto.ladder[2]`."""
    text = "".join(f"[{step}]" if isinstance(step, int) else f".{step}" for step in steps)
    return text.removeprefix(".") or "the file"


def suggestion(wrong: str, known: Iterable[str]) -> str:
    """Return the next step after a name nobody knows: the one that was probably meant, or all there are."""
    by_lower = {name.lower(): name for name in known}
    close = get_close_matches(wrong.lower(), by_lower, n=1, cutoff=0.6)
    if close:
        return f"Did you mean `{by_lower[close[0]]}`?"
    names = [f"`{name}`" for name in by_lower.values()]
    more = ", …" if len(names) > _SHOWN else ""
    return f"Known here: {', '.join(names[:_SHOWN])}{more}"
