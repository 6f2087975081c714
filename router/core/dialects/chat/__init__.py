"""Chat Completions, as OpenAI and all its relatives speak it."""

from router.core.dialects.chat.answers import (
    read_answer,
    read_error,
    write_answer,
    write_error,
    write_usage,
)
from router.core.dialects.chat.requests import NAME, read_request, write_request
from router.core.dialects.chat.streams import Reader, Writer, decoder

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
