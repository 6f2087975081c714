"""Reads the error object of any provider into one shape; knows where each of them keeps what.

Owns the spellings of error bodies. Judges nothing: what the words mean is `table.py`, what the hints
are worth `waits.py`. Never raises, whatever it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import field
from typing import cast

from router.core.value import dataclass

MAX_TEXT = 4096
"""Characters of a message that rules look at; an error says what it is at its start."""

NO_QUOTA = re.compile(r"limit: 0\b(?!\.[0-9]*[1-9])")
"""Google's words for a quota that never refills."""
RATE_WORDS = frozenset({"rate_limit_exceeded", "rate_limit_reached_error", "slow_down"})

RETRY_FIELDS = (
    *("retry_after", "retry_after_seconds", "resets_in_seconds", "reset_in_seconds", "reset_after_seconds"),
    *("retryafter", "retryAfter", "retry_in", "resets_in", "wait_seconds"),
)
"""Where error bodies keep the seconds to wait, or a duration in words."""
RESET_FIELDS = ("resets_at", "reset_at", "resetsAt", "resetAt", "reset_time", "resetTime", "next_reset_time")
"""Where they keep the moment at which a limit is free again."""

STATUS_OF_WORD = {
    "authentication_error": 401,
    "authentication": 401,
    "invalid_api_key": 401,
    "unauthenticated": 401,
    "unauthorized": 401,
    "billing_error": 402,
    "payment_required": 402,
    "insufficient_credits": 402,
    "insufficient_balance": 402,
    "permission_error": 403,
    "permission_denied": 403,
    "forbidden": 403,
    "unsupported_country_region_territory": 403,
    "not_found_error": 404,
    "not_found": 404,
    "model_not_found": 404,
    "timeout": 504,
    "timeout_error": 504,
    "deadline_exceeded": 504,
    "conflict_error": 409,
    "request_too_large": 413,
    "payload_too_large": 413,
    "unprocessable": 422,
    "rate_limit_error": 429,
    "rate_limit_exceeded": 429,
    "rate_limit_reached_error": 429,
    "resource_exhausted": 429,
    "too_many_requests": 429,
    "insufficient_quota": 429,
    "credit_balance_exhausted": 429,
    "organization_usage_limit_exceeded": 429,
    "invalid_request_error": 400,
    "invalid_request": 400,
    "invalid_argument": 400,
    "invalid_prompt": 400,
    "failed_precondition": 400,
    "context_length_exceeded": 400,
    "string_too_long": 400,
    "max_tokens_exceeded": 400,
    "token_limit_exceeded": 400,
    "precondition_failed": 400,
    "content_policy_violation": 400,
    "content_filter": 400,
    "refusal": 400,
    "overloaded_error": 529,
    "provider_overloaded": 503,
    "server_is_overloaded": 503,
    "service_unavailable": 503,
    "unavailable": 503,
    "provider_unavailable": 502,
}
"""The HTTP status a word would have come with, for errors inside an answer whose head said 200."""


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """What an error object says, whoever wrote it."""

    words: tuple[str, ...] = ()
    """Machine words in lower case, the most specific first: code, error_type, reason, status, type."""
    status: int | None = None
    """The status the object itself carries, or that its words stand for."""
    message: str = ""
    """In lower case; may contain the caller's own text, so rules match it and nothing shows it."""
    raw: str = ""
    """What the provider behind an aggregator said, in lower case."""
    retryable: bool | None = None
    blocked: bool = False
    """It tells why the content was refused."""
    limit_source: str | None = None
    excluded_by: tuple[str, ...] = ()
    """Routing filters of an aggregator that left nobody to serve the request."""
    quota_ids: tuple[str, ...] = ()
    quota_is_zero: bool = False
    retry_delay: object = None
    retry_after: object = None
    resets_at: object = None
    limit_tokens: int | None = None
    """How many tokens its words say that there is room for."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers an aggregator copied into the body; names in lower case."""


