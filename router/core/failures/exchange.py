"""What one call to a deployment brought back, as far as it got.

An adapter fills an `Exchange` in; `failures.classify` reads it. It holds what the rules need and nothing of
the prompt or the answer beyond a capped error text.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import field
from enum import StrEnum

from router.core.settings.secret import Secret
from router.core.value import dataclass


class Fault(StrEnum):
    """How a connection failed before an answer's head arrived."""

    CONNECT_REFUSED = "connect_refused"
    DNS_FAILURE = "dns_failure"
    TLS_VERIFY_FAILED = "tls_verify_failed"
    CONNECT_TIMEOUT = "connect_timeout"
    CLOSED_BEFORE_WRITTEN = "closed_before_request_written"
    RESET_AFTER_SENT = "reset_after_request_sent"
    HEAD_TOO_LARGE = "head_too_large"
    """An answer began, with more headers than our client reads; the next one is read by another."""
    READ_TIMEOUT_AFTER_SENT = "read_timeout_after_request_sent"


class StreamEnd(StrEnum):
    """How an answer's body ended."""

    EOF = "eof"
    """The connection said it was done."""
    RESET = "reset"
    """It broke off."""
    HANG = "hang"
    """Nothing that counts as content came within the time-out."""
    TOO_LONG = "too_long"
    """A line or a body passed the size we read."""


@dataclass(frozen=True, slots=True)
class Exchange:
    """One call's outcome on the wire, before anyone judges it."""

    vendor: str
    """`openai`, `anthropic`, `gemini`, `openrouter`, `deepseek`, `groq`, `ollama`, ...: whose rules apply."""
    streamed: bool = False
    """Whether the answer was asked for as a stream."""
    status: int | None = None
    """None when no head arrived; then `fault` says why."""
    headers: Mapping[str, str] = field(default_factory=dict)
    """Names in lower case."""
    fault: Fault | None = None
    end: StreamEnd = StreamEnd.EOF
    error: object = field(default=None, repr=False)
    """The error found in the body or in the stream, as parsed JSON (dict, list or string); else None.

    Kept as it came, for the rules; nothing shows it.
    """
    text: str = field(default="", repr=False)
    """The body's first 16 KiB, where it was no answer (an error, HTML, broken JSON); never shown."""
    parsed: bool = True
    """Whether a 2xx body was the wire's own shape (valid JSON with an answer in it, valid events)."""
    content_seen: bool = False
    """Text, reasoning, a refusal or a tool call arrived."""
    reasoning_only: bool = False
    """All of it was reasoning, the answer never began. Set, like `delivered`, by whoever hands it on."""
    finish_reason: str | None = None
    """As the wire spelled it; None: it named none."""
    done: bool = False
    """The wire's own last word came (`[DONE]`, `message_stop`, `done: true`): the answer is whole."""
    output_tokens: int | None = None
    usage_seen: bool = False
    note: str | None = None
    """What is odd about it, in words; it is told with the judgement and changes none."""
    delivered: bool = False
    """Content has already gone to the caller, so nobody else may answer any more."""
    api_key: Secret | None = field(default=None, compare=False)
    """What was sent, so that no word of an error that repeats it is told."""
    input_share: float | None = None
    """How much of the configured context window the request fills by our estimate; None where unknown."""
