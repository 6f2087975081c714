from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.routing.resolve import Unknown, resolve
from router.core.settings.routes import Route
from tests.configs import small_config


@pytest.mark.parametrize(
    ("name", "route", "deployments"),
    [
        ("auto", "auto", ("free", "local", "paid")),
        ("T1", "T1", ("local",)),
        ("paid", "paid", ("paid",)),
        ("claude-haiku-9", "skill/code", ("paid", "local")),
    ],
)
def test_a_name_is_a_route_a_tier_a_deployment_or_an_alias(
    name: str, route: str, deployments: tuple[str, ...]
) -> None:
    found = resolve(small_config(), name)
    assert isinstance(found, Route)
    assert (found.name, found.deployments) == (route, deployments)


def test_a_tier_does_without_what_was_dropped_and_its_own_name_still_finds_it() -> None:
    gone = replace(small_config().deployments["local"], dropped="2026-11-26: slow")
    config = small_config(changes={"local": gone})
    tier, itself = resolve(config, "T1"), resolve(config, "local")
    assert isinstance(tier, Route)
    assert isinstance(itself, Route)
    assert (tier.without, itself.without) == ({"local": "2026-11-26: slow"}, {})


def test_an_exact_name_wins_over_an_alias_that_matches_it_too() -> None:
    found = resolve(small_config(aliases={"*": "skill/code"}), "auto")
    assert isinstance(found, Route)
    assert found.name == "auto"


def test_an_unknown_name_is_refused_with_the_nearest() -> None:
    assert resolve(small_config(), "Auot") == Unknown("Auot", ("auto",))
    assert resolve(small_config(), "zzzzzz") == Unknown("zzzzzz", ())


def test_naming_a_paid_deployment_declares_the_climb() -> None:
    found = resolve(small_config(), "paid")
    assert isinstance(found, Route)
    assert found.climb.free_to_paid


@pytest.mark.parametrize(
    ("name", "found"),
    [
        ("claude-sonnet-4-5[1m]", True),
        ("claude-sonnet-4-51", False),
        ("claude-sonnet-4-5m", False),
        ("gpt-5", True),
        ("gpt-55", False),
        ("Claude 3.5 Sonnet [fast]", True),
    ],
)
def test_stars_and_question_marks_are_the_only_signs_of_an_alias(name: str, found: bool) -> None:
    aliases = {"claude-sonnet-4-5[1m]": "auto", "gpt-?": "auto", "Claude 3.5 Sonnet [*]": "auto"}
    assert isinstance(resolve(small_config(aliases=aliases), name), Route) is found


def test_an_alias_that_is_the_very_name_wins_over_a_pattern_before_it() -> None:
    found = resolve(small_config(aliases={"claude-*": "auto", "claude-[x]": "skill/code"}), "claude-[x]")
    assert isinstance(found, Route)
    assert found.name == "skill/code"
