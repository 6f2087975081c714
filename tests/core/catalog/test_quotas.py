"""Daily allowances: whose they are, whose word counts, and until when they last."""

from __future__ import annotations

from dataclasses import replace

import pytest

from router.core.catalog.quotas import QuotaSource, daily_quotas, left_by_deployment
from router.core.records.health import LearnedLimit, LimitKind, LimitSource
from router.core.records.offers import NO_OFFERS, Allowance, Offers
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, Limits
from router.core.settings.providers import Billing
from tests.configs import T0, deployment, small_config

DAY = 86_400_000
MIDNIGHT = 20_000 * DAY
NOON = MIDNIGHT + DAY // 2
HOUR = DAY // 24


def at(name: str, rpd: int | None, zone: str | None = None, *, vendor: str | None = None) -> Deployment:
    made = replace(deployment(name, T0, Billing.FREE), limits=Limits(rpd=rpd, reset_timezone=zone))
    provider = replace(made.provider, name=vendor, catalogue=vendor) if vendor else made.provider
    return replace(made, provider=provider)


def config(*deployments: Deployment) -> RouterConfig:
    return replace(small_config(), deployments={each.name: each for each in deployments})


@pytest.mark.parametrize(
    ("used", "empty_at"),
    [(0, None), (10, None), (25, None), (26, NOON + 24 * DAY // 2 // 26), (50, NOON), (60, NOON)],
)
def test_a_tank_is_empty_before_it_fills_again_only_at_a_pace_that_is_too_fast(
    used: int, empty_at: int | None
) -> None:
    [tank] = daily_quotas(config(at("one", 50)), [], NO_OFFERS, {"one": used}, NOON)
    assert (tank.used, tank.limit, tank.source, tank.resets_at) == (
        used,
        50,
        QuotaSource.COUNTED,
        MIDNIGHT + DAY,
    )
    assert tank.empty_at == empty_at
    assert tank.left == max(0.0, 1 - used / 50)


def test_a_day_begins_where_the_provider_says() -> None:
    [tank] = daily_quotas(config(at("one", 250, "America/Los_Angeles")), [], NO_OFFERS, {}, NOON)
    assert tank.resets_at == MIDNIGHT + DAY + 7 * HOUR  # summer time there


def test_free_models_of_one_openrouter_account_share_a_tank_and_paid_ones_do_not() -> None:
    one, two = at("one", 50, vendor="openrouter"), at("two", None, vendor="openrouter")
    paid = replace(at("paid", 9, vendor="openrouter"), billing=Billing.METERED)
    counted = {"one": 10, "two": 20, "paid": 1}
    shared, alone = daily_quotas(config(one, two, paid), [], NO_OFFERS, counted, NOON)
    assert (shared.label, shared.deployments, shared.used, shared.limit) == (
        "openrouter",
        ("one", "two"),
        30,
        50,
    )
    assert (alone.label, alone.used) == ("paid", 1)
    assert left_by_deployment([shared]) == {"one": 0.4, "two": 0.4}


@pytest.mark.parametrize(
    ("read_at", "used"),
    [(NOON - 1, 45), (MIDNIGHT, 45), (MIDNIGHT - 1, 30)],
)
def test_what_the_provider_told_counts_for_the_day_it_was_told_on(read_at: int, used: int) -> None:
    offers = Offers(allowances={"openrouter": Allowance(45, 1000, read_at)})
    found = daily_quotas(config(at("one", 50, vendor="openrouter")), [], offers, {"one": 30}, NOON)
    assert [(tank.used, tank.limit, tank.source) for tank in found] == [(used, 1000, QuotaSource.PROVIDER)]


def test_own_calls_since_it_told_are_not_forgotten() -> None:
    offers = Offers(allowances={"openrouter": Allowance(10, 50, NOON)})
    [tank] = daily_quotas(config(at("one", 50, vendor="openrouter")), [], offers, {"one": 12}, NOON)
    assert tank.used == 12


def test_a_learned_limit_makes_a_tank_and_without_any_there_is_none() -> None:
    learned = [LearnedLimit("one", LimitKind.RPD, 20, LimitSource.HEADER, NOON)]
    assert daily_quotas(config(at("one", None)), [], NO_OFFERS, {"one": 3}, NOON) == ()
    [tank] = daily_quotas(config(at("one", None)), learned, NO_OFFERS, {"one": 3}, NOON)
    assert tank.limit == 20
    assert daily_quotas(config(replace(at("one", 5), off="no key")), learned, NO_OFFERS, {}, NOON) == ()
