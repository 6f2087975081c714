"""How many output tokens are asked for: never more than the model gives or the context leaves.

What may go into thinking is a part of them, so it is cut with them: some are always left for the answer.
"""

from __future__ import annotations

import re
from dataclasses import replace

from router.core.settings.deployments import Deployment
from router.core.settings.providers import Wire
from router.core.value import dataclass

MARGIN = 32
"""Tokens kept free for what a chat template adds around the messages."""
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


def with_thinking(clamped: Clamp, asked: int | None, budgets: ThinkingRange | None) -> Clamp:
    """Return the clamp with the thinking that fits below its max_tokens, and why it is less than asked.

    `budgets` are those that the deployment takes; what is below the least of them is left out.
    """
    if asked is None:
        return clamped
    if budgets is None:
        return _thinking(clamped, asked, None, "it takes no thinking budget")
    room = clamped.max_tokens - min(ROOM_FOR_ANSWER, -(-clamped.max_tokens // 2))
    limits: list[tuple[int, str | None]] = [(asked, None)]
    limits.append((room, f"it stays below max_tokens {clamped.max_tokens}"))
    if budgets.most is not None:
        limits.append((budgets.most, "it takes no more"))
    tokens, reason = min(limits, key=lambda limit: limit[0])
    if tokens < budgets.least:
        return _thinking(clamped, asked, None, reason or f"it takes {budgets.least} at least")
    return _thinking(clamped, asked, tokens, reason)


def _thinking(clamped: Clamp, asked: int, tokens: int | None, reason: str | None) -> Clamp:
    if reason is None:
        return replace(clamped, thinking_tokens=tokens)
    changed = f"thinking {asked} → {tokens or 'none'}: {reason}"
    return Clamp(clamped.max_tokens, f"{clamped.reason}; {changed}" if clamped.reason else changed, tokens)


@dataclass(frozen=True, slots=True)
class ThinkingRange:
    """Which budgets a model takes, in tokens."""

    least: int = 1
    most: int | None = None


_GEMINI = ("google", "gemini")
_BUDGETS: tuple[tuple[Wire, tuple[str, ...], re.Pattern[str], ThinkingRange], ...] = (
    # Claude 4.7 and later answer 400 to a budget; they decide by themselves.
    (
        Wire.ANTHROPIC,
        ("anthropic",),
        re.compile(r"claude-3-7-.*|claude-(opus|sonnet|haiku)-4(-[0156])?(-([0-9]{8}|latest))?"),
        ThinkingRange(1024),
    ),
    # Passes it on as each of its models wants it.
    (Wire.OPENAI, ("openrouter",), re.compile(r".*"), ThinkingRange()),
    # Gemini 3 and later think by level.
    (Wire.OPENAI, _GEMINI, re.compile(r"gemini-2\.5-pro.*"), ThinkingRange(128, 32_768)),
    (Wire.OPENAI, _GEMINI, re.compile(r"gemini-2\.5-flash-lite.*"), ThinkingRange(512, 24_576)),
    (Wire.OPENAI, _GEMINI, re.compile(r"gemini-2\.5-flash.*"), ThinkingRange(1, 24_576)),
)


def thinking_range(deployment: Deployment) -> ThinkingRange | None:
    """Return which thinking budgets a deployment takes; None when it takes none."""
    provider = deployment.provider
    fits = (
        budgets
        for wire, vendors, models, budgets in _BUDGETS
        if provider.wire is wire and provider.vendor in vendors and models.fullmatch(deployment.model)
    )
    return next(fits, None)
