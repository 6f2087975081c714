"""Keyed hashes that tell equal prompts apart from different ones without storing either."""

from __future__ import annotations

import hmac
from collections.abc import Iterable

from router.core.message import Message
from router.core.request import Request
from router.core.settings.secret import Secret


def fingerprints(messages: tuple[Message, ...], key: Secret) -> tuple[str, str | None]:
    """Return `prompt_fingerprint` and `prefix_fingerprint`, for which the messages are read once."""
    digest = hmac.new(key.reveal().encode(), digestmod="sha256")
    for message in messages[:-1]:
        _update(digest, message)
    prefix = digest.hexdigest()[:32] if len(messages) > 1 else None
    for message in messages[-1:]:
        _update(digest, message)
    return digest.hexdigest()[:32], prefix


def prompt_fingerprint(messages: Iterable[Message], key: Secret) -> str:
    """Return 32 hex digits for a whole conversation: HMAC-SHA-256 under the install's own key."""
    return fingerprints(tuple(messages), key)[0]


def request_fingerprint(request: Request, route: str, key: Secret) -> str:
    """Return 32 hex digits for all of a request that its answer may depend on, asked of one route."""
    asked = (route, request.max_tokens, request.thinking_tokens, sorted(request.needs))
    return prompt_fingerprint((Message("", repr(asked)), *request.messages), key)


def prefix_fingerprint(messages: tuple[Message, ...], key: Secret) -> str | None:
    """Return the fingerprint of all but the last message, which a provider's cache could reuse."""
    return prompt_fingerprint(messages[:-1], key) if len(messages) > 1 else None


def _update(digest: hmac.HMAC, message: Message) -> None:
    said = message.content if isinstance(message.content, str) else repr(message.content)
    for part in (message.role, said):
        raw = part.encode(errors="surrogatepass")
        digest.update(len(raw).to_bytes(8, "big"))
        digest.update(raw)
