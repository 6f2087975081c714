"""What a provider's list says against a configuration."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest

from router.core.catalog.listing import spellings
from router.core.catalog.news import NEW_FOR_MS, ModelNews, NewsKind, news
from router.core.records.offers import ListedModel, Listing, Offers
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing, Wire
from tests.configs import T0, deployment, small_config

ZERO, PAID = Decimal(0), Decimal("0.12")
NOW = 1_800_000_000_000


def listed(name: str, rate: Decimal | None = ZERO, first_seen: int = 100) -> ListedModel:
    return ListedModel(name, rate, rate, 8192, first_seen)


def at(
    model: str, *, billing: Billing = Billing.FREE, vendor: str = "openrouter", wire: Wire = Wire.OPENAI
) -> Deployment:
    made = deployment("one", T0, billing)
    return replace(made, model=model, provider=replace(made.provider, name="p", catalogue=vendor, wire=wire))


def told(one: Deployment, *models: ListedModel, gone: dict[str, int] | None = None) -> tuple[ModelNews, ...]:
    config = replace(small_config(), deployments={"one": one}, providers={"p": one.provider})
    listing = Listing({model.name: model for model in models}, gone or {})
    return news(config, Offers(listings={"p": listing}), NOW)


@pytest.mark.parametrize(
    ("one", "models", "kind"),
    [
        (at("m:free"), [listed("m:free")], None),
        (at("m:free"), [listed("other", PAID)], NewsKind.GONE),
        (at("m:free"), [listed("m", PAID)], NewsKind.NOT_FREE),
        (at("m"), [listed("m", PAID)], NewsKind.NOT_FREE),
        (at("m"), [listed("m", None)], None),
        (at("m", billing=Billing.METERED), [listed("m", PAID)], None),
        (at("m:nitro", billing=Billing.METERED), [listed("m", PAID)], None),
        (at("m:nitro", billing=Billing.METERED, vendor="other"), [listed("m", PAID)], NewsKind.GONE),
        (at("Qwen2.5", wire=Wire.OLLAMA, billing=Billing.LOCAL), [listed("qwen2.5:latest", None)], None),
        (at("qwen2.5", wire=Wire.OLLAMA, billing=Billing.LOCAL), [listed("qwen2.5:3b", None)], NewsKind.GONE),
        (at("big:671b-cloud", wire=Wire.OLLAMA), [listed("qwen2.5:3b", None)], None),
        (at("m:free"), [], None),
    ],
)
def test_a_configured_model_is_listed_gone_or_no_longer_free(
    one: Deployment, models: list[ListedModel], kind: NewsKind | None
) -> None:
    found = [each for each in told(one, *models) if each.kind is not NewsKind.FREE]
    assert [(each.kind, each.deployment) for each in found] == ([(kind, "one")] if kind else [])


def test_what_is_no_longer_free_is_told_with_what_it_costs_and_what_is_gone_with_its_last_day() -> None:
    [found] = told(at("m:free"), listed("m", PAID), gone={"m:free": 77})
    assert (found.listed, found.since) == (listed("m", PAID), 77)


def test_free_models_that_nobody_configured_are_offered_the_newest_first() -> None:
    old, new, newest = (
        listed("b:free"),
        listed("c:free", first_seen=NOW - 9),
        listed("a:free", first_seen=NOW - 5),
    )
    mine, paid = listed("m:free"), listed("d", PAID, NOW)
    found = told(at("m:free"), old, mine, new, newest, paid)
    assert [(each.model, each.new) for each in found] == [
        ("a:free", True),
        ("c:free", True),
        ("b:free", False),
    ]


def test_a_free_model_is_not_new_for_ever_and_not_when_the_list_was_first_read() -> None:
    once, later = listed("a:free"), listed("b:free", first_seen=NOW - NEW_FOR_MS - 1)
    assert [each.new for each in told(at("m"), once, later, listed("m"))] == [False, False]


def test_a_list_of_a_provider_that_is_no_longer_configured_says_nothing() -> None:
    config: RouterConfig = small_config()
    assert news(config, Offers(listings={"gone": Listing({"a": listed("a")})}), NOW) == ()


def test_a_model_is_looked_for_under_each_name_a_list_may_have() -> None:
    assert spellings(at("m:online")) == ("m:online", "m")
    assert spellings(at("registry.ollama.ai/library/M", wire=Wire.OLLAMA)) == ("m:latest",)
