"""Reads the error object of any provider into one shape; knows where each of them keeps what.

Owns the spellings of error bodies. Judges nothing: what the words mean is `table.py`, what the hints
are worth `waits.py`. Never raises, whatever it is given.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import cast

MAX_TEXT = 4096
"""Characters of a message that rules look at; an error says what it is at its start."""

NO_QUOTA = re.compile(r"limit: 0\b(?!\.[0-9]*[1-9])")
"""Google's words for a quota that never refills."""
RATE_WORDS = frozenset({"rate_limit_exceeded", "rate_limit_reached_error", "slow_down"})

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
    headers: Mapping[str, str] = field(default_factory=dict)
    """Headers an aggregator copied into the body; names in lower case."""


def read_error(error: object) -> ErrorBody:
    """Return what `error` (parsed JSON of any shape) says."""
    node = _unwrap(error)
    if not isinstance(node, dict):
        return ErrorBody(message=_text(node))
    body = cast("dict[str, object]", node)
    metadata, availability = _table(body, "metadata"), _table(body, "availability")
    details = list(_details(body))
    violations = [v for detail in details for v in _tables(detail.get("violations"))]
    words = tuple(_words(body, metadata, availability, details))
    message = _text(body.get("message") or body.get("detail") or body.get("msg"))
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
        retry_after=_first(availability.get("retry_after"), metadata.get("retry_after_seconds")),
        resets_at=_first(metadata.get("resets_at"), body.get("resets_at")),
        headers={name.lower(): str(value) for name, value in _table(metadata, "headers").items()},
    )


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


def _status(body: Mapping[str, object], words: tuple[str, ...]) -> int | None:
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
