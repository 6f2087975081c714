"""The few colours a figure can have, all by theme variable. A word or a glyph always says the same."""

from __future__ import annotations

from enum import StrEnum


class Tone(StrEnum):
    """A style for `Content`; an empty one is the widget's own."""

    PLAIN = ""
    STRONG = "bold"
    MUTED = "$foreground-muted"
    GOOD = "$text-success"
    WARN = "$text-warning"
    BAD = "$text-error"
    ACCENT = "$text-accent"
    BAR = "$primary"


Part = tuple[str, Tone]
"""A stretch of sanitised text in one tone."""
