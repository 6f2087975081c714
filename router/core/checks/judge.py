"""Whether an answer is good enough to hand over: the checks a route may ask for, and their verdicts.

Pure: an answer in, a verdict out. What a failed check leads to is `escalation.py`; a check that runs a
program is judged here too, on what came of it, but run elsewhere, behind a port.

A verdict's words name the check and the place and never quote the answer: they are shown, and kept.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import NoReturn

from router.core.failures.finish_reasons import CUT_AT_LIMIT, REFUSED
from router.core.json_schema.keywords import Json
from router.core.json_schema.schema import Schema, TooMuchWork
from router.core.pattern import MAX_CHARACTERS, Pattern
from router.core.records.answers import CheckVerdict
from router.core.settings.checks import Check, CheckKind

MAX_DETAIL = 2_000
"""Characters kept of what a program said about an answer."""


@dataclass(frozen=True, slots=True)
class CommandResult:
    """What came of a command."""

    exit_code: int | None
    """None when it did not end by itself."""
    output: str = ""
    """The first of what it wrote, standard output and error together."""
    not_started: str | None = None
    """Why it could not be started; then it says nothing about the answer."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An answer that has not been handed over yet."""

    text: str
    finish_reason: str | None
    """As the wire spelled it."""
    kinds: frozenset[str] = frozenset({"text"})
    """Which kinds of content came: `text`, `reasoning`, `refusal`, `tool`."""


def judge(check: Check, draft: Draft, ran: CommandResult | None = None) -> CheckVerdict:
    """Judge one answer. `ran` is what came of the check's command; without it a command says nothing."""
    match check.kind:
        case CheckKind.EMPTY:
            found = None if draft.text.strip() else _empty(draft)
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
            return _verdict_of(check, ran or CommandResult(None, not_started="it was not run"))
        case _:
            return _read(check, draft)
    return CheckVerdict(check.name, found is None, found or "passed")


def _empty(draft: Draft) -> str:
    return "reasoning came, and no answer" if draft.kinds == {"reasoning"} else "the answer is empty"


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


def _read(check: Check, draft: Draft) -> CheckVerdict:
    """Judge by reading the text: JSON, a schema, a pattern."""
    try:
        if check.kind is CheckKind.REGEX:
            found = _unlike(check.pattern, draft.text.strip())
        else:
            found = _unfit(check.schema, unfenced(draft.text))
    except TooMuchWork:
        return CheckVerdict(
            check.name, True, "not judged: the answer is too large for this check", judged=False
        )
    return CheckVerdict(check.name, found is None, found or "passed")


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


def _verdict_of(check: Check, ran: CommandResult) -> CheckVerdict:
    program = check.command.run[0] if check.command else check.name
    limit_s = check.command.timeout_s if check.command else 0
    if ran.not_started is not None:
        return CheckVerdict(check.name, True, f"not judged: {program}: {ran.not_started}", judged=False)
    if ran.exit_code is None:
        said = f"{program} had not ended after {limit_s:g} s"
    elif ran.exit_code:
        said = f"{program} ended with {ran.exit_code}"
    else:
        return CheckVerdict(check.name, True, "passed")
    return CheckVerdict(check.name, False, said, detail=ran.output[:MAX_DETAIL])


