"""`dataclass` for the values of a call: frozen for the type checker and in tests, open where they are used.

A frozen dataclass sets each field by a call of its own, and a request makes dozens of values with up to
thirty fields. What `frozen` forbids the type checker finds, which reads `dataclasses.dataclass` here, and the
tests, which put that in its place. Equality, hash, slots and `replace` are the same in both.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

__all__ = ["dataclass"]

if TYPE_CHECKING:
    from dataclasses import dataclass
else:
    import dataclasses

    def dataclass(cls=None, /, *, frozen=False, **options):
        """Make a dataclass; a frozen one keeps its hash, and the type checker alone guards it."""
        if frozen and options.get("eq", True):
            options["unsafe_hash"] = True
        return dataclasses.dataclass(cls, **options)
