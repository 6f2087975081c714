"""How providers that speak the openai wire differ in what they accept, as data.

Owns nothing else: the wire itself stands in `openai_wire.py`, what usage and errors look like in `core`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from router.core.settings.providers import Provider, Wire


@dataclass(frozen=True, slots=True)
class Variant:
    """What a provider wants to be asked differently."""

    max_tokens: str = "max_tokens"
    """The field that limits the answer."""
    stream_options: bool = True
    """Whether it takes `stream_options`; without it, it sends usage unasked."""
    headers: tuple[tuple[str, str], ...] = ()
    """Sent beside the usual ones."""
    thinking_budget: tuple[str, ...] = ()
    """The path of the field that limits thinking; empty where there is none."""

    def thinking(self, tokens: int) -> dict[str, object]:
        """Return the fields that ask for at most so many tokens of thinking; none where none can."""
        if not self.thinking_budget:
            return {}
        *outer, last = self.thinking_budget
        fields: dict[str, object] = {last: tokens}
        for name in reversed(outer):
            fields = {name: fields}
        return fields


PLAIN = Variant()

EMBEDDED = Variant(headers=(("connection", "close"),))
"""llama.cpp promises to keep a connection and closes it after a stream, in the face of the next call."""

GEMINI = Variant(thinking_budget=("extra_body", "google", "thinking_config", "thinking_budget"))
"""`extra_body` is a field of the body itself there, whatever it means to an SDK."""

BY_VENDOR: Mapping[str, Variant] = {
    # Its reasoning models refuse `max_tokens`; all of its chat models take the newer name.
    "openai": Variant(max_tokens="max_completion_tokens"),
    "groq": Variant(max_tokens="max_completion_tokens"),
    "xai": Variant(max_tokens="max_completion_tokens"),
    # Answers 422 `extra_forbidden` to stream_options and reports usage by itself.
    "mistral": Variant(stream_options=False),
    # Shows the name in the account's activity list.
    "openrouter": Variant(
        headers=(("x-title", "Tier Cockpit"),), thinking_budget=("reasoning", "max_tokens")
    ),
    "google": GEMINI,
    "gemini": GEMINI,
}
"""DeepSeek, llama.cpp and vLLM take the plain form."""


def variant_of(provider: Provider) -> Variant:
    """Return how `provider` wants to be asked."""
    return EMBEDDED if provider.wire is Wire.LLAMACPP else BY_VENDOR.get(provider.vendor, PLAIN)
