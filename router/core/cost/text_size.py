"""How long a text is in tokens, at most and probably: a few passes over its bytes, and no tokenizer.

A prompt of a coding agent has 200 kB, and its size is asked for before every call; so each pass is one that
`bytes` makes by itself.
"""

from __future__ import annotations

import unicodedata

_WORDS = bytes(range(65, 91)) + bytes(range(97, 123)) + b" \t\n\r\v\f" + bytes(range(128, 256))
"""What words and the space between them are made of; letters beyond ASCII too, byte by byte."""
_KINDS = bytes(97 if b in _WORDS[:52] or b > 127 else 48 if b in b"0123456789_" else 32 for b in range(256))
"""Every letter an `a`, every digit a `0`, anything else a space."""
LOST_AT_A_SEAM = 2
"""Letters that stand beside a digit, as in a hash or a name like `utf8`, are no word to a tokenizer."""


LONG, LOOKED_AT, OF = 65_536, 1_024, 8_192
"""Of a text with more bytes than that, the first kilobyte of every eight tells what all of it is made of."""


def text_size(text: str) -> tuple[int, int]:
    """Return the most tokens a text can have, and those to expect, in sixths.

    A token of words has four bytes or so. Digits, punctuation and mixed runs (code, logs, hashes, base64)
    take many more tokens: one has a byte and a half.
    """
    raw = text.encode(errors="surrogatepass")
    most = size = len(raw)
    if not text.isascii() and not unicodedata.is_normalized("NFKC", text):
        most = max(most, len(unicodedata.normalize("NFKC", text).encode(errors="surrogatepass")))
    if size > LONG:
        raw = b"".join(raw[at : at + LOOKED_AT] for at in range(0, size, OF))
    rest = _no_words(raw) * size // len(raw) if raw else 0
    return most, (size - rest) * 3 // 2 + rest * 4


def _no_words(raw: bytes) -> int:
    """Return how many bytes belong to no word."""
    rest = len(raw.translate(None, _WORDS))
    if not raw.isascii():
        # Dashes, signs and arrows begin with one byte, emoji with another; what follows belongs to them.
        rest += 3 * raw.count(b"\xe2") + 4 * raw.count(b"\xf0")
    if rest and len(raw.translate(None, b"0123456789_")) < len(raw):
        kinds = raw.translate(_KINDS)
        rest += LOST_AT_A_SEAM * (kinds.count(b"a0") + kinds.count(b"0a"))
    return min(rest, len(raw))
