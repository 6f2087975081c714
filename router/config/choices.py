"""The parts of a file that decide who is chosen, as the engine knows them: rules, weights, quality.

Converts and nothing else; shapes are `schema.py` and `settings.py`, what they mean is `core.routing`.
"""

from __future__ import annotations

from router.config import schema
from router.config.settings import PolicySection, RuleSection, WeightsSection, WhenSection
from router.core.settings.deployments import QualityPriors, Work
from router.core.settings.policy import Weights
from router.core.settings.routes import Privacy
from router.core.settings.tasks import RoutingRule, RuleCondition


def rules_of(written: PolicySection) -> tuple[RoutingRule, ...]:
    """Return the rules in their order."""
    return tuple(_rule(rule) for rule in written.rules)


def weights_of(written: WeightsSection) -> Weights:
    """Return the weights of the score."""
    return Weights(
        cost=written.cost, quality=written.quality, health=written.health, pressure=written.pressure
    )


EMBEDDED_QUALITY = 0.1
"""Of the embedded model, where nobody says otherwise: 135 million parameters answer, and seldom well."""


def priors_of(written: schema.DeploymentSection) -> QualityPriors:
    """Return what the file says of a deployment's answers, and what is known of the embedded model's."""
    embedded = EMBEDDED_QUALITY if written.model is None else None
    return QualityPriors(
        embedded if written.quality is None else written.quality,
        {Work(one.task, one.language): one.quality for one in written.quality_at},
    )


def privacy_of(written: schema.RouteSection) -> Privacy:
    """Return who may see what a route is asked."""
    return Privacy(no_training=written.no_training, local_only=written.local_only)


def _rule(written: RuleSection) -> RoutingRule:
    return RoutingRule(
        when=_when(written.when),
        route=written.route,
        min_tier=written.min_tier,
        max_tier=written.max_tier,
        batch=written.batch,
        cache_prefix=written.cache_prefix,
    )


def _when(written: WhenSection) -> RuleCondition:
    return RuleCondition(
        tasks=tuple(written.tasks),
        language=written.language,
        urgent=written.urgent,
        accuracy_over=written.accuracy_over,
        repeated_prefix=written.repeated_prefix,
        requests_per_day_over=written.requests_per_day_over,
    )
