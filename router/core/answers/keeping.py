"""Which answers are kept so that they may stand in when nobody can serve, and for which requests.

Only exact ones: the same words, asked of the same route in the same way. An answer that merely resembles
another question's would be handed over with the same face. Keeping is the ledger's.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from router.core import moments
from router.core.request import Need, Request

WHOLE = frozenset({"stop", "end_turn"})
"""Finish reasons of an answer that ended by itself."""
TEXT = frozenset({"text", "reasoning"})
"""Kinds of content such an answer may be made of; its text alone is kept."""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """An answer that a request got, under the fingerprint of that request."""

    key: str
    text: str
    deployment: str
    """Who gave it."""
    kept_at: int
    """Milliseconds since 1970, UTC."""

    @property
    def notice(self) -> str:
        """What is said wherever it is handed over."""
        at = moments.rfc3339(self.kept_at // 1000 * 1000)
        return f"nobody can serve: this is what {self.deployment} answered to exactly this at {at}"


@dataclass(frozen=True, slots=True)
class Keeping:
    """How much is kept and for how long; the oldest go first."""

    age_s: float = 24 * 3600.0
    """How old an answer may be, in seconds."""
    answers: int = 500
    mib: int = 16
    """Of text, all answers together."""

    @property
    def most_bytes(self) -> int:
        """Return the bound on text in bytes."""
        return self.mib << 20


USUAL = Keeping()


def may_stand_in(request: Request) -> bool:
    """Tell whether a kept answer may ever be one to this request: plain text asked, no turn of a tool."""
    beyond = request.needs - {Need.JSON}
    return not beyond and all(message.role != "tool" for message in request.messages)


def is_worth_keeping(text: str, kinds: Collection[str], finish_reason: str | None) -> bool:
    """Tell whether an answer is whole, says something, and is nothing but text."""
    return bool(text.strip()) and set(kinds) <= TEXT and finish_reason in WHOLE
