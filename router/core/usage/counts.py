"""Counts taken out of JSON that nobody has checked.

Owns what passes as a count and how two reports of one call are laid over each other. Knows no wire.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

Json = Mapping[str, object]

MOST_TOKENS = 10**12
"""Far above any real request and far below what a database integer holds."""
MOST_USD = Decimal(10**6)
"""No single call has cost a million dollars; a figure above it is not an amount."""
DEEPEST = 4
"""Levels of nesting kept of a usage object; the wires use three."""


def as_mapping(value: object) -> Json:
    """Return `value` if it is a JSON object, else an empty one."""
    return value if type(value) is dict or isinstance(value, Mapping) else {}


def as_list(value: object) -> list[object]:
    """Return `value` if it is a JSON array, else an empty one."""
    return value if isinstance(value, list) else []


def as_text(value: object) -> str | None:
    """Return `value` if it is text with something in it."""
    return value if isinstance(value, str) and value else None


def at(raw: Json, path: str) -> object:
    """Return what stands at a dotted path, or None."""
    if "." not in path:
        return raw.get(path)
    value: object = raw
    for key in path.split("."):
        if type(value) is not dict and not isinstance(value, Mapping):
            return None
        value = value.get(key)
    return value


def lay_over(earlier: Json, later: Json, depth: int = DEEPEST) -> dict[str, object]:
    """Lay `later` over `earlier` field by field: the last value wins, null and absence change nothing.

    An object is never replaced by a plain value, which keeps this associative for any JSON. Deeper than
    `depth` nothing is kept, so that hostile nesting cannot exhaust the stack.
    """
    merged = dict(earlier)
    for key, value in later.items():
        before = merged.get(key)
        if isinstance(value, Mapping):
            merged[key] = lay_over(as_mapping(before), value, depth - 1) if depth else {}
        elif value is not None and not isinstance(before, Mapping):
            merged[key] = _pruned(value, depth)
    return merged


def _pruned(value: object, depth: int) -> object:
    match value:
        case list() if depth:
            return [_pruned(item, depth - 1) for item in value]
        case Mapping() if depth:
            return lay_over({}, value, depth - 1)
        case list() | Mapping():
            return None
        case _:
            return value


def amount(value: object, per_usd: Decimal = Decimal(1)) -> Decimal | None:
    """Return an amount in dollars, or None where it is absent or no amount at all (negative, absurd, text).

    `per_usd` is how many of the wire's units are a dollar.
    """
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    exact = Decimal(value)
    return exact / per_usd if exact.is_finite() and 0 <= exact <= MOST_USD * per_usd else None


class Tally:
    """Reads counts from one usage object and remembers why they cannot be trusted."""

    def __init__(self, raw: Json) -> None:
        self._raw = raw
        self.doubts: list[str] = []

    def count(self, *paths: str) -> int | None:
        """Return the count at any of these spellings of one field; two that disagree are doubted.

        A spelling that says 0 beside one that says more is a filler, not a contradiction.
        """
        found = [number for path in paths if (number := self._number(path)) is not None]
        if len({number for number in found if number}) > 1:
            self.doubts.append(f"{' and '.join(paths)} disagree")
        return max(found, default=None)

    def of(self, part: Json) -> Tally:
        """Return a tally of an object inside this one; its doubts are this one's."""
        inner = Tally(part)
        inner.doubts = self.doubts
        return inner

    def doubt_unless(self, holds: bool, reason: str) -> None:
        """Remember `reason` when a check does not hold."""
        if not holds:
            self.doubts.append(reason)

    def _number(self, path: str) -> int | None:
        value = at(self._raw, path)
        if value is None or (type(value) is int and 0 <= value <= MOST_TOKENS):
            return value
        if isinstance(value, str) and value.strip().isascii() and value.strip().isdecimal():
            value = int(value)
        if isinstance(value, int | Decimal) and not isinstance(value, bool):
            exact = Decimal(value)
            if exact.is_finite() and 0 <= exact <= MOST_TOKENS and exact == int(exact):
                return int(exact)
        self.doubts.append(f"{path} is not a count")
        return None


def add(left: int | None, right: int | None) -> int | None:
    """Add two parts of which either may be absent; None only when both are."""
    return right if left is None else left if right is None else left + right
