"""How many output tokens are asked for: never more than the model gives or the context leaves.

What may go into thinking is a part of them, so it is cut with them: some are always left for the answer.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from router.core.model import Deployment

MARGIN = 32
"""Tokens kept free for what a chat template adds around the messages."""
LEAST_THINKING = 1024
"""What Anthropic accepts at least; a smaller budget is refused, so it is left out."""
ROOM_FOR_ANSWER = 1024
"""Tokens that thinking leaves; of a small answer it is half of them."""


@dataclass(frozen=True, slots=True)
class Clamp:
    """The number sent, and why it is not the number asked; no reason where nothing was asked."""

    max_tokens: int
    reason: str | None
    thinking_tokens: int | None = None
    """The part that may go into thinking; None: none was asked for, or too little is left for it."""


def clamp(asked: int | None, default: int, deployment: Deployment, input_tokens: int) -> Clamp:
    """Return min(asked, the model's cap, context - input - margin), at least 1.

    `default` stands where the caller asked for nothing, so that a bound on the cost exists.
    """
    wish = default if asked is None else asked
    limits: list[tuple[int, str | None]] = [(wish, None)]
    if deployment.max_output_tokens is not None:
        limits.append((deployment.max_output_tokens, f"{deployment.name} gives at most that many"))
    if deployment.context_window is not None:
        left = deployment.context_window - input_tokens - MARGIN
        limits.append((left, f"the context of {deployment.context_window} leaves no more"))
    tokens, reason = min(limits, key=lambda limit: limit[0])
    changed = f"max_tokens {wish} → {max(1, tokens)}: {reason}"
    return Clamp(max(1, tokens), changed if reason and asked is not None else None)


def with_thinking(clamped: Clamp, asked: int | None) -> Clamp:
    """Return the clamp with the thinking that fits below its max_tokens, and why it is less than asked."""
    if asked is None:
        return clamped
    most = clamped.max_tokens - min(ROOM_FOR_ANSWER, -(-clamped.max_tokens // 2))
    if asked <= most:
        return replace(clamped, thinking_tokens=asked)
    left = most if most >= LEAST_THINKING else None
    changed = f"thinking {asked} → {left or 'none'}: it stays below max_tokens {clamped.max_tokens}"
    reason = f"{clamped.reason}; {changed}" if clamped.reason else changed
    return Clamp(clamped.max_tokens, reason, left)
