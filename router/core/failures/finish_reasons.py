"""How answers end, in the words of every wire: finished, cut at a limit, or refused.

A finish reason in none of these lists is no success.
"""

from __future__ import annotations

from collections.abc import Callable

from router.core.failures.rules import Findings

FINISHED = (
    "stop",
    "end_turn",
    "stop_sequence",
    "tool_calls",
    "tool_use",
    "function_call",
    "pause_turn",
    "eos",
)
CUT_AT_LIMIT = ("length", "max_tokens", "model_length", "model_context_window_exceeded")
REFUSED = (
    *("content_filter", "refusal", "safety", "recitation", "blocklist", "prohibited_content", "spii"),
    *("image_safety", "image_prohibited_content"),
)


def finish_is(*names: str) -> Callable[[Findings], bool]:
    """Whole answers that ended so; Google adds a detail after a colon."""
    return lambda found: found.finish.split(":")[0] in names
