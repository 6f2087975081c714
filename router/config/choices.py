"""The parts of a file that decide who is chosen, as the engine knows them: rules, weights, quality.

Converts and nothing else; shapes are `schema.py` and `settings.py`, what they mean is `core.choosing`.
"""

from __future__ import annotations

from router.config import schema
from router.config.settings import Policy, Rule, Weights, When
from router.core.choosing import quality, rules, scoring
from router.core.request import Privacy


def rules_of(written: Policy) -> tuple[rules.Rule, ...]:
    """Return the rules in their order."""
    return tuple(_rule(rule) for rule in written.rules)


def weights_of(written: Weights) -> scoring.Weights:
    """Return the weights of the score."""
    return scoring.Weights(
        cost=written.cost, quality=written.quality, health=written.health, pressure=written.pressure
    )


def priors_of(written: schema.Deployment) -> quality.Priors:
    """Return what the file says of a deployment's answers."""
    return quality.Priors(
        written.quality,
        {quality.Work(one.task, one.language): one.quality for one in written.quality_at},
    )


def privacy_of(written: schema.Route) -> Privacy:
    """Return who may see what a route is asked."""
    return Privacy(no_training=written.no_training, local_only=written.local_only)


def _rule(written: Rule) -> rules.Rule:
    return rules.Rule(
        when=_when(written.when),
        route=written.route,
        min_tier=written.min_tier,
        max_tier=written.max_tier,
        batch=written.batch,
        cache_prefix=written.cache_prefix,
    )


def _when(written: When) -> rules.When:
    return rules.When(
        tasks=tuple(written.tasks),
        language=written.language,
        urgent=written.urgent,
        accuracy_over=written.accuracy_over,
        repeated_prefix=written.repeated_prefix,
        requests_per_day_over=written.requests_per_day_over,
    )
