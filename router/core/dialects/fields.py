"""Takes the fields of a JSON object one by one and keeps what nobody took.

What a client sent is nobody's word for anything: a field of the wrong type is named, never guessed at.
"""

from __future__ import annotations

from collections.abc import Mapping

from router.core.message import Extra


class Unreadable(ValueError):
    """A body is not what its dialect says it is."""

    def __init__(self, place: str, why: str) -> None:
        """`place` is the field's path in the body, empty for the body itself."""
        super().__init__(f"{place or 'the body'} {why}")
        self.place = place


class Fields:
    """One JSON object, taken apart."""

    def __init__(self, value: object, place: str = "") -> None:
        """Raises Unreadable where `value` is no object."""
        if not isinstance(value, Mapping):
            raise Unreadable(place, "must be an object")
        self._left = dict(value)
        self._place = place

    def at(self, name: str) -> str:
        """Return where a field stands."""
        return f"{self._place}.{name}" if self._place else name

    def take(self, name: str) -> object:
        """Take a field of any type; None for null or none."""
        return self._left.pop(name, None)

    def peek(self, *path: str) -> object:
        """Return what stands at a path, without taking it; None for null, nothing, or no such path."""
        value: object = self._left
        for name in path:
            value = value.get(name) if isinstance(value, Mapping) else None
        return value

    def text(self, name: str) -> str | None:
        """Take a string."""
        value = self.take(name)
        if value is not None and not isinstance(value, str):
            raise Unreadable(self.at(name), "must be a string")
        return value

    def must(self, name: str) -> str:
        """Take a string that has to be there."""
        value = self.text(name)
        if value is None:
            raise Unreadable(self.at(name), "is missing")
        return value

    def flag(self, name: str) -> bool | None:
        """Take true or false."""
        value = self.take(name)
        if value is not None and not isinstance(value, bool):
            raise Unreadable(self.at(name), "must be true or false")
        return value

    def number(self, name: str) -> float | None:
        """Take a number."""
        value = self.take(name)
        if value is not None and (isinstance(value, bool) or not isinstance(value, int | float)):
            raise Unreadable(self.at(name), "must be a number")
        return value

    def whole(self, name: str) -> int | None:
        """Take a whole number, 0 or more."""
        value = self.take(name)
        if value is None:
            return None
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, bool) or not isinstance(value, int) or value < 0:
            raise Unreadable(self.at(name), "must be a whole number, 0 or more")
        return value

    def table(self, name: str) -> Mapping[str, object] | None:
        """Take an object as it stands."""
        value = self.take(name)
        if value is not None and not isinstance(value, Mapping):
            raise Unreadable(self.at(name), "must be an object")
        return value

    def inner(self, name: str) -> Fields:
        """Take an object to be taken apart; an empty one where there is none."""
        return Fields(self.take(name) or {}, self.at(name))

    def items(self, name: str) -> list[object]:
        """Take an array; empty where there is none."""
        value = self.take(name)
        if value is not None and not isinstance(value, list | tuple):
            raise Unreadable(self.at(name), "must be an array")
        return list(value or ())

    def each(self, name: str) -> list[Fields]:
        """Take an array of objects, each to be taken apart."""
        place = self.at(name)
        return [Fields(item, f"{place}[{n}]") for n, item in enumerate(self.items(name))]

    def keep(self, name: str, value: object) -> None:
        """Put a field back that was taken and not understood."""
        self._left[name] = value

    def rest(self) -> Extra:
        """Return what nobody took; None where that is nothing."""
        return self._left or None


def given(**fields: object) -> dict[str, object]:
    """Return the fields that say something, none that is None or an empty tuple; tuples become arrays."""
    return {
        name: list(value) if isinstance(value, tuple) else value
        for name, value in fields.items()
        if value is not None and value != ()
    }