_OF_A_FRAMEWORK = re.compile(r"(404 )?(page )?not found\.?|no route.{0,60}|method not allowed|forbidden")


def is_an_api_error(error: object) -> bool:
    """Tell whether parsed JSON is an error in a form that model APIs give it.

    A lone `{"detail": "Not Found"}` is what a web framework or a proxy says of a path it does not have.
    """
    node = _unwrap(error)
    if isinstance(node, dict) and len(node) == 1 and node is error:
        sentence = _text(next(iter(node.values())))
        return bool(sentence) and not _OF_A_FRAMEWORK.fullmatch(sentence)
    return bool(node) and isinstance(node, dict | str)


def read_error(error: object) -> ErrorBody:
    """Return what `error` (parsed JSON of any shape) says."""
    node = _unwrap(error)
    if not isinstance(node, dict):
        text = _text(node)
        return ErrorBody(message=text, limit_tokens=_limit_tokens(None, text))
    body = cast("dict[str, object]", node)
    metadata, availability = _table(body, "metadata"), _table(body, "availability")
    details = list(_details(body))
    violations = [v for detail in details for v in _tables(detail.get("violations"))]
    words = tuple(_words(body, metadata, availability, details))
    sentences = (body.get(name) for name in ("message", "detail", "msg", "error_msg", "status_msg"))
    message = _text(next((sentence for sentence in sentences if sentence), None))
    return ErrorBody(
        words=words,
        status=_status(body, words),
        message=message,
        raw=_text(metadata.get("raw")),
        retryable=_flag(availability.get("retryable")),
        blocked=any(metadata.get(name) for name in ("reasons", "patterns", "flagged_input")),
        limit_source=_word(metadata.get("limit_source")) or None,
        excluded_by=tuple(_strings(availability.get("excluded_by"))),
        quota_ids=tuple(_word(violation.get("quotaId")) for violation in violations),
        quota_is_zero=bool(NO_QUOTA.search(message))
        or any(str(violation.get("quotaValue")) == "0" for violation in violations),
        retry_delay=next((d["retryDelay"] for d in details if "retryDelay" in d), None),
        retry_after=_first(
            *(part.get(name) for part in (availability, metadata, body) for name in RETRY_FIELDS)
        ),
        resets_at=_first(*(part.get(name) for part in (metadata, body) for name in RESET_FIELDS)),
        limit_tokens=_limit_tokens(body.get("n_ctx"), message),
        headers={name.lower(): str(value) for name, value in _table(metadata, "headers").items()},
    )


_LIMIT = re.compile(
    r"(?:context length (?:is|of)(?: only)?|context length is only|model length of|prompt length is"
    r"|token limit:"
    r"|maximum input length(?: of| is)?|cannot exceed"
    r"|limit of|limit is|limit|less than|<=|\[1,|>|context length:?|allowed)"
    r"\D{0,12}?(\d{3,9})\b(?! requested)"
    r"|(\d{3,9})(?: tokens)? (?:maximum context length|maximum)"
)
"""The figure beside the words that announce a limit, in an error that says how much would have fitted."""


def _limit_tokens(field: object, message: str) -> int | None:
    if isinstance(field, int) and not isinstance(field, bool) and field > 0:
        return field
    found = _LIMIT.search(message)
    return int(found[1] or found[2]) if found else None


def _unwrap(error: object) -> object:
    """Return the object that holds the message: out of Gemini's list, out of the `error` around it."""
    for _ in range(4):
        if isinstance(error, list) and error:
            error = error[0]
        elif isinstance(error, dict) and isinstance(error.get("error"), dict | list | str):
            inner = error["error"]
            error_type = error.get("error_type")
            error = {"error_type": error_type, **inner} if isinstance(inner, dict) and error_type else inner
        else:
            break
    return error


