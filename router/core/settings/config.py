"""One configuration, whole: every value that a file, an environment or the built-in default may set."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from router.core.settings.budgets import Budget
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.display import USD, Display
from router.core.settings.hooks import Hook
from router.core.settings.jobs import USUAL_JOBS, Jobs
from router.core.settings.policy import USUAL_POLICY, USUAL_STRESS, Policy, StressDefaults
from router.core.settings.providers import Provider
from router.core.settings.routes import Route
from router.core.settings.secret import Secret
from router.core.settings.tasks import EmbeddingsClassifier, LevelRule, TaskRule


@dataclass(frozen=True, slots=True)
class RouterConfig:
    """One configuration, whole and checked: every name in it is defined in it."""

    source: str
    """The file it came from, or `built-in`."""
    providers: Mapping[str, Provider]
    tiers: tuple[Tier, ...]
    """Cheapest first."""
    deployments: Mapping[str, Deployment]
    routes: Mapping[str, Route]
    aliases: Mapping[str, str] = field(default_factory=dict)
    """A glob of names, and the route, tier or deployment it stands for."""
    tasks: Mapping[str, TaskRule] = field(default_factory=dict)
    levels: Mapping[str, LevelRule] = field(default_factory=dict)
    budgets: tuple[Budget, ...] = ()
    policy: Policy = USUAL_POLICY
    hooks: tuple[Hook, ...] = ()
    jobs: Jobs = USUAL_JOBS
    display: Display = USD
    gateway_key: Secret | None = None
    """The key callers of the gateway send, where the configuration names one."""
    classifier: EmbeddingsClassifier | None = None
    """None: the built-in one alone."""
    local_only_tasks: frozenset[str] = frozenset()
    """Tasks that only local deployments may serve."""
    stress: StressDefaults = USUAL_STRESS
    ignored: tuple[str, ...] = ()
    """What a LiteLLM file says that has no meaning here, or another one, each said once with its lines."""
