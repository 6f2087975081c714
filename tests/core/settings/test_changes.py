"""What a reload changed, in words."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.settings.changes import changes
from router.core.settings.config import RouterConfig
from router.core.settings.policy import Policy
from router.core.settings.providers import Billing
from router.core.settings.secret import Secret
from tests.configs import T1, deployment, small_config

OLD = small_config()
LOCAL = OLD.deployments["local"]
NEW = small_config(changes={"new": deployment("new", T1, Billing.LOCAL)})
MOVED = {**OLD.deployments, "local": replace(LOCAL, model="m2")}
REST = {name: one for name, one in OLD.deployments.items() if name != "local"}


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (OLD, ()),
        (replace(OLD, source="elsewhere"), ()),
        (replace(OLD, policy=Policy(max_attempts=2)), ("policy changed",)),
        (replace(OLD, gateway_key=Secret("sk-1")), ("gateway key changed",)),
        (replace(OLD, tiers=OLD.tiers[::-1]), ("tiers changed",)),
        (replace(OLD, aliases={}), ("alias claude-haiku-* removed",)),
        (NEW, ("provider at-new added", "deployment new added")),
        (replace(OLD, deployments=REST), ("deployment local removed",)),
        (replace(OLD, deployments=MOVED), ("deployment local changed",)),
        (replace(OLD, deployments={"local": LOCAL, **REST}), ("deployments reordered",)),
    ],
)
def test_every_difference_is_told_and_nothing_else(new: RouterConfig, told: tuple[str, ...]) -> None:
    assert changes(OLD, new) == told


def test_no_key_is_in_the_words() -> None:
    provider = replace(OLD.providers["at-local"], api_key=Secret("sk-hidden"))
    new = replace(OLD, providers={**OLD.providers, "at-local": provider})
    assert changes(OLD, new) == ("provider at-local changed",)