MAX_REFUSAL_CHARACTERS = 500
"""Longer answers explain something; they are never taken for a refusal."""
_REFUSAL = re.compile(
    r"""
    (?: # English
        (?: (?: (?: i'?m | i\ am )\ (?:(?:very|so|really|truly)\ )? sorry | sorry | (?:i\ )? apologi[sz]e
              | my\ apologies | unfortunately ) [,.;:!—-]? \ ?
            (?: (?: for\ the\ inconvenience,?\ )? but\ )? )?
        (?: as\ an?\ (?:\w+\ ){0,3} (?:ai|assistant|language\ model) [\w -]{0,40},\ ? )?
        i\ ? (?: can'?t | can\ ?not | (?:am|'m)\ (?:unable|not\ able)\ to | won'?t | will\ not )
        \ (?:\w+ly\ )?
        (?: help (?!\ but\b) | assist | comply | fulfill?
          | (?:do|answer|discuss|continue|continue\ with)\ (?:that|this) | (?:engage|participate)\ in
          | (?:provide|create|generate|write|produce|share)\ (?: that | this | such | instructions | content
              | any\ (?:information|content|instructions|assistance)
              | information\ (?:on|about)\ (?:how\ to|that|this) ) )\b
    ) | (?: i\ must\ (?:respectfully\ )? (?:decline|refuse)\b
    ) | (?: # German
        (?: (?:es\ )? tut\ mir\ (?:sehr\ )? leid | entschuldigung | leider ) [,.]? \ ? (?:aber\ )?
        (?: ich\ kann | kann\ ich )\b .{0,60} \bnicht\b .{0,60}
        \b(?:helfen|weiterhelfen|unterstützen|erfüllen|beantworten|nachkommen)
    ) | (?: # Dutch
        (?: het\ spijt\ me | sorry | helaas ) [,.]? \ ? (?:maar\ )? (?: ik\ kan | kan\ ik )\b .{0,60}
        \b(?:niet|geen)\b .{0,60} \b(?:helpen|hulp|voldoen|beantwoorden|assisteren)
    ) | (?: # French
        (?: (?:je\ suis\ )? (?:vraiment\ )? désolée? | je\ regrette | malheureusement ) [,.]? \ ? (?:mais\ )?
        je\ ne\ (?:peux|suis)\b .{0,60} \b(?:aider|assister|répondre\ à\ cette|fournir|satisfaire)
    ) | (?: # Spanish
        (?: lo\ siento | lo\ lamento | me\ temo | lamentablemente ) [,.]? \ ? (?:pero\ |que\ )?
        no\ (?:puedo|me\ es\ posible)\b .{0,40} \b(?:ayudar|asistir|cumplir|responder\ a\ es[at]|proporcionar)
    ) | (?: # Italian
        (?: mi\ dispiace | spiacente | purtroppo ) [,.]? \ ? (?:ma\ )? non\ (?:posso|sono\ in\ grado\ di)\b
        .{0,40} \b(?:aiutar|assister|soddisfare|rispondere\ a\ quest[ao]|fornire)
    ) | (?: # Portuguese
        (?: sinto\ muito | desculpe | lamento | infelizmente ) [,.]? \ ? (?:mas\ )? (?:eu\ )?
        não\ (?:posso|consigo)\b .{0,40} \b(?:ajud|auxiliar|atender|responder\ a\ ess[ea]|fornecer)
    ) | (?: # Japanese
        (?:大変)? (?:申し訳(?:ありません|ございません)|すみません|ごめんなさい) (?:が|。|、) .{0,60}
        (?:お手伝い|お答え|対応|お応え|提供) (?:する(?:こと)?)? [はが]?
        (?:でき(?:ません|かねます)|いたしかねます)
    ) | (?: # Chinese
        (?:很?抱歉|对不起|對不起) [,,。!]? .{0,30} (?:无法|無法|不能) .{0,20}
        (?:帮助|幫助|协助|協助|提供|回答|满足)
    ) | (?: # Korean
        (?:죄송(?:합니다|하지만)|미안하지만) .{0,60}
        (?:도와드릴|도움을\ 드릴|제공할|답변할|응할)\ 수[는가]?\ 없
    )
    """,
    re.IGNORECASE | re.VERBOSE,
)


def is_refusal(text: str) -> bool:
    """Tell whether a text is short and begins as refusals do, in one of ten languages."""
    stripped = text.strip().strip("\"'*_> ")
    if not stripped or len(stripped) > MAX_REFUSAL_CHARACTERS:
        return False
    return _REFUSAL.match(stripped.replace("’", "'")) is not None
