"""What is known of one deployment for one request, gathered before anything is decided."""

from __future__ import annotations

from dataclasses import dataclass

from router.core.choosing.clamp import Clamp
from router.core.choosing.quality import NOT_KNOWN, Quality
from router.core.model import Billing, Deployment
from router.core.money.estimate import Estimate
from router.core.money.spend import DeploymentStats


@dataclass(frozen=True, slots=True)
class Facts:
    """A deployment, what the request would cost there, and how it has been doing."""

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
    def paid(self) -> bool:
        """Whether each call costs money."""
        return self.deployment.billing is Billing.METERED
