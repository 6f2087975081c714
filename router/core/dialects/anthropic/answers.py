"""Whole answers, usage and errors of the Messages API, read and written."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.dialects.anthropic.requests import NAME, read_block, write_block
from router.core.dialects.fields import Fields, given
from router.core.dialects.reply import ApiError, ErrorKind, Finish, Reply
from router.core.message import ToolCall
from router.core.records.usage import Usage
from router.core.usage import read_anthropic

FINISHES = {
    "end_turn": Finish.STOP,
    "stop_sequence": Finish.STOP_SEQUENCE,
    "max_tokens": Finish.LENGTH,
    "tool_use": Finish.TOOL_CALLS,
    "refusal": Finish.FILTERED,
    "pause_turn": Finish.PAUSED,
    "model_context_window_exceeded": Finish.CONTEXT_FULL,
}
WORDS = {finish: word for word, finish in FINISHES.items()}
_ERRORS: Mapping[ErrorKind, tuple[int, str]] = {
    ErrorKind.BAD_REQUEST: (400, "invalid_request_error"),
    ErrorKind.CONTEXT_OVERFLOW: (400, "invalid_request_error"),
    ErrorKind.AUTHENTICATION: (401, "authentication_error"),
    ErrorKind.BILLING: (402, "billing_error"),
    ErrorKind.PERMISSION: (403, "permission_error"),
    ErrorKind.NOT_FOUND: (404, "not_found_error"),
    ErrorKind.TOO_LARGE: (413, "request_too_large"),
    ErrorKind.RATE_LIMIT: (429, "rate_limit_error"),
    ErrorKind.SERVER: (500, "api_error"),
    ErrorKind.OVERLOADED: (529, "overloaded_error"),
    ErrorKind.TIMEOUT: (504, "timeout_error"),
}
TOO_LONG = "prompt is too long: "
"""By these words clients know that they must compact themselves."""


def read_answer(body: object) -> Reply:
    """Return a whole answer. Raises Unreadable."""
    fields = Fields(body)
    parts = tuple(read_block(block) for block in fields.each("content"))
    reason = fields.text("stop_reason")
    for known in ("type", "role", "usage"):
        fields.take(known)
    return Reply(
        parts,
        finish_of(reason, calls=any(isinstance(part, ToolCall) for part in parts)),
        read_anthropic(body).usage,
        fields.text("id") or "",
        fields.text("model") or "",
        stop_sequence=fields.text("stop_sequence"),
        dialect=NAME,
        extra=fields.rest(),
    )


def write_answer(reply: Reply) -> dict[str, object]:
    """Return the body of a whole answer."""
    calls = any(isinstance(part, ToolCall) for part in reply.parts)
    return {
        "id": reply.id,
        "type": "message",
        "role": "assistant",
        "model": reply.model,
        "content": [write_block(part) for part in reply.parts],
        "stop_reason": word_for(reply.finish or Finish.STOP, calls=calls),
        "stop_sequence": reply.stop_sequence,
        "usage": write_usage(reply.usage),
        **(reply.extra or {}),
    }


def finish_of(reason: str | None, *, calls: bool) -> Finish | None:
    """Return why an answer ended; who calls tools waits for them."""
    if not reason:
        return None
    finish = FINISHES.get(reason, Finish.STOP)
    return Finish.TOOL_CALLS if calls and finish is Finish.STOP else finish


def word_for(finish: Finish, *, calls: bool) -> str:
    """Return the word for an end; `tool_use` is said where there are calls, and nowhere else."""
    if finish in (Finish.STOP, Finish.TOOL_CALLS):
        return "tool_use" if calls else "end_turn"
    return WORDS[finish]


def write_usage(usage: Usage) -> dict[str, object]:
    """Return the usage object; what is not known is left out."""
    read, written, hour = usage.cache_read_tokens, usage.cache_write_tokens, usage.cache_write_1h_tokens
    fresh = None if usage.input_tokens is None else usage.input_tokens - (read or 0) - (written or 0)
    lives = None
    if hour is not None and written is not None:
        lives = {"ephemeral_5m_input_tokens": written - hour, "ephemeral_1h_input_tokens": hour}
    thoughts = usage.reasoning_tokens
    return given(
        input_tokens=fresh,
        cache_read_input_tokens=read,
        cache_creation_input_tokens=written,
        cache_creation=lives,
        output_tokens=usage.output_tokens,
        output_tokens_details=None if thoughts is None else {"thinking_tokens": thoughts},
    )


def write_error(error: ApiError) -> tuple[int, dict[str, object]]:
    """Return the status and the body of an error."""
    status, kind = _ERRORS[error.kind]
    overflows = error.kind is ErrorKind.CONTEXT_OVERFLOW and not error.message.startswith(TOO_LONG)
    message = TOO_LONG + error.message if overflows else error.message
    return status, {"type": "error", "error": {"type": kind, "message": message}}


def read_error(status: int, body: object) -> ApiError:
    """Return what `write_error` said. What any provider's error means is `core/failures`'s."""
    fields = Fields(body).inner("error")
    kind, message = fields.text("type"), fields.text("message") or ""
    if message.startswith(TOO_LONG):
        return ApiError(ErrorKind.CONTEXT_OVERFLOW, message.removeprefix(TOO_LONG))
    found = next((one for one, told in _ERRORS.items() if told == (status, kind)), ErrorKind.SERVER)
    return ApiError(found, message)
