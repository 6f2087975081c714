"""Decisions that are always made the same way: the configuration's list of rules, and which one applies.

The first rule that fits applies, no other. What it does to a request is `assignment.py`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from router.core.settings.tasks import RoutingRule, RuleCondition


@dataclass(frozen=True, slots=True)
class RuleCase:
    """What is known of a request when the rules are asked; None where nobody knows."""

    task: str | None = None
    language: str | None = None
    urgent: bool | None = None
    accuracy: float | None = None
    repeated_prefix: bool | None = None
    requests_today: int | None = None
    """Of its task."""


def first_fit(
    rules: Sequence[RoutingRule], case: RuleCase, *, routed: bool
) -> tuple[int, RoutingRule] | None:
    """Return the first rule that fits, with its number from 1.

    `routed`: the caller has named a route, so that rules which send requests elsewhere do not fit.
    """
    for number, rule in enumerate(rules, 1):
        if not (routed and rule.route) and _fits(rule.when, case):
            return number, rule
    return None


def _fits(when: RuleCondition, case: RuleCase) -> bool:
    asked = (
        (bool(when.tasks), case.task in when.tasks),
        (when.language is not None, case.language == when.language),
        (when.urgent is not None, case.urgent is when.urgent),
        (when.repeated_prefix is not None, case.repeated_prefix is when.repeated_prefix),
        (when.accuracy_over is not None, _over(case.accuracy, when.accuracy_over)),
        (when.requests_per_day_over is not None, _over(case.requests_today, when.requests_per_day_over)),
    )
    return all(holds for is_asked, holds in asked if is_asked)


def _over(value: float | None, limit: float | None) -> bool:
    return value is not None and limit is not None and value > limit
