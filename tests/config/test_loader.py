"""Good files: the sample, the built-in default, and what a file becomes in the engine's own values."""

from __future__ import annotations

import json
from decimal import Decimal
from pathlib import Path

import pytest

from router.config.loader import built_in, load
from router.config.paths import sample_config
from router.config.show import shown
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Limits, Timeouts
from router.core.settings.policy import ResponseCache, StressDefaults
from router.core.settings.providers import Billing, Wire
from router.core.settings.routes import Climb, Strategy
from router.errors import ConfigError

FOLDER = Path(__file__).parents[1] / "data" / "config"
KEYS = ("GEMINI_API_KEY", "OPENROUTER_API_KEY", "DEEPSEEK_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")
SKILLS = ("scaffold", "infra", "code", "review", "reasoning", "coordinator")


def usable(config: RouterConfig, route: str) -> list[str]:
    names = config.routes[route].deployments
    return [name for name in names if config.deployments[name].off is None]


def test_the_sample_is_the_documented_ladder_with_its_six_skills() -> None:
    config = load(sample_config(), {})
    assert [tier.name for tier in config.tiers] == ["T0", "T1", "T2", "T3", "T4", "T5", "T6"]
    assert [tier.rank for tier in config.tiers] == list(range(7))
    assert {"auto", *(f"skill/{skill}" for skill in SKILLS)} == set(config.routes)
    assert {deployment.tier.name for deployment in config.deployments.values()} == set(
        config.routes["auto"].ladder
    )


def test_the_built_in_default_is_the_sample_itself() -> None:
    sample, default = load(sample_config(), {}), built_in({})
    assert default.source == "built-in"
    assert default.deployments == sample.deployments
    assert default.routes == sample.routes


def test_without_keys_each_deployment_that_needs_one_is_off_and_says_which() -> None:
    config = built_in({})
    reasons = {(deployment.provider.key_name, deployment.off) for deployment in config.deployments.values()}
    assert reasons == {(None, None), *((key, f"no key: set {key}") for key in KEYS)}


@pytest.mark.parametrize("route", ["auto", *(f"skill/{skill}" for skill in SKILLS)])
def test_without_keys_every_route_still_ends_on_the_embedded_model(route: str) -> None:
    config = built_in({})
    assert usable(config, route) == ["ollama-coder", "smollm"]
    embedded = config.deployments["smollm"]
    assert (embedded.provider.wire, embedded.billing) == (Wire.LLAMACPP, Billing.LOCAL)
    assert embedded.provider.base_url is None


def test_the_default_task_keeps_the_embedded_model_within_reach() -> None:
    config = built_in({})
    ranks = {tier.name: tier.rank for tier in config.tiers}
    lowest = config.tasks["default"].min_tier
    assert lowest is not None
    assert 0 < ranks[lowest] <= config.deployments["smollm"].tier.rank


@pytest.mark.parametrize("key", KEYS)
def test_a_key_switches_its_own_deployments_on_and_no_others(key: str) -> None:
    config = built_in({key: "sk-test"})
    for deployment in config.deployments.values():
        needs = deployment.provider.key_name
        assert (deployment.off is None) == (needs in (None, key))


@pytest.mark.parametrize("value", ["", "  ", "\n"])
def test_an_empty_variable_is_no_key(value: str) -> None:
    assert built_in({"GEMINI_API_KEY": value}).deployments["gemini-flash"].off == "no key: set GEMINI_API_KEY"


def test_a_line_break_after_a_key_does_not_belong_to_it() -> None:
    key = built_in({"OPENAI_API_KEY": "sk-test\n"}).providers["openai"].api_key
    assert key is not None
    assert key.reveal() == "sk-test"


def test_every_paid_deployment_of_the_sample_is_reached_by_a_declared_and_capped_climb_only() -> None:
    config = built_in({})
    for route in config.routes.values():
        bills = {config.deployments[name].billing for name in route.deployments}
        if Billing.METERED in bills:
            assert route.climb.free_to_paid
            assert route.climb.max_cost_nano


def test_the_sample_limits_a_day_hard() -> None:
    assert Budget(BudgetScope.ALL, None, BudgetWindow.DAY, 5_000_000_000, hard=True) in built_in({}).budgets


def test_the_sample_levels_have_the_users_ceilings() -> None:
    ceilings = {name: level.ceiling_nano_per_1k for name, level in built_in({}).levels.items()}
    assert ceilings == {"L1": 140_000_000, "L2": 700_000_000, "L3": 4_200_000_000}


def test_the_abridged_format_of_the_contract_loads() -> None:
    config = load(FOLDER / "good_abridged.yaml", {"GEMINI_API_KEY": "g"})
    flash = config.deployments["gemini-flash"]
    assert (flash.limits.rpm, flash.timeouts.idle_s, flash.off) == (10, 45.0, None)
    assert flash.provider.vendor == "google"
    assert config.routes["auto"].deployments == ("gemini-flash", "smollm", "gemma-free", "priced")
    assert config.routes["auto"].climb.max_cost_nano == 20_000_000
    assert config.display.usd_rate == Decimal("0.92")
    assert config.display.rate_date == "2026-11-20"
    price = config.deployments["priced"].price
    assert price is not None
    assert (price.input_mtok, price.output_mtok) == (Decimal(3), Decimal(15))