def _words(
    body: Mapping[str, object],
    metadata: Mapping[str, object],
    availability: Mapping[str, object],
    details: list[Mapping[str, object]],
) -> Iterator[str]:
    code = _word(body.get("code"))
    found = [code, _word(availability.get("code"))]
    found += [_word(detail.get(name)) for detail in details for name in ("error_code", "reason")]
    found += [_word(_table(body, "innererror").get("code"))]
    found += [_word(metadata.get("error_type")), _word(body.get("error_type"))]
    found += [_word(metadata.get("limit_source")), _word(body.get("status"))]
    if code not in RATE_WORDS:  # OpenAI's type says `insufficient_quota` for more than it means: code decides
        found.append(_word(body.get("type")))
    yield from (word for word in found if word and not word.isdigit())


STATUS_OF_CODE = {
    **dict.fromkeys((1000, 1001, 1002, 1003, 1004), 401),
    **dict.fromkeys((1112, 1113), 402),
    1211: 404,
    **dict.fromkeys((1214, 1210), 400),
    1261: 400,
    1301: 400,
    **dict.fromkeys((1302, 1303, 1304, 1305, 1308, 1310), 429),
}
"""Zhipu's codes, by the status that means the same."""
STATUS_OF_BASE_RESP = {
    **dict.fromkeys((1002, 1039, 1041, 2045, 2056), 429),
    **dict.fromkeys((1004, 2049), 401),
    1008: 402,
    **dict.fromkeys((1000, 1001, 1013, 1024, 1033), 500),
    **dict.fromkeys((1026, 1027, 1042, 2013), 400),
}
"""MiniMax's codes, which stand under `base_resp`."""
STATUS_OF_BAIDU = {
    **dict.fromkeys((4, 17, 18, 19, 336501, 336502), 429),
    **dict.fromkeys((6, 13, 14, 15, 100, 110, 111), 401),
    336100: 500,
    336006: 400,
}
"""Baidu's codes, which stand under `error_code`."""


def _status_of_code(body: Mapping[str, object]) -> int | None:
    for name, known in (
        ("code", STATUS_OF_BASE_RESP if "base_resp" in body else STATUS_OF_CODE),
        ("error_code", STATUS_OF_BAIDU),
    ):
        value = body.get(name)
        number = int(value) if isinstance(value, str) and re.fullmatch(r"[0-9]{1,6}", value) else value
        if isinstance(number, int) and number in known:
            return known[number]
    return None


def _status(body: Mapping[str, object], words: tuple[str, ...]) -> int | None:
    coded = _status_of_code(body)
    if coded is not None:
        return coded
    for name in ("code", "status_code", "http_status", "status"):
        value = body.get(name)
        number = int(value) if isinstance(value, str) and re.fullmatch(r"[45][0-9]{2}", value) else value
        if isinstance(number, int) and 400 <= number <= 599:
            return number
    return next((STATUS_OF_WORD[word] for word in words if word in STATUS_OF_WORD), None)


def _details(body: Mapping[str, object]) -> Iterator[Mapping[str, object]]:
    """Yield the objects under `details`: a list at Google, one object at Anthropic."""
    details = body.get("details")
    yield from _tables(details if isinstance(details, list) else [details])


def _tables(value: object) -> Iterator[Mapping[str, object]]:
    if isinstance(value, list):
        yield from (item for item in value if isinstance(item, dict))


def _table(body: Mapping[str, object], name: str) -> Mapping[str, object]:
    value = body.get(name)
    return value if isinstance(value, dict) else {}


def _strings(value: object) -> Iterator[str]:
    if isinstance(value, list):
        yield from (item.lower() for item in value if isinstance(item, str))


def _first(*values: object) -> object:
    return next((value for value in values if value is not None), None)


def _flag(value: object) -> bool | None:
    return value if isinstance(value, bool) else None


def _word(value: object) -> str:
    return value.strip().lower() if isinstance(value, str) and len(value) <= 100 else ""


def _text(value: object) -> str:
    return value[:MAX_TEXT].lower() if isinstance(value, str) else ""
