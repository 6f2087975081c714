"""A value that must never be shown: a provider's key."""

from __future__ import annotations

import hashlib
from typing import NoReturn


class Secret:
    """A string that prints, formats, pickles and compares without giving itself away.

    `reveal()` is the only way to its text; call it where the bytes go on the wire and nowhere else.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str) -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text itself."""
        return self._text

    def fingerprint(self) -> str:
        """Return 12 hex digits that are equal for equal secrets: the key of the credential scope."""
        return hashlib.sha256(b"tier-cockpit credential\0" + self._text.encode()).hexdigest()[:12]

    def __repr__(self) -> str:
        return "Secret(…)"

    __str__ = __repr__

    def __format__(self, spec: str) -> str:
        return repr(self)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __reduce__(self) -> NoReturn:
        raise TypeError("a Secret is not pickled")
