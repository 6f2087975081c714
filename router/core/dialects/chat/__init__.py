"""Chat Completions, as OpenAI and all its relatives speak it."""

from router.core.dialects.chat.requests import NAME, read_request, write_request

__all__ = ["NAME", "read_request", "write_request"]
