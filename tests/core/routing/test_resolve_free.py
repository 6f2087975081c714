"""`:free` behind a name, and names that end so by themselves."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.routing.resolve import Unknown, resolve
from router.core.settings.config import RouterConfig
from router.core.settings.routes import Route
from tests.configs import small_config


def found(config: RouterConfig, name: str) -> Route:
    route = resolve(config, name)
    assert isinstance(route, Route)
    return route


@pytest.mark.parametrize(
    ("name", "deployments"),
    [
        ("auto:free", ("free", "local", "paid")),
        ("skill/code:free", ("paid", "local")),
        ("T2:free", ("paid",)),
        ("paid:free", ("paid",)),
        ("claude-haiku-9:free", ("paid", "local")),
    ],
)
def test_free_behind_any_name_forbids_what_costs_money(name: str, deployments: tuple[str, ...]) -> None:
    route = found(small_config(), name)
    assert (route.deployments, route.free_only) == (deployments, True)
    assert route.name.endswith(":free")


def test_a_deployment_that_is_called_so_is_that_deployment() -> None:
    config = small_config()
    gemma = replace(config.deployments["paid"], name="gemma:free")
    route = found(replace(config, deployments={**config.deployments, "gemma:free": gemma}), "gemma:free")
    assert (route.deployments, route.free_only) == (("gemma:free",), False)


def test_an_alias_may_point_at_a_free_name() -> None:
    assert found(small_config(aliases={"cheap": "auto:free"}), "cheap").free_only


def test_an_alias_that_matches_any_name_does_not_swallow_the_suffix() -> None:
    assert found(small_config(aliases={"*": "auto"}), "gpt-9:free").free_only


def test_only_one_suffix_is_read() -> None:
    assert isinstance(resolve(small_config(), "auto:free:free"), Unknown)


def test_an_unknown_name_is_compared_without_the_suffix() -> None:
    assert resolve(small_config(), "atuo:free") == Unknown("atuo:free", ("auto",))


def test_only_tiers_and_deployments_are_the_callers_own_choice() -> None:
    config = small_config()
    assert [found(config, name).explicit for name in ("T1", "paid", "auto", "skill/code")] == [
        True,
        True,
        False,
        False,
    ]
