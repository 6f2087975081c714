"""How answers end, in the words of every wire: finished, cut at a limit, refused, or failed.

An open list: providers and local servers make up words for a normal stop, so a word in none of these lists
ends a good answer when content came. Only a word that says failure is one.
"""

from __future__ import annotations

from collections.abc import Callable

from router.core.failures.rules import Findings

FINISHED = (
    *("stop", "end_turn", "stop_sequence", "tool_calls", "tool_use", "function_call", "pause_turn", "eos"),
    *("eos_token", "complete", "completed", "stop_string"),
)
CUT_AT_LIMIT = (
    *("length", "max_tokens", "model_length", "model_context_window_exceeded"),
    *("max_output_tokens", "max_length", "error_limit"),
)
REFUSED = (
    *("content_filter", "refusal", "safety", "recitation", "blocklist", "prohibited_content", "spii"),
    *("image_safety", "image_prohibited_content", "image_recitation", "sensitive", "content_filtered"),
    *("guardrail_intervened", "error_toxic", "language"),
)
FAILED = (
    *("error", "network_error", "abort", "aborted", "insufficient_system_resource", "engine_overloaded"),
    *("timeout", "cancelled", "user_cancel"),
)
MODEL_FAILED = (
    *("malformed_function_call", "unexpected_tool_call", "too_many_tool_calls", "missing_thought_signature"),
    *("malformed_response",),
)
"""The model wrote what its own server cannot read; asked again it may not."""
KNOWN = frozenset((*FINISHED, *CUT_AT_LIMIT, *REFUSED, *FAILED, *MODEL_FAILED))


def finish_is(*names: str) -> Callable[[Findings], bool]:
    """Whole answers that ended so; Google adds a detail after a colon."""
    return lambda found: found.finish.split(":")[0] in names


def finish_is_unknown(found: Findings) -> bool:
    """Whole answers that ended with a word in none of the lists."""
    return found.finish.split(":")[0] not in KNOWN
