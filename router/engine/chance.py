"""The one file that draws numbers: request ids and jitter."""

from __future__ import annotations

import os
import random
import secrets

LOT = 4096
"""Bytes."""


class SystemChance:
    """Real chance, fetched from the system in lots: a look there takes longer than a whole decision."""

    def __init__(self) -> None:
        self._drawn = b""
        self._at = 0
        os.register_at_fork(after_in_child=self._forget)

    def token(self) -> str:
        """Return 12 random hex digits."""
        return self._draw(6).hex()

    def roll(self) -> float:
        """Return a number in [0, 1)."""
        return (int.from_bytes(self._draw(7)) >> 3) / (1 << 53)

    def _draw(self, count: int) -> bytes:
        if self._at + count > len(self._drawn):
            self._drawn, self._at = secrets.token_bytes(LOT), 0
        self._at += count
        return self._drawn[self._at - count : self._at]

    def _forget(self) -> None:
        """Leave what was drawn to the parent, or two processes would give the same ids."""
        self._drawn, self._at = b"", 0


class SeededChance:
    """The same numbers for the same seed; for tests and replays."""

    def __init__(self, seed: int = 0) -> None:
        self._random = random.Random(seed)

    def token(self) -> str:
        """Return 12 hex digits drawn from the seed."""
        return f"{self._random.getrandbits(48):012x}"

    def roll(self) -> float:
        """Return a number in [0, 1) drawn from the seed."""
        return self._random.random()