def test_a_deployments_billing_overrides_its_providers() -> None:
    config = load(FOLDER / "good_abridged.yaml", {})
    assert config.deployments["gemma-free"].billing is Billing.FREE
    assert config.deployments["priced"].billing is Billing.METERED


def test_fallback_routes_are_written_out_after_the_routes_own_deployments_each_once() -> None:
    config = load(FOLDER / "good_everything.yaml", {})
    assert config.routes["first"].deployments == ("coder:14b", "far/one", "far/two")
    assert config.routes["second"].deployments == ("far/one", "far/two", "coder:14b")
    assert config.routes["second"].strategy is Strategy.CHEAPEST


def test_a_fallback_route_hands_on_only_what_serves_it(tmp_path: Path) -> None:
    text = (FOLDER / "good_everything.yaml").read_text()
    path = tmp_path / "config.yaml"
    path.write_text(text.replace("cache: true}", 'cache: true, without: {far/one: "2026-11-26: slow"}}', 1))
    config = load(path, {})
    assert config.routes["first"].deployments == ("coder:14b", "far/two")
    assert config.routes["second"].without == {"far/one": "2026-11-26: slow"}
    path.write_text(text.replace("cache: true}", "cache: true, without: {far/on: slow}}", 1))
    with pytest.raises(ConfigError, match=r"routes\.second\.without\.far/on: no deployment is called"):
        load(path, {})


@pytest.mark.parametrize(
    ("written", "marks"),
    [
        ("cache: auto", True),
        ("cache: kept", False),
        ("cache: {prompts: auto, ttl: 1h}", True),
        ("queue: 5s", False),
    ],
)
def test_the_provider_s_prompt_cache_is_used_where_the_policy_says_so(
    tmp_path: Path, written: str, marks: bool
) -> None:
    path = tmp_path / "cockpit.yaml"
    lines = (FOLDER / "good_abridged.yaml").read_text().splitlines()
    others = [line for line in lines if not line.startswith("policy:")]
    path.write_text("\n".join([*others, f"policy: {{{written}}}", ""]))
    assert load(path, {}).policy.cache_prompts is marks


def test_every_section_is_read() -> None:
    config = load(FOLDER / "good_everything.yaml", {})
    assert config.providers["near"].base_url == "http://192.168.1.20:11434"
    assert config.deployments["coder:14b"].limits.parallel == 5
    assert config.budgets == (
        Budget(BudgetScope.TIER, "T1", BudgetWindow.SEVEN_DAYS, 3_000_000_000, hard=False),
        Budget(BudgetScope.TAG, "client=acme", BudgetWindow.MONTH, 12_500_000_000, hard=True),
    )


def test_a_part_of_a_price_keeps_its_unknown_rates_unknown() -> None:
    price = load(FOLDER / "good_everything.yaml", {}).deployments["far/two"].price
    assert price is not None
    assert price.input_mtok is None
    assert price.written == {"cache_read_mtok": "0.01"}


def test_what_is_shown_is_json_and_holds_no_key() -> None:
    environ = {key: f"sk-secret-{key}" for key in KEYS}
    for config in (built_in(environ), load(FOLDER / "good_everything.yaml", {})):
        document = json.dumps(shown(config))
        for text in (document, repr(config)):
            assert "sk-secret" not in text
            assert "sk-written-here" not in text
    assert shown(built_in(environ))["source"] == "built-in"


def test_shown_amounts_are_dollars_in_decimal_strings() -> None:
    document = shown(load(FOLDER / "good_everything.yaml", {}))
    budgets = document["budgets"]
    assert isinstance(budgets, list)
    assert budgets[1] == {
        "scope": "tag",
        "target": "client=acme",
        "window": "month",
        "limit_usd": "12.5",
        "hard": True,
    }


def test_each_figure_of_a_limit_a_time_and_a_cache_goes_to_its_own_place(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text("""
version: 1
providers: {p: {wire: openai, base_url: "http://127.0.0.1:1", billing: local}}
tiers: {T0: {label: t}}
deployments:
  d:
    {tier: T0, provider: p, model: m, limits: {rpm: 1, tpm: 2, rpd: 3, tpd: 4, parallel: 5},
     timeouts: {connect: 1s, first_token: 2s, idle: 3s, total: 4s}}
routes: {auto: {ladder: [T0], climb: {max_usd_per_call: "0.5", max_tier: T0, subscription_to_metered: true}}}
policy: {cache: {ttl: 7s, answers: 8, mib: 9}}
stress: {requests: 6, timeout: 7s}
""")
    config = load(path, {})
    one = config.deployments["d"]
    assert one.limits == Limits(rpm=1, tpm=2, rpd=3, tpd=4, parallel=5)
    assert one.timeouts == Timeouts(connect_s=1, first_token_s=2, idle_s=3, total_s=4)
    assert config.routes["auto"].climb == Climb(
        free_to_paid=False, max_cost_nano=500_000_000, max_tier="T0", subscription_to_metered=True
    )
    assert config.policy.keeping == ResponseCache(age_s=7, answers=8, mib=9)
    assert config.stress == StressDefaults(requests=6, timeout_s=7)
