"""Whole answers, usage and errors of Chat Completions, read and written."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.dialects.chat.requests import NAME, read_said, write_said
from router.core.dialects.fields import Fields, given
from router.core.dialects.reply import ApiError, ErrorKind, Finish, Reply
from router.core.message import ToolCall
from router.core.records.usage import NO_USAGE, Usage
from router.core.usage import read_openai

FINISHES = {
    "stop": Finish.STOP,
    "length": Finish.LENGTH,
    "tool_calls": Finish.TOOL_CALLS,
    "function_call": Finish.TOOL_CALLS,
    "content_filter": Finish.FILTERED,
}
_WORDS = {
    Finish.LENGTH: "length",
    Finish.CONTEXT_FULL: "length",
    Finish.TOOL_CALLS: "tool_calls",
    Finish.FILTERED: "content_filter",
}
_ERRORS: Mapping[ErrorKind, tuple[int, str, str | None]] = {
    ErrorKind.BAD_REQUEST: (400, "invalid_request_error", None),
    ErrorKind.CONTEXT_OVERFLOW: (400, "invalid_request_error", "context_length_exceeded"),
    ErrorKind.AUTHENTICATION: (401, "invalid_request_error", "invalid_api_key"),
    ErrorKind.BILLING: (429, "insufficient_quota", "insufficient_quota"),
    ErrorKind.PERMISSION: (403, "permission_error", None),
    ErrorKind.NOT_FOUND: (404, "invalid_request_error", "model_not_found"),
    ErrorKind.TOO_LARGE: (413, "invalid_request_error", "request_too_large"),
    ErrorKind.RATE_LIMIT: (429, "rate_limit_error", "rate_limit_exceeded"),
    ErrorKind.SERVER: (500, "server_error", None),
    ErrorKind.OVERLOADED: (503, "server_error", "server_is_overloaded"),
    ErrorKind.TIMEOUT: (504, "server_error", "timeout"),
}
"""Status, type and code; the type steers some clients more than the status does."""


def read_answer(body: object) -> Reply:
    """Return a whole answer: its first choice. Raises Unreadable."""
    fields = Fields(body)
    choices = fields.each("choices")
    message = choices[0].inner("message") if choices else Fields({})
    message.take("role")
    parts = tuple(read_said(message))
    reason = choices[0].text("finish_reason") if choices else None
    usage = read_openai(body).usage
    answer_id, created, model = fields.text("id"), fields.whole("created"), fields.text("model")
    for known in ("object", "usage"):
        fields.take(known)
    return Reply(
        parts,
        finish_of(reason, calls=any(isinstance(part, ToolCall) for part in parts)),
        usage,
        answer_id or "",
        model or "",
        created or 0,
        dialect=NAME,
        extra=fields.rest(),
    )


def write_answer(reply: Reply) -> dict[str, object]:
    """Return the body of a whole answer."""
    message = {"role": "assistant", "content": None, "refusal": None, **write_said(reply.parts)}
    choice = {"index": 0, "message": message, "logprobs": None, "finish_reason": reason_of(reply)}
    return given(
        id=reply.id,
        object="chat.completion",
        created=reply.created,
        model=reply.model,
        choices=[choice],
        usage=write_usage(reply.usage),
    ) | dict(reply.extra or {})


def finish_of(reason: str | None, *, calls: bool) -> Finish | None:
    """Return why an answer ended; who calls tools waits for them, whatever word local servers say for it."""
    if not reason:
        return None
    finish = FINISHES.get(reason, Finish.STOP)
    return Finish.TOOL_CALLS if calls and finish is Finish.STOP else finish


def reason_of(reply: Reply) -> str:
    """Return the word for why an answer ended."""
    calls = any(isinstance(part, ToolCall) for part in reply.parts)
    return word_for(reply.finish or Finish.STOP, calls=calls)


def word_for(finish: Finish, *, calls: bool) -> str:
    """Return the word for an end; `tool_calls` is said where there are some, and nowhere else."""
    word = _WORDS.get(finish, "stop")
    if calls and word == "stop":
        return "tool_calls"
    return "stop" if word == "tool_calls" and not calls else word


def write_usage(usage: Usage) -> dict[str, object] | None:
    """Return the usage object; None where input or output are not known, for it has no word for that."""
    if usage == NO_USAGE or usage.input_tokens is None or usage.output_tokens is None:
        return None
    read, written = usage.cache_read_tokens, usage.cache_write_tokens
    thoughts = usage.reasoning_tokens
    return given(
        prompt_tokens=usage.input_tokens,
        completion_tokens=usage.output_tokens,
        total_tokens=usage.input_tokens + usage.output_tokens,
        prompt_tokens_details=given(cached_tokens=read, cache_write_tokens=written) or None,
        completion_tokens_details=None if thoughts is None else {"reasoning_tokens": thoughts},
    )


def write_error(error: ApiError) -> tuple[int, dict[str, object]]:
    """Return the status and the body of an error."""
    status, kind, code = _ERRORS[error.kind]
    return status, {"error": {"message": error.message, "type": kind, "param": None, "code": code}}


def read_error(status: int, body: object) -> ApiError:
    """Return what `write_error` said. What any provider's error means is `core/failures`'s."""
    fields = Fields(body).inner("error")
    said = (status, fields.text("type"), fields.text("code"))
    kinds = [kind for kind, told in _ERRORS.items() if told == said]
    kinds += [kind for kind, told in _ERRORS.items() if told[0] == status]
    return ApiError(next(iter(kinds), ErrorKind.SERVER), fields.text("message") or "")
