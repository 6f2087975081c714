"""What was seen of the deployments lately, as far as a choice needs it.

Read beside requests, from the ledger, and handed in: a decision waits for no database. Everything has a value
for "nothing seen", so that the first request of a new installation is decided like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.core.choosing.quality import Evidence, Work
from router.core.choosing.stickiness import Pin
from router.core.health.full import Full
from router.core.money.experience import Experience
from router.core.money.spend import DeploymentStats


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that is known beside the configuration and the health; by deployment where not said else."""

    stats: Mapping[str, DeploymentStats] = field(default_factory=dict)
    """Attempts, failures and first-token times of the last minutes."""
    left: Mapping[str, float] = field(default_factory=dict)
    """What remains of its tightest limit, 0 to 1; without an entry it has none."""
    full: Mapping[str, Full] = field(default_factory=dict)
    """Whose limit was used up by the attempts made."""
    pressure: Mapping[str, float] = field(default_factory=dict)
    """The highest used fraction of the budgets that apply to it, 0 to 1."""
    evidence: Mapping[tuple[str, Work], Evidence] = field(default_factory=dict)
    """What ratings, checks and escalations say of its work."""
    experience: Mapping[str, Experience] = field(default_factory=dict)
    """What answered calls have shown, by model."""
    requests_today: Mapping[str, int] = field(default_factory=dict)
    """By task."""
    prefixes: Mapping[str, frozenset[str]] = field(default_factory=dict)
    """The beginnings, as fingerprints, sent within a cache's life, and who has them in a cache."""
    repeated_prefix: bool | None = None
    """Whether this request's beginning was sent before; None: nobody looked."""
    pin: Pin | None = None
    """Who served this request's session last."""


NOTHING = Observed()
