"""Accounts at endpoints, as the configuration says them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from router.core.settings.secret import Secret


class Wire(StrEnum):
    """The dialect a provider speaks; one adapter each."""

    OPENAI = "openai"
    ANTHROPIC = "anthropic"
    OLLAMA = "ollama"
    LLAMACPP = "llamacpp"


class Billing(StrEnum):
    """What a call to a deployment costs its owner."""

    METERED = "metered"
    FREE = "free"
    LOCAL = "local"
    SUBSCRIPTION = "subscription"


@dataclass(frozen=True, slots=True)
class Provider:
    """An account at an endpoint."""

    name: str
    wire: Wire
    billing: Billing
    base_url: str | None = None
    """Without a trailing slash; None for the embedded model, whose address is known once it runs."""
    api_key: Secret | None = None
    key_name: str | None = None
    """The environment variable the key is read from, for the words "set GEMINI_API_KEY"."""
    catalogue: str | None = None
    """The vendor's name in the price catalogue and in the failure rules, where it is not `name`."""
    proxy: str | None = None
    trains: bool | None = None
    """Whether it may learn from prompts; None: nobody has said."""

    headers: tuple[tuple[str, Secret], ...] = ()
    """Sent with every call beside the wire's own; secret, since a header may hold a key."""
    query: tuple[tuple[str, Secret], ...] = ()
    """Behind every address, as `?name=value`."""
    body: Mapping[str, object] = field(default_factory=dict)
    """Laid over the body of every call, as JSON; mappings are merged, anything else is replaced."""
    usage_at: str | None = None
    """Where a body or a chunk holds its usage, as a dotted path, where the wire has it elsewhere."""

    @property
    def vendor(self) -> str:
        """The name the price catalogue and the failure rules know this provider by."""
        return self.catalogue or self.name
