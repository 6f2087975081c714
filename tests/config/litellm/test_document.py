"""LiteLLM files: what each of their settings becomes here, and what is said about the rest."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from router.config.loader import load
from router.core.cost.price_config import price_from_config
from router.core.routing.resolve import resolve
from router.core.settings.config import RouterConfig
from router.core.settings.policy import Policy
from router.core.settings.prices import Price
from router.core.settings.providers import Billing, Wire
from router.core.settings.routes import Strategy
from router.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "data" / "config"
SKILLS, MIXED, CIRCLES = (FOLDER / f"litellm_{name}.yaml" for name in ("skills", "mixed", "circles"))


@pytest.fixture(name="mixed")
def loaded_mixed() -> RouterConfig:
    return load(MIXED, {"TEST_OPENAI_KEY": "sk-test", "TEST_MASTER_KEY": "sk-master"})


def loaded(folder: Path, text: str, **environ: str) -> RouterConfig:
    path = folder / "litellm.yaml"
    path.write_text(text)
    return load(path, environ)


def one_model(params: str, more: str = "") -> str:
    return f"model_list:\n  - model_name: m\n    litellm_params: {{{params}}}\n{more}"


def test_two_entries_a_fallback_and_a_cooldown_are_a_route_and_a_policy() -> None:
    config = load(SKILLS, {"OPENROUTER_API_KEY": "a", "DEEPSEEK_API_KEY": "b"})
    route = config.routes["skill/code"]
    assert route.deployments == ("skill/code/1", "skill/code/2", "skill/fallback/1")
    assert (route.own, route.strategy) == (2, Strategy.SHUFFLE)
    assert config.policy == Policy(
        max_attempts=3, default_max_tokens=4000, cooldown_s=120.0, allowed_fails=3, guard=config.policy.guard
    )
    assert all(deployment.off is None for deployment in config.deployments.values())


def test_a_deployment_has_its_model_account_limits_and_times() -> None:
    first = load(SKILLS, {"OPENROUTER_API_KEY": "a"}).deployments["skill/code/1"]
    assert (first.model, first.provider.name, first.provider.wire) == (
        "qwen/qwen3-coder",
        "openrouter",
        Wire.OPENAI,
    )
    assert (first.limits.rpm, first.timeouts.total_s, first.timeouts.first_token_s) == (20, 90.0, 12.5)
    assert first.provider.api_key is not None
    assert first.provider.api_key.reveal() == "a"


def test_a_missing_key_switches_its_deployment_off_and_says_which() -> None:
    config = load(SKILLS, {"DEEPSEEK_API_KEY": "b"})
    assert {name: deployment.off for name, deployment in config.deployments.items()} == {
        "skill/code/1": "no key: set OPENROUTER_API_KEY",
        "skill/code/2": None,
        "skill/fallback/1": None,
    }


@pytest.mark.parametrize(
    ("written", "million"),
    [
        ("0.0000005", "0.5"),
        ("5e-07", "0.5"),
        ("1e-06", "1"),
        ("1.10e-06", "1.1"),
        ('"0.00000015"', "0.15"),
        ("0.000421", "421"),
        ("0.00000000000123", "0.00000123"),
        ("1.23456789012e-06", "1.23456789012"),
        ("10", "10000000"),
        ("0", "0"),
        ("0.0", "0"),
    ],
)
def test_a_price_per_token_is_read_exactly(tmp_path: Path, written: str, million: str) -> None:
    config = loaded(tmp_path, one_model(f"model: openai/x, api_key: k, input_cost_per_token: {written}"))
    price = config.deployments["m/1"].price
    assert price is not None
    assert price.input_mtok == Decimal(million)
    assert price.output_mtok is None


def test_prices_of_params_win_over_those_of_the_model_and_long_inputs_have_their_own(
    mixed: RouterConfig,
) -> None:
    price = load(SKILLS, {}).deployments["skill/code/2"].price
    assert price is not None
    assert price.written == {"input_mtok": "0.28", "output_mtok": "0.42", "cache_read_mtok": "0.028"}
    long = mixed.deployments["claude/1"].price
    assert long is not None
    assert long.table.at(200_000).input_mtok == Decimal(3)
    assert (long.table.at(200_001).input_mtok, long.table.at(200_001).output_mtok) == (
        Decimal(6),
        Decimal("22.5"),
    )


def test_caps_come_from_the_model_the_params_and_the_settings_in_this_order(tmp_path: Path) -> None:
    caps = {name: one.max_output_tokens for name, one in load(SKILLS, {}).deployments.items()}
    assert caps == {"skill/code/1": 4000, "skill/code/2": 8192, "skill/fallback/1": 4000}
    both = one_model("model: xai/x, max_tokens: 9000", "    model_info: {max_output_tokens: 8192}")
    assert loaded(tmp_path, both).deployments["m/1"].max_output_tokens == 8192


@pytest.mark.parametrize(
    ("name", "billing", "tier"),
    [
        ("zero/1", Billing.FREE, "T0"),
        ("gemma/1", Billing.FREE, "T0"),
        ("own-machine/1", Billing.LOCAL, "T1"),
        ("on-prem/1", Billing.LOCAL, "T1"),
        ("claude/1", Billing.METERED, "T5"),
        ("elsewhere/1", Billing.METERED, "T7"),
    ],
)
def test_zero_rates_are_free_this_machine_is_local_and_all_else_is_metered(
    mixed: RouterConfig, name: str, billing: Billing, tier: str
) -> None:
    assert (mixed.deployments[name].billing, mixed.deployments[name].tier.name) == (billing, tier)


def test_ollamas_cloud_models_are_not_local(tmp_path: Path) -> None:
    config = loaded(tmp_path, one_model('model: "ollama/gpt-oss:120b-cloud"'))
    assert config.deployments["m/1"].billing is Billing.METERED


@pytest.mark.parametrize(
    ("rate_in", "rate_out", "tier"),
    [
        ("0.0000004", "0.0000004", "T2"),
        ("0.0000005", "0.0000005", "T3"),
        ("1e-06", "5e-06", "T4"),
        ("3e-06", "1.5e-05", "T5"),
        ("5e-06", "2.5e-05", "T6"),
        ("0", "2e-06", "T3"),
    ],
)
def test_a_price_puts_a_deployment_on_its_rung(
    tmp_path: Path, rate_in: str, rate_out: str, tier: str
) -> None:
    params = f"model: openai/x, input_cost_per_token: {rate_in}, output_cost_per_token: {rate_out}"
    assert loaded(tmp_path, one_model(params)).deployments["m/1"].tier.name == tier


def test_the_catalogue_stands_in_for_a_price_the_file_does_not_give(tmp_path: Path) -> None:
    def listed(vendor: str, model: str) -> Price | None:
        assert (vendor, model) == ("google", "gemini-9")
        return price_from_config({"input_mtok": "1", "output_mtok": "2"})

    path = tmp_path / "litellm.yaml"
    path.write_text(one_model("model: gemini/gemini-9"))
    assert load(path, {}, listed).deployments["m/1"].tier.name == "T3"


def test_tiers_that_the_file_names_stand_by_number_or_by_their_cheapest_price(tmp_path: Path) -> None:
    entries = [("T9", "1e-06"), ("budget", "3e-06"), ("budget", "1e-07"), ("T3", "1e-07"), (None, "2e-05")]
    text = "model_list:\n" + "".join(
        f"  - model_name: m{n}\n    litellm_params:\n      model: openai/x\n"
        f"      input_cost_per_token: {rate}\n      output_cost_per_token: {rate}\n"
        + (f"    model_info: {{tier: {tier}}}\n" if tier else "")
        for n, (tier, rate) in enumerate(entries)
    )
    config = loaded(tmp_path, text)
    assert [(tier.name, tier.label) for tier in config.tiers] == [
        ("budget", "budget"),
        ("T3", "T3"),
        ("T6", "$10 a million tokens and more"),
        ("T9", "T9"),
    ]


def test_without_a_model_called_auto_the_whole_ladder_is_and_it_climbs_nowhere(tmp_path: Path) -> None:
    auto = load(SKILLS, {}).routes["auto"]
    assert auto.ladder == ("T1", "T2", "T3")
    assert not auto.climb.free_to_paid
    own = loaded(tmp_path, one_model("model: xai/x").replace("model_name: m", "model_name: auto"))
    assert own.routes["auto"].deployments == ("auto/1",)


@pytest.mark.parametrize(
    ("written", "strategy"),
    [
        ("simple-shuffle", Strategy.SHUFFLE),
        ("least-busy", Strategy.SPREAD),
        ("usage-based-routing", Strategy.SPREAD),
        ("usage-based-routing-v2", Strategy.SPREAD),
        ("latency-based-routing", Strategy.FASTEST),
        ("cost-based-routing", Strategy.CHEAPEST),
        ("made-up", Strategy.SHUFFLE),
    ],
)
def test_each_routing_strategy_has_its_own_here(tmp_path: Path, written: str, strategy: Strategy) -> None:
    text = one_model("model: xai/a", "  - {model_name: m, litellm_params: {model: xai/b}}\n")
    config = loaded(tmp_path, f"{text}router_settings: {{routing_strategy: {written}}}\n")
    assert config.routes["m"].strategy is strategy
    assert any("made-up" in note for note in config.ignored) == (written == "made-up")


@pytest.mark.parametrize(
    ("first", "second", "weights"),
    [
        ("weight: 9", "weight: 1", [9, 1]),
        ("weight: 0.25, rpm: 7", "rpm: 9", [0.25, 0]),
        ("rpm: 900", "rpm: 10, tpm: 5", [900, 10]),
        ("rpm: 900, tpm: 6", "tpm: 5", [6, 5]),
        ("rpm: 900", "tpm: 5", [1, 1]),
        ("tpm: 5", "timeout: 5", [1, 1]),
    ],
)
def test_a_draw_goes_by_weight_or_by_rpm_or_tpm(
    tmp_path: Path, first: str, second: str, weights: list[float]
) -> None:
    text = one_model(
        f"model: xai/a, {first}", f"  - {{model_name: m, litellm_params: {{model: xai/b, {second}}}}}"
    )
    assert [one.weight for one in loaded(tmp_path, text).deployments.values()] == weights


def test_an_order_puts_deployments_first_and_those_without_one_last(mixed: RouterConfig) -> None:
    assert mixed.routes["gpt"].deployments[:3] == ("gpt/2", "gpt/1", "gpt/3")
    assert [mixed.deployments[f"gpt/{n}"].order for n in (1, 2, 3)] == [1, 0, 2]


def test_models_that_fall_back_to_one_another_each_come_once() -> None:
    config = load(CIRCLES, {})
    written = {name: route.deployments for name, route in config.routes.items()}
    assert written["one"] == ("one/1", "one/2", "two/1", "three/1")
    assert written["two"] == ("two/1", "one/1", "one/2", "three/1")
    assert written["three"] == ("three/1", "two/1", "one/1", "one/2")
    assert written["four"] == ("four/1", "one/1", "one/2", "two/1", "three/1")
    assert config.ignored == (
        "fallbacks: `one`, `two`, `three` come after one another; each is tried once a request",
    )


def test_a_fallback_may_name_one_deployment_and_a_default_serves_who_has_none(mixed: RouterConfig) -> None:
    assert mixed.routes["gpt"].deployments[3:] == ("claude/1", "claude/2")
    assert mixed.routes["gemma"].deployments == ("gemma/1", "on-prem/1")
    assert mixed.routes["on-prem"].deployments == ("on-prem/1",)
    assert "fallbacks: no model is called `nowhere`. Did you mean `elsewhere`?" in mixed.ignored


def test_a_list_that_mixes_free_and_paid_may_climb_and_says_so(mixed: RouterConfig) -> None:
    climbing = {name for name, route in mixed.routes.items() if route.climb.free_to_paid}
    assert climbing == {"Kimi-K2", "proxied", "elsewhere"}
    assert any(note.startswith("`Kimi-K2`, `proxied`, `elsewhere`: free and paid") for note in mixed.ignored)


def test_aliases_lead_to_their_models_and_names_with_spaces_are_found(mixed: RouterConfig) -> None:
    asked = {name: resolve(mixed, name) for name in ("gpt-4", "gpt 5", "Kimi K2", "Kimi-K2")}
    assert {name: route.name for name, route in asked.items()} == {
        "gpt-4": "gpt",
        "gpt 5": "claude",
        "Kimi K2": "Kimi-K2",
        "Kimi-K2": "Kimi-K2",
    }
    assert any("no model is called `nothing`" in note for note in mixed.ignored)


@pytest.mark.parametrize(
    ("name", "reason"),
    [
        ("gpt/2", "azure has no wire here"),
        ("claude/2", "bedrock has no wire here"),
        ("vertex/1", "vertex_ai has no wire here"),
        ("anthropic/*/1", "a wildcard stands for no model: name the models you use"),
        ("vectors/1", "its mode is embedding, and only chat is served here"),
        ("nobody/1", "its model names no provider, as in openai/NAME"),
        ("moved/1", "no address: set TEST_MOVED_BASE"),
        ("lan/1", "its key would be sent unencrypted: use https:// in api_base, or remove api_key"),
    ],
)
def test_what_cannot_be_served_is_off_with_its_reason_and_the_rest_works(
    mixed: RouterConfig, name: str, reason: str
) -> None:
    assert mixed.deployments[name].off == reason
    assert mixed.deployments["gpt/1"].off is None


def test_other_values_come_from_the_environment_too(tmp_path: Path) -> None:
    text = one_model("model: os.environ/M, api_base: os.environ/B, rpm: os.environ/R")
    there = loaded(tmp_path, text, M="openai/x", B="http://127.0.0.1:1/v1", R="7").deployments["m/1"]
    assert (there.model, there.provider.base_url, there.limits.rpm, there.off) == (
        "x",
        "http://127.0.0.1:1/v1",
        7,
        None,
    )
    missing = loaded(tmp_path, text)
    assert missing.deployments["m/1"].off == "no model: set M"
    assert missing.ignored == ("rpm: R is not set (line 3)",)


def test_settings_of_the_router_win_and_times_reach_the_policy(mixed: RouterConfig) -> None:
    policy = mixed.policy
    assert (policy.cooldown_s, policy.allowed_fails, policy.deadline_s) == (90.0, 1, 600.0)
    assert mixed.deployments["gpt/1"].timeouts.total_s == 600.0
    assert mixed.deployments["claude/1"].timeouts.first_token_s == 30.0


@pytest.mark.parametrize(
    ("settings", "attempts"),
    [("num_retries: 0", 1), ("num_retries: 6", 7), ("num_retries: 400", 20), ("allowed_fails: 2", 4)],
)
def test_retries_are_attempts_less_one_and_bounded(tmp_path: Path, settings: str, attempts: int) -> None:
    config = loaded(tmp_path, one_model("model: xai/a", f"router_settings: {{{settings}}}"))
    assert config.policy.max_attempts == attempts


def test_there_are_always_enough_attempts_to_reach_a_fallback(mixed: RouterConfig) -> None:
    assert mixed.policy.max_attempts == 1 + 3
    assert "num_retries: 4 attempts are made a request, so that fallbacks are reached" in mixed.ignored


def test_a_cooldown_of_nothing_keeps_the_default_and_says_so(tmp_path: Path) -> None:
    config = loaded(tmp_path, one_model("model: xai/a", "router_settings: {cooldown_time: 0}"))
    assert config.policy.cooldown_s == 120.0
    assert [note for note in config.ignored if note.startswith("cooldown_time")]


def test_the_master_key_is_the_gateways(mixed: RouterConfig, tmp_path: Path) -> None:
    assert mixed.gateway_key is not None
    assert mixed.gateway_key.reveal() == "sk-master"
    assert load(MIXED, {}).gateway_key is None
    plain = loaded(tmp_path, one_model("model: xai/a", "general_settings: {master_key: sk-1234}"))
    assert plain.gateway_key is not None
    assert "sk-1234" not in repr(plain)


def test_what_has_no_meaning_is_listed_once_with_its_lines(mixed: RouterConfig) -> None:
    keys = [note.split("): ")[0].rstrip(")") + ")" for note in mixed.ignored if "(line" in note]
    assert keys == [
        "litellm_params.api_version (lines 19, 25)",
        "litellm_params.aws_region_name (line 38)",
        "model_info.supports_vision (line 43)",
        "litellm_params.vertex_project (line 68)",
        "litellm_settings.drop_params (line 73)",
        "litellm_settings.callbacks (line 79)",
        "router_settings.redis_host (line 87)",
        "general_settings.database_url (line 91)",
        "guardrails (line 93)",
        "rpm: TEST_RPM is not set (line 60)",
    ]
    assert "secret" not in "".join(mixed.ignored)


def test_a_variable_without_a_name_is_no_key(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"litellm.yaml:3:36: .*api_key must be one environment variable"):
        loaded(tmp_path, one_model("model: xai/a, api_key: os.environ/"))


def test_empty_sections_say_nothing(tmp_path: Path) -> None:
    text = one_model("model: xai/a", "router_settings:\nlitellm_settings:\ngeneral_settings:\nmcp_servers:\n")
    config = loaded(tmp_path, text)
    assert config.policy == Policy(guard=config.policy.guard)
    assert config.ignored == ("mcp_servers (line 7)",)


def test_an_entrys_name_never_meets_a_models(tmp_path: Path) -> None:
    names = ["m", "m/1", "m", "T7", "m/2"]
    text = "model_list:\n" + "".join(
        f"  - {{model_name: {name}, litellm_params: {{model: xai/x}}}}\n" for name in names
    )
    config = loaded(tmp_path, text)
    assert list(config.deployments) == ["m/3", "m/1/1", "m/4", "T7/1", "m/2/1"]
    assert [tier.name for tier in config.tiers] == ["T7-2"]
