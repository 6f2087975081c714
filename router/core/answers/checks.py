"""Whether an answer is good enough to hand over: the checks a route may ask for, and their verdicts.

Pure: an answer in, a verdict out. What a failed check leads to is `escalation.py`; a check that runs a
program is judged here too, on what came of it, but run elsewhere, behind a port.

A verdict's words name the check and the place and never quote the answer: they are shown, and kept.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from enum import StrEnum
from typing import NoReturn

from router.core.answers.json_schema import Schema, TooMuchWork
from router.core.answers.json_schema_keywords import Json
from router.core.answers.refusals import is_refusal
from router.core.failures.finish_reasons import CUT_AT_LIMIT, REFUSED
from router.core.pattern import MAX_CHARACTERS, Pattern

MAX_DETAIL = 2_000
"""Characters kept of what a program said about an answer."""


class CheckKind(StrEnum):
    """What a check looks at."""

    EMPTY = "empty"
    CUT = "cut"
    REFUSAL = "refusal"
    JSON = "json"
    JSON_SCHEMA = "json_schema"
    REGEX = "regex"
    MIN_LENGTH = "min_length"
    MAX_LENGTH = "max_length"
    COMMAND = "command"


@dataclass(frozen=True, slots=True)
class Command:
    """A program of the user's own that judges an answer."""

    run: tuple[str, ...]
    """The program and its arguments; no shell. It reads the answer on its standard input."""
    timeout_s: float = 10.0


@dataclass(frozen=True, slots=True)
class Ran:
    """What came of a command."""

    exit_code: int | None
    """None when it did not end by itself."""
    output: str = ""
    """The first of what it wrote, standard output and error together."""
    not_started: str | None = None
    """Why it could not be started; then it says nothing about the answer."""


@dataclass(frozen=True, slots=True)
class Check:
    """One check of a route; of the values after `kind` it has the one that its kind needs."""

    name: str
    """What its pass rate is kept under; unique in its route."""
    kind: CheckKind
    pattern: Pattern | None = None
    schema: Schema | None = None
    length: int = 0
    """In characters."""
    command: Command | None = None


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that has not been handed over yet."""

    text: str
    finish_reason: str | None
    """As the wire spelled it."""
    kinds: frozenset[str] = frozenset({"text"})
    """Which kinds of content came: `text`, `reasoning`, `refusal`, `tool`."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a check says of an answer."""

    check: str
    """Its name."""
    passed: bool
    why: str
    """For a person; holds nothing of the answer."""
    judged: bool = True
    """False when it could not say; such an answer passes and counts for nothing."""
    detail: str = ""
    """What a program wrote about the answer, capped; goes to the next model and is not kept."""


def judge(check: Check, draft: Draft, ran: Ran | None = None) -> Verdict:
    """Judge one answer. `ran` is what came of the check's command; without it a command says nothing."""
    match check.kind:
        case CheckKind.EMPTY:
            found = None if draft.text.strip() else "the answer is empty"
        case CheckKind.CUT:
            found = _cut(draft)
        case CheckKind.REFUSAL:
            found = _refused(draft)
        case CheckKind.MIN_LENGTH:
            short = len(draft.text.strip()) < check.length
            found = f"the answer has fewer than {check.length} characters" if short else None
        case CheckKind.MAX_LENGTH:
            long = len(draft.text.strip()) > check.length
            found = f"the answer has more than {check.length} characters" if long else None
        case CheckKind.COMMAND:
            return _verdict_of(check, ran or Ran(None, not_started="it was not run"))
        case _:
            return _read(check, draft)
    return Verdict(check.name, found is None, found or "passed")


def unfenced(text: str) -> str:
    """Return what stands in an answer that is one fenced block and nothing else; any other text as it is."""
    stripped = text.strip()
    head, newline, rest = stripped.partition("\n")
    fenced = head.startswith("```") and "`" not in head[3:] and rest.endswith("```")
    if not newline or not fenced or "\n```" in rest[:-3].rstrip("\n"):
        return stripped
    return rest[:-3].strip()


def _cut(draft: Draft) -> str | None:
    if draft.finish_reason is None:
        return "the answer broke off"
    if draft.finish_reason.lower() in CUT_AT_LIMIT:
        return f"the answer was cut at its token limit (finish reason {draft.finish_reason})"
    return None


def _refused(draft: Draft) -> str | None:
    reason = (draft.finish_reason or "").lower().split(":")[0]
    if "refusal" in draft.kinds or reason in REFUSED or is_refusal(draft.text):
        return "the answer is a refusal"
    return None


def _read(check: Check, draft: Draft) -> Verdict:
    """Judge by reading the text: JSON, a schema, a pattern."""
    try:
        if check.kind is CheckKind.REGEX:
            found = _unlike(check.pattern, draft.text.strip())
        else:
            found = _unfit(check.schema, unfenced(draft.text))
    except TooMuchWork:
        return Verdict(check.name, True, "not judged: the answer is too large for this check", judged=False)
    return Verdict(check.name, found is None, found or "passed")


def _unlike(pattern: Pattern | None, text: str) -> str | None:
    if len(text) > MAX_CHARACTERS:
        raise TooMuchWork
    if pattern is None or pattern.occurs_in(text):
        return None
    return f"the answer does not match {pattern.text}"


def _unfit(schema: Schema | None, text: str) -> str | None:
    try:
        value: Json = json.loads(text, parse_constant=_no_number)
    except json.JSONDecodeError as error:
        return f"the answer is not JSON: {error.msg} in line {error.lineno}, column {error.colno}"
    except (ValueError, RecursionError):  # NaN; a number of thousands of digits; brackets without end
        return "the answer is not JSON that can be read"
    said = schema.misfit(value) if schema else None
    return f"the answer does not fit the JSON schema: {said}" if said else None


def _no_number(name: str) -> NoReturn:
    raise ValueError(f"{name} is not JSON")


def _verdict_of(check: Check, ran: Ran) -> Verdict:
    program = check.command.run[0] if check.command else check.name
    limit_s = check.command.timeout_s if check.command else 0
    if ran.not_started is not None:
        return Verdict(check.name, True, f"not judged: {program}: {ran.not_started}", judged=False)
    if ran.exit_code is None:
        said = f"{program} had not ended after {limit_s:g} s"
    elif ran.exit_code:
        said = f"{program} ended with {ran.exit_code}"
    else:
        return Verdict(check.name, True, "passed")
    return Verdict(check.name, False, said, detail=ran.output[:MAX_DETAIL])
