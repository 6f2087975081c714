"""The one file that draws numbers: request ids and jitter."""

from __future__ import annotations

import random
import secrets


class SystemChance:
    """Real chance."""

    def token(self) -> str:
        """Return 12 random hex digits."""
        return secrets.token_hex(6)

    def roll(self) -> float:
        """Return a number in [0, 1)."""
        return secrets.randbelow(1 << 53) / (1 << 53)


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
