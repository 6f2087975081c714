"""What is known of deployments when a request is routed: seen lately, expected now, and how good they are.

Read beside requests, from the ledger, and handed in: a decision waits for no database. Everything has a value
for "nothing seen", so that the first request of a new installation is decided like any other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.core.cost.estimate import Estimate
from router.core.cost.experience import Experience
from router.core.records.answers import Evidence
from router.core.records.health import ExhaustedLimit
from router.core.records.spend import DeploymentStats
from router.core.routing.clamp import Clamp
from router.core.routing.stickiness import Pin
from router.core.settings.deployments import UNKNOWN_QUALITY, Deployment, Work
from router.core.settings.providers import Billing


@dataclass(frozen=True, slots=True)
class Observed:
    """Everything that is known beside the configuration and the health; by deployment where not said else."""

    stats: Mapping[str, DeploymentStats] = field(default_factory=dict)
    """Attempts, failures and first-token times of the last minutes."""
    left: Mapping[str, float] = field(default_factory=dict)
    """What remains of its tightest limit, 0 to 1; without an entry it has none."""
    full: Mapping[str, ExhaustedLimit] = field(default_factory=dict)
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
PRIOR_COUNT = 10
"""How many observations the configuration's word weighs: so many again move the figure half way."""


@dataclass(frozen=True, slots=True)
class Quality:
    """A deployment's quality at one kind of work."""

    mean: float = UNKNOWN_QUALITY
    """0 to 1."""
    count: int = 0
    """The observations behind it; 0: the configuration's word, or nobody's."""


NOT_KNOWN = Quality()


def quality(prior: float, evidence: Evidence) -> Quality:
    """Return the mean of a Beta distribution: the prior as `PRIOR_COUNT` observations, and those made."""
    mean = (prior * PRIOR_COUNT + evidence.good) / (PRIOR_COUNT + evidence.weight)
    return Quality(mean, evidence.count)


@dataclass(slots=True)
class DeploymentFacts:
    """A deployment, what the request would cost there, and how it has been doing.

    Who gathers these may work out the estimate, the clamp and the quality when they are first asked for: most
    decisions ask for one of them, of one deployment. So decisions ask for nothing that they do not need.
    """

    deployment: Deployment
    estimate: Estimate
    clamp: Clamp
    """How much it may answer with."""
    blocked: str | None = None
    """Why its health keeps it out now; None when it does not."""
    back_in_s: float | None = None
    """When that rest is over; None when nobody knows, or there is none."""
    full: str | None = None
    """Which of its provider's limits is used up, in words; None when none is."""
    frees_in_s: float | None = None
    """When that limit frees."""
    stats: DeploymentStats | None = None
    left: float | None = None
    """What remains of its tightest limit, 0 to 1; None without one."""
    pressure: float = 0.0
    """The highest used fraction of the budgets that apply, 0 to 1."""
    quality: Quality = NOT_KNOWN

    @property
    def input_tokens(self) -> int:
        """How many tokens its input is expected to have."""
        return self.estimate.input_expected_tokens

    @property
    def paid(self) -> bool:
        """Whether each call costs money."""
        return self.deployment.billing is Billing.METERED
