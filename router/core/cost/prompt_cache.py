"""Which parts of a prompt are marked for a provider's prompt cache, and what that does to its input.

Pure. Only the anthropic wire waits for marks; the others cache by themselves or not at all. What a caller has
marked stays as it is, and nothing is added to it: his marks are his plan.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from fnmatch import fnmatchcase

from router.core.cost.estimate import Cached, input_size
from router.core.cost.experience import Experience
from router.core.message import CacheMark, Message
from router.core.settings.deployments import Deployment
from router.core.settings.policy import Policy
from router.core.settings.providers import Wire
from router.core.value import dataclass

SYSTEM_ROLES = ("system", "developer")
LIFE_MS = 5 * 60_000
"""How long a prefix stays in a cache that nobody reads, where it is not paid for longer."""
LEAST_TOKENS = 1024
LEAST_OF_MODELS = (
    ("*haiku-4*", 4096),
    ("*opus-4-5*", 4096),
    ("*opus-4-6*", 4096),
    ("*opus-4.5*", 4096),
    ("*opus-4.6*", 4096),
    ("*haiku*", 2048),
)
"""The shortest prefix that is cached, where it is not 1,024 tokens; the first pattern that fits holds. From
Anthropic's page on prompt caching. A mark on less costs nothing and does nothing."""


@dataclass(frozen=True, slots=True)
class Wish:
    """What of a request is worth caching, found out when it came."""

    repeated: bool = False
    """All but its last message was sent before, or a rule says that it will be again."""
    continued: bool = False
    """It is a turn of a conversation, so the next one will begin with all of it."""


NO_WISH = Wish()


def wish(messages: Sequence[Message], *, ruled: bool, auto: bool, repeated: bool, session: bool) -> Wish:
    """Return what is worth caching: what a rule asks for; under `auto` what repeats or goes on."""
    if not (ruled or auto):
        return NO_WISH
    answered = any(message.role == "assistant" for message in messages)
    return Wish(ruled or (auto and repeated), auto and session and answered)


def watches_prefixes(policy: Policy) -> bool:
    """Tell whether anything is decided by what was sent before."""
    return policy.cache_prompts or any(rule.when.repeated_prefix is not None for rule in policy.rules)


def marked(
    messages: tuple[Message, ...], deployment: Deployment, wish: Wish, known: Experience
) -> tuple[Message, ...]:
    """Return the messages with marks behind the system prompt and the longest prefix that comes again."""
    if deployment.provider.wire is not Wire.ANTHROPIC or any(message.mark for message in messages):
        return messages
    ends = _ends(messages, wish)
    least = _least(deployment.model)
    return tuple(
        replace(message, mark=CacheMark.FIVE_MINUTES)
        if place in ends and message.text.strip() and _tokens_to(messages, place, known) >= least
        else message
        for place, message in enumerate(messages)
    )


def cached(messages: tuple[Message, ...], known: Experience, warm_tokens: int) -> Cached:
    """Return how much of marked messages is read from a cache that holds `warm_tokens`, and written to it."""
    ends = [place for place, message in enumerate(messages) if message.mark]
    if not ends:
        return Cached()
    whole = max(_tokens_to(messages, place, known) for place in ends)
    read = min(warm_tokens, whole)
    hour = any(message.mark is CacheMark.HOUR for message in messages)
    return Cached(read, whole - read, hour=hour)


def _ends(messages: Sequence[Message], wish: Wish) -> set[int]:
    if not (wish.repeated or wish.continued):
        return set()
    system = [place for place, message in enumerate(messages) if message.role in SYSTEM_ROLES]
    last = len(messages) - 1
    return {*system[-1:], last - 1 if wish.repeated else last} - {-1}


def _tokens_to(messages: tuple[Message, ...], place: int, known: Experience) -> int:
    """Return the tokens a provider has read by the end of a message; the wire sends system turns first."""
    system = messages[place].role in SYSTEM_ROLES
    before = tuple(
        message
        for at, message in enumerate(messages)
        if message.role in SYSTEM_ROLES or (at <= place and not system)
    )
    return known.input_tokens(input_size(before).probable)


def _least(model: str) -> int:
    return next((tokens for pattern, tokens in LEAST_OF_MODELS if fnmatchcase(model, pattern)), LEAST_TOKENS)
