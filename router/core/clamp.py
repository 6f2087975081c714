"""How many output tokens are asked for: never more than the model gives or the context leaves."""

from __future__ import annotations

from dataclasses import dataclass

from router.core.model import Deployment

MARGIN = 32
"""Tokens kept free for what a chat template adds around the messages."""


@dataclass(frozen=True, slots=True)
class Clamp:
    """The number sent, and why it is not the number asked."""

    max_tokens: int
    reason: str | None


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
    return Clamp(max(1, tokens), f"max_tokens {wish} → {max(1, tokens)}: {reason}" if reason else None)
