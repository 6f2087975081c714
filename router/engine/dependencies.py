"""Everything outside that the engine acts on or asks, as one value that wiring fills in."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from typing import TYPE_CHECKING, TypeAlias

from router.core.message import Message
from router.core.records.answers import CachedResponse
from router.core.request import Request
from router.core.routing.facts import Observed
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Wire
from router.core.settings.secret import Secret
from router.engine.ports import Chance, CheckRunner, Clock, Ledger, Upstream

if TYPE_CHECKING:  # as in core.assignment
    from router.core.classify.centroids import Centroids
    from router.core.classify.tasks import Classification

Classify: TypeAlias = "Callable[[tuple[Message, ...]], Classification]"
"""What kind of work a conversation's last ask is."""
FindCentroids: TypeAlias = "Callable[[Deployment], Centroids | None]"
"""The middles of the labelled asks by a deployment's model, where they were fitted; returns at once."""
Observe = Callable[[Request], Observed]
"""What was seen lately that bears on a request; read beforehand, so that it returns at once."""

Kept = Callable[[str, int], Awaitable[CachedResponse | None]]
"""The answer under a request's fingerprint, kept at that moment or later. Raises LedgerError."""


@dataclass(frozen=True, slots=True)
class Dependencies:
    """The ports, and what only the outside knows."""

    upstreams: Mapping[Wire, Upstream]
    ledger: Ledger
    clock: Clock
    chance: Chance
    install_key: Secret
    """Keys the fingerprints of prompts, so that a ledger alone cannot be searched for guesses."""
    zone: tzinfo = UTC
    """Where the days and months of budgets begin."""
    classify: Classify | None = None
    """None: only what callers say themselves is known of a request's work."""
    embedders: Mapping[Wire, Upstream] = field(default_factory=dict)
    """The wires that make embeddings, for a configured classifier."""
    centroids: FindCentroids | None = None
    """None: no embeddings are asked for."""
    observe: Observe | None = None
    """None: nothing is known of the deployments but their health."""
    kept: Kept | None = None
    """Asked for routes that allow it, when nobody can serve; None: no answers are kept."""
    check_runner: CheckRunner | None = None
    """Runs checks that are programs; None: those judge nothing."""

    def new_id(self) -> str:
        """Return an id that sorts by time: 11 hex digits of milliseconds, then chance."""
        return f"{self.clock.now_ms():011x}{self.chance.token()}"
