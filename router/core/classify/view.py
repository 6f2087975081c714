"""The part of an ask that is worth judging: its opening and its end, pastes replaced by what they are.

People say what they want first or last; between stands what they pasted, and its words ("prove", "review")
are about something else. Looking at a bounded part also bounds the time. Must not judge.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

OPENING_CHARS = 400
CLOSING_CHARS = 250
READ_CHARS = 4000
"""So much is read at either end of a long ask; what lies between is a paste in any case."""
LAST_CHARS = 300
"""A last line that is longer is no question."""
_FENCE = re.compile(r"```.*?(?:```|\Z)", re.DOTALL)
_INLINE = re.compile(r"`([^`\n]{1,200})`")
_LINK = re.compile(r"https?://\S+")
_QUOTED_LINE = re.compile(r"^>.*$", re.MULTILINE)
_CODE_LINE = re.compile(
    r"^(?:\s*(?:def|class|import|from \w+ import|func|fn|public|private|static|const|let|var|return"
    r"|for \(|if \(|while \(|#include|package|SELECT\b.*\bFROM)\b.*|.*[;{}]\s*|\s+at \w.*|Traceback .*"
    r"|[+-]{3} .*|@@ .*|\S*\d{2}:\d{2}:\d{2}.*|\s*[\[{\]}].*|[^,\n]*(?:,[^,\n]+){3,})$",
    re.MULTILINE,
)
_STUB = re.compile(
    r"\s*(?:(?:from \w[\w.]* import .+|import \w[\w.]*(?: as \w+)?|#include\b.*|@\w.*|use \w+::.*"
    r"|//.*)\n\s*)*"
    r"(?:(?:async )?def \w+\(|class \w+[(:{]|(?:export |async )*function\*? \w+\(|(?:pub )?fn \w+[(<]"
    r"|func \w*\("
    r"|(?:(?:public|private|static|final|const) )+[\w<>\[\]]+ \w+ ?\()"
)
"""The beginning of a program: what imports it has, and its first function."""
_STEP = re.compile(r"^\s*(?:[-*•]|\d+[.)])\s", re.MULTILINE)
_STEP_WORDS = re.compile(
    r"\b(?:then|and then|after that|finally|step by step|and report)\b|, and (?=\w)", re.I
)
_PARAGRAPH = re.compile(r"\n\s*\n")


@dataclass(frozen=True, slots=True)
class AskView:
    """What is judged of an ask."""

    text: str
    """At most OPENING_CHARS + CLOSING_CHARS characters of what the person wrote."""
    marks: tuple[str, ...]
    """What was seen besides words: `code`, `link`, `quote`, `paste`, `question`, `steps`, and the length."""
    opens_with_code: bool = False
    """It begins with a function or a class, not with words."""
    last_line: str = ""
    """What stands last, where the ask has several lines: below a pasted text often the question itself."""


def view(ask: str) -> AskView:
    """Return the part of `ask` to judge; reads at most 2 x READ_CHARS characters of it."""
    text = ask if len(ask) <= 2 * READ_CHARS else f"{ask[:READ_CHARS]}\n\n{ask[-READ_CHARS:]}"
    marks = []
    for mark, pattern in (("code", _FENCE), ("quote", _QUOTED_LINE), ("link", _LINK)):
        text, found = pattern.subn(" ", text)
        if found:
            marks.append(mark)
    text = _INLINE.sub(r"\1", text)
    text, pasted = _without_paste(text)
    if pasted:
        marks.append("paste")
    if "?" in text or "？" in text or "؟" in text:
        marks.append("question")
    steps = len(_STEP.findall(text)) + len(_STEP_WORDS.findall(text))
    marks.append(f"steps{min(steps, 3)}")
    marks.append(f"length{min(len(ask).bit_length(), 13)}")
    _, newline, last = ask.rstrip()[-LAST_CHARS:].rpartition("\n")
    return AskView(
        text=_both_ends(text),
        marks=tuple(marks),
        opens_with_code=_STUB.match(ask) is not None,
        last_line=last.strip() if newline else "",
    )


def _without_paste(text: str) -> tuple[str, bool]:
    """Drop lines that look like code, logs, rows or JSON below a first line of words."""
    first, newline, rest = text.strip().partition("\n")
    if not newline:
        return first, False
    kept, dropped = _CODE_LINE.subn("", rest)
    return f"{first}\n{kept}", dropped >= 2


def _both_ends(text: str) -> str:
    """Keep the opening and the end; of several paragraphs, those at the ends."""
    text = text.strip()
    if len(text) <= OPENING_CHARS + CLOSING_CHARS:
        return text
    paragraphs = _PARAGRAPH.split(text)
    opening = text[:OPENING_CHARS] if len(paragraphs[0]) < 40 else paragraphs[0][:OPENING_CHARS]
    closing = text[-CLOSING_CHARS:] if len(paragraphs) == 1 else paragraphs[-1][-CLOSING_CHARS:]
    return f"{opening}\n{closing}"
