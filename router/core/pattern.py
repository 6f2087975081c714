"""A regular expression as a value: its text, and the function that looks for it.

Core only holds it. Whoever reads a configuration compiles it, with an engine whose time grows with the length
of the text and nothing else, so that no pattern and no answer can hang a request.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias

MAX_CHARACTERS = 50_000
"""What a pattern is run on at most; of a longer text nothing is said."""


@dataclass(frozen=True, slots=True)
class Pattern:
    """One compiled pattern; two are equal when their texts are."""

    text: str
    occurs_in: Callable[[str], bool] = field(compare=False, repr=False)
    """Whether it is found anywhere in a text."""


PatternCompiler: TypeAlias = Callable[[str], Pattern]
"""Compiles a pattern; raises ValueError in words that follow "the pattern"."""
