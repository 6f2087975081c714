"""What the trained model looks at: words, pairs of words and pieces of words, as numbers.

A feature is the CRC-32 of its name, so that the model needs no dictionary of strings and the same text gives
the same features in every process. Must know nothing of tasks or weights.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from itertools import pairwise
from zlib import crc32

from router.core.classify.view import AskView

_WORD = re.compile(r"[^\s!-/:-@\[-`{-~。、，？！：；「」『』（）《》…“”„«»‘’¿¡؟،।·–—]+")
_UNSPACED = re.compile(r"[\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
"""Kana, Han, Hangul: scripts whose words are not, or loosely, set apart by spaces."""
_PREAMBLE = (
    " hi hey hello please pls plz can could would will you u kindly i need want to me just quick one "
    "question ok so now then thanks the a an my this mind help bitte kannst du können sie mir por favor "
    "puedes kun je graag proszę "
)
"""What may stand before the word that says what is wanted."""
MAX_STEM = 16
MAX_RUN = 200
"""Of a run of Han or kana without a stop, so much is read."""
MAX_PIECES_OF = 24
"""Longer words are keys, paths and hashes; their pieces say nothing."""


def words(text: str) -> list[str]:
    """Return the words of a text in lower case, in order."""
    return _WORD.findall(text.lower())


def ask_features(view: AskView, stems: Mapping[str, str]) -> frozenset[int]:
    """Return the features that tell task and level; `stems` as for `concepts`."""
    found = words(view.text)
    names = [f"#{mark}" for mark in view.marks]
    names += [f"={word}" for word in found]
    names += [f"={left} {right}" for left, right in pairwise(found)]
    wanted = [word for word in found[:12] if f" {word} " not in _PREAMBLE][:2]
    names += [f"^{word}" for word in wanted[:1]] + [f"^{' '.join(wanted)}"]
    for word in set(found):
        names += _pieces(word, 3, 5)
    ideas = concepts(found, stems)
    names += [f"@{idea}" for idea in ideas]
    names += [f"@{left} {right}" for left, right in pairwise(ideas)]
    names += [f"^@{idea}" for idea in ideas[:1]] + [f"^@{' '.join(ideas[:2])}"]
    return _hashed(names)


def concepts(found: list[str], stems: Mapping[str, str]) -> list[str]:
    """Return the ideas that words stand for, in order, the same for every language.

    `stems`: beginnings of words (a whole word where it ends in `$`) to ideas. Of several, the longest counts.
    """
    ideas: list[str] = []
    for word in found:
        if _UNSPACED.search(word):
            ideas += _ideas_within(word, stems)
        elif idea := stems.get(f"{word}$") or _longest(word, 0, stems):
            ideas.append(idea)
    return [idea for idea, before in zip(ideas, ["", *ideas], strict=False) if idea != before]


def _ideas_within(run: str, stems: Mapping[str, str]) -> list[str]:
    starts = range(min(len(run), MAX_RUN))
    return [idea for start in starts if (idea := _longest(run, start, stems))]


def _longest(word: str, start: int, stems: Mapping[str, str]) -> str | None:
    ends = range(min(len(word), start + MAX_STEM), start, -1)
    return next((idea for end in ends if (idea := stems.get(word[start:end]))), None)


def language_features(text: str) -> frozenset[int]:
    """Return the features that tell languages of one script apart: words, and up to three letters of them."""
    names = []
    for word in set(words(text)):
        names.append(f"={word}")
        names += _pieces(word, 1, 3)
    return _hashed(names)


def _hashed(names: Iterable[str]) -> frozenset[int]:
    # half a surrogate pair, which JSON may carry, has no bytes of its own
    return frozenset(crc32(name.encode(errors="replace")) for name in names)


def _pieces(word: str, shortest: int, longest: int) -> list[str]:
    """Return the runs of letters of a word, its ends marked; shorter runs where words are not spaced."""
    if len(word) > MAX_PIECES_OF and word.isascii():
        return []
    if _UNSPACED.search(word):
        shortest, longest = 1, 3
    else:
        word = f" {word} "
    return [
        word[start : start + size]
        for size in range(shortest, longest + 1)
        for start in range(len(word) - size + 1)
    ]
