"""The one door for untrusted text onto the screen: model text, names, provider errors, configured values.

Every code point is mapped by itself, so an escape sequence split over two chunks of a stream is as harmless
as a whole one. It judges no meaning, and bytes that go to other programs never come through here.
"""

from __future__ import annotations

import unicodedata

MAX_MARKS = 4
"""Combining marks kept in a row: more than living scripts stack, less than spills over other lines."""
REPLACEMENT = "\ufffd"

_BIDI = (*range(0x202A, 0x202F), *range(0x2066, 0x206A), 0x200E, 0x200F, 0x061C)
_TAGS = range(0xE0000, 0xE0080)  # invisible copies of ASCII
_MAP: dict[int, str | None] = {
    **{code: chr(0x2400 + code) for code in range(0x20) if chr(code) not in "\n\t"},
    0x7F: "\u2421",
    **dict.fromkeys(range(0x80, 0xA0), REPLACEMENT),
    **dict.fromkeys(_BIDI, REPLACEMENT),
    **dict.fromkeys((0x2028, 0x2029), "\n"),
    **dict.fromkeys(_TAGS, None),
    **dict.fromkeys(range(0xD800, 0xE000), REPLACEMENT),
}


def sanitize(text: str) -> str:
    """Return `text` without anything a terminal would obey; newlines and tabs stay. Idempotent."""
    text = text.translate(_MAP)
    return text if text.isascii() else _cap_marks(text)


def one_line(text: str, limit: int = 200) -> str:
    """Return `text` for a place of one line: sanitised, breaks as `␊`, tabs as spaces, cut at `limit`.

    The cut is shown as `…` and counts code points, so the result is at most `limit` of them long. Idempotent.
    """
    line = sanitize(text).replace("\n", "␊").replace("\t", " ")
    return line if len(line) <= limit else line[: limit - 1] + "…"


def _cap_marks(text: str) -> str:
    kept, run = [], 0
    for char in text:
        run = run + 1 if unicodedata.category(char) in {"Mn", "Me"} else 0
        if run <= MAX_MARKS:
            kept.append(char)
    return "".join(kept)
