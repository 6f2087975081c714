"""The Messages API, as Anthropic and those who speak its dialect have it."""

from router.core.dialects.anthropic.answers import (
    read_answer,
    read_error,
    write_answer,
    write_error,
    write_usage,
)
from router.core.dialects.anthropic.requests import NAME, read_request, write_request
from router.core.dialects.anthropic.streams import Reader, Writer, decoder

__all__ = [
    "NAME",
    "Reader",
    "Writer",
    "decoder",
    "read_answer",
    "read_error",
    "read_request",
    "write_answer",
    "write_error",
    "write_request",
    "write_usage",
]
