"""Which answers are kept so that they may stand in when nobody can serve, and for which requests.

Only exact ones: the same words, asked of the same route in the same way. An answer that merely resembles
another question's would be handed over with the same face. Keeping is the ledger's.
"""

from __future__ import annotations

from collections.abc import Collection

from router.core.message import ToolResult
from router.core.request import Request
from router.core.settings.deployments import Need

WHOLE = frozenset({"stop", "end_turn"})
"""Finish reasons of an answer that ended by itself."""
TEXT = frozenset({"text", "reasoning"})
"""Kinds of content such an answer may be made of; its text alone is kept."""


def may_stand_in(request: Request) -> bool:
    """Tell whether a kept answer may ever be one to this request: plain text asked, no turn of a tool."""
    beyond = request.needs - {Need.JSON}
    return not beyond and not any(
        message.role == "tool" or any(isinstance(part, ToolResult) for part in message.parts)
        for message in request.messages
    )


def is_worth_keeping(text: str, kinds: Collection[str], finish_reason: str | None) -> bool:
    """Tell whether an answer is whole, says something, and is nothing but text."""
    return bool(text.strip()) and set(kinds) <= TEXT and finish_reason in WHOLE
