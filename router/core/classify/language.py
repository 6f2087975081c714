"""The language a person writes in: by script where the script tells, else by the trained model.

Owns the choice of what to look at: the words of the ask, not the text quoted in it. None when nothing tells.
"""

from __future__ import annotations

import re
from collections import Counter

from router.core.classify.features import language_features, words
from router.core.classify.function_words import by_letters, by_words, cyrillic
from router.core.classify.task_model import TaskModel

_SCRIPTS = (
    ("ja", re.compile(r"[\u3040-\u30ff]")),
    ("ko", re.compile(r"[\uac00-\ud7af\u1100-\u11ff]")),
    ("zh", re.compile(r"[\u3400-\u9fff]")),
    ("ru", re.compile(r"[\u0400-\u04ff]")),
    ("ar", re.compile(r"[\u0600-\u06ff]")),
    ("hi", re.compile(r"[\u0900-\u097f]")),
    ("el", re.compile(r"[\u0370-\u03ff]")),
    ("he", re.compile(r"[\u0590-\u05ff]")),
    ("th", re.compile(r"[\u0e00-\u0e7f]")),
    ("bn", re.compile(r"[\u0980-\u09ff]")),
    ("ta", re.compile(r"[\u0b80-\u0bff]")),
    ("ka", re.compile(r"[\u10a0-\u10ff]")),
    ("hy", re.compile(r"[\u0530-\u058f]")),
)
"""The language most people write in each script; letters of their own tell some others apart, below."""
_OWN_LETTERS = (
    ("ar", "ur", re.compile(r"[ٹڈڑےںھہ]")),
    ("ar", "fa", re.compile(r"[پچژگکی]")),
)
_LATIN = re.compile(r"[A-Za-z\u00c0-\u024f\u1e00-\u1eff]")
_DENSE = {"ja": 3, "ko": 2, "zh": 3}
"""One sign says as much as about so many letters; technical words in such a text are often Latin."""
_QUOTED = re.compile(r"\"[^\"\n]+\"|“[^”\n]+”|„[^“”\n]+[“”]|«[^»\n]+»|「[^」\n]+」|『[^』\n]+』|《[^》\n]+》")
_INSTRUCTION = re.compile(r"^[^\n:：]{2,200}(?=[\n:：])")
SURE_FROM = 0.5
SURE_OF_OPENING_FROM = 0.75
"""An instruction before a colon is short, and must tell more clearly."""


def detect(text: str, model: TaskModel) -> str | None:
    """Return the ISO 639-1 code of the language the ask is put in; None when nothing tells.

    An instruction before a colon or a line break counts before what follows it: "Translate: ..." is English
    whatever comes then.
    """
    bare = _QUOTED.sub(" ", text)
    opening = _INSTRUCTION.match(bare)
    parts = ((opening[0] if opening else "", SURE_OF_OPENING_FROM), (bare, SURE_FROM), (text, SURE_FROM))
    return next((found for part, sure_from in parts if (found := _of(part, model, sure_from))), None)


def _of(text: str, model: TaskModel, sure_from: float) -> str | None:
    latin = len(_LATIN.findall(text))
    counts = Counter({code: _DENSE.get(code, 1) * len(letters.findall(text)) for code, letters in _SCRIPTS})
    if counts["ja"]:  # kana never stand without Han for long; Han without kana is Chinese
        counts["ja"] += counts.pop("zh")
    code, found = counts.most_common(1)[0]
    if found and found >= latin / 2:
        if code == "ru":
            written = [word for word in words(text) if not _LATIN.search(word)]
            return cyrillic(written, " ".join(written))
        return next(
            (own for base, own, letters in _OWN_LETTERS if base == code and letters.search(text)), code
        )
    if latin < 2:
        return None
    spoken = " ".join(word for word in words(text) if _LATIN.search(word) and not any(map(str.isdigit, word)))
    features = language_features(spoken)
    if not features:
        return None
    code, sure = model.guess_language(features)
    return by_letters(spoken) or by_words(spoken.split(), code if sure >= sure_from else None, spoken)
