"""What a caller asks: the messages, who should answer, and what the one who answers must be able to do.

Knows nothing of the configuration: what a name stands for and where a task goes is `assignment.py`.
"""

from __future__ import annotations

from router.core.message import Message
from router.core.settings.deployments import Need
from router.core.settings.routes import ANYBODY, Privacy
from router.core.value import dataclass


@dataclass(frozen=True, slots=True)
class FoundPoor:
    """An answer that whoever asked found poor."""

    request_id: str
    tier: str
    """Where it came from."""
    answer: str | None = None
    """Its text; None where nobody has it, for the ledger keeps none."""
    deployment: str | None = None
    """Whose it was, where that is known: nobody is asked instead who is not better."""


@dataclass(frozen=True, slots=True)
class Request:
    """What a caller asks of the engine."""

    messages: tuple[Message, ...]
    name: str = "auto"
    """A route, tier, deployment or alias; `:free` behind it forbids what costs money."""
    task: str | None = None
    max_tokens: int | None = None
    max_cost_nano: int | None = None
    session: str | None = None
    tags: tuple[tuple[str, str], ...] = ()
    source: str = "ask"
    """Where it came from: ask, cockpit, gateway, stress."""
    level: str | None = None
    """How hard it is, L1 to L3, where the caller says so."""
    language: str | None = None
    """An ISO 639-1 code."""
    urgent: bool | None = None
    """Whether somebody waits for the answer; None: not said."""
    accuracy: float | None = None
    """How many answers in a hundred must be right, where the caller says so."""
    needs: frozenset[Need] = frozenset()
    privacy: Privacy = ANYBODY
    thinking_tokens: int | None = None
    """How much of `max_tokens` may go into thinking; None: the caller asked for none."""
    stream: bool = True
    """Whether the answer is wanted as it is written; else it is asked for in one piece."""
    instead_of: FoundPoor | None = None
    """An answer to the same messages that was poor: one tier higher is asked."""
