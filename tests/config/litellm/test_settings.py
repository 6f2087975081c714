"""The list of LiteLLM's settings: it names what is read, and refuses what would change money in silence."""

from __future__ import annotations

from pathlib import Path

import pytest
from pydantic import BaseModel

from router.config.litellm import schema
from router.config.litellm.known import settings
from router.config.loader import converted, load
from router.core.settings.budgets import BudgetScope, BudgetWindow
from router.core.settings.config import RouterConfig
from router.errors import ConfigError

SECTIONS: dict[str, type[BaseModel]] = {
    "litellm_params": schema.Params,
    "model_info": schema.Info,
    "router_settings": schema.RouterSettings,
    "litellm_settings": schema.RouterSettings,
    "general_settings": schema.General,
}


def loaded(folder: Path, params: str = "model: xai/a", more: str = "", **environ: str) -> RouterConfig:
    path = folder / "litellm.yaml"
    path.write_text(f"model_list:\n  - model_name: m\n    litellm_params: {{{params}}}\n{more}\n")
    return load(path, environ)


def test_the_list_calls_carried_exactly_what_is_read() -> None:
    read = {f"{section}.{name}" for section, model in SECTIONS.items() for name in model.model_fields}
    carried = {name for name, one in settings().items() if one.verdict == "carried"}
    assert read <= carried
    others = {name for name in carried - read if "cost" not in name}
    assert others == {
        *("include", "environment_variables", "credential_list", "model_list"),
        *("model_list.model_name", "model_list.rpm", "model_list.tpm"),
    }


def test_every_difference_and_refusal_says_what_and_what_instead() -> None:
    for name, one in settings().items():
        assert one.verdict in ("carried", "different", "nothing", "refused"), name
        assert bool(one.words) is (one.verdict in ("different", "refused")), name


@pytest.mark.parametrize("name", [name for name, one in settings().items() if one.verdict == "refused"])
def test_what_would_change_money_or_keys_in_silence_is_an_error_with_its_line(
    name: str, tmp_path: Path
) -> None:
    section, _, key = name.partition(".")
    of_an_entry = section == "litellm_params"
    params = f"model: xai/a, {key}: something" if of_an_entry else "model: xai/a"
    more = "" if of_an_entry else f"{section}: {{{key}: something}}"
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, params, more)
    [problem] = caught.value.problems
    assert problem.message.startswith(f"{name}: ")
    assert problem.line == (3 if of_an_entry else 4)


@pytest.mark.parametrize("name", [name for name, one in settings().items() if one.verdict == "different"])
def test_a_difference_is_told_with_its_line(name: str, tmp_path: Path) -> None:
    section, _, key = name.partition(".")
    if section == "litellm_params":
        notes = loaded(tmp_path, f"model: xai/a, {key}: something").ignored
    elif section == "model_info":
        notes = loaded(tmp_path, more=f"    model_info: {{{key}: something}}").ignored
    else:
        notes = loaded(tmp_path, more=f"{section}: {{{key}: something}}").ignored
    [note] = [note for note in notes if note.startswith(name)]
    assert note.endswith(f": {settings()[name].words}")
    assert "(line " in note


def test_a_price_of_a_kind_that_is_not_counted_is_an_error_unless_it_is_nothing(tmp_path: Path) -> None:
    assert loaded(tmp_path, "model: xai/a, input_cost_per_second: 0").deployments
    with pytest.raises(ConfigError, match="input_cost_per_second: is a price of a kind that is not counted"):
        loaded(tmp_path, "model: xai/a, input_cost_per_second: 0.1")


@pytest.mark.parametrize(
    ("duration", "window"),
    [("1h", "hour"), ("1d", "day"), ("24h", "day"), ("7d", "7d"), ("30d", "month"), ("1mo", "month")],
)
def test_budgets_of_the_file_of_an_entry_and_of_a_provider_hold_here(
    duration: str, window: str, tmp_path: Path
) -> None:
    config = loaded(
        tmp_path,
        f"model: xai/a, api_key: k, max_budget: 2.5, budget_duration: {duration}",
        f"litellm_settings: {{max_budget: 9, budget_duration: {duration}}}\n"
        f"router_settings: {{provider_budget_config: {{xai: {{budget_limit: 1, time_period: {duration}}}}}}}",
    )
    assert [(b.scope, b.target, b.limit_nano, b.hard) for b in config.budgets] == [
        (BudgetScope.ALL, None, 9_000_000_000, True),
        (BudgetScope.DEPLOYMENT, "m/1", 2_500_000_000, True),
        (BudgetScope.PROVIDER, "xai", 1_000_000_000, True),
    ]
    assert {b.window for b in config.budgets} == {BudgetWindow(window)}


@pytest.mark.parametrize("duration", ["", ", budget_duration: 30m", ", budget_duration: 3d"])
def test_a_budget_that_cannot_be_held_is_an_error_and_not_left_out(duration: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=r"litellm.yaml:3:.*cannot be held here: 1h, 1d, 7d or 30d"):
        loaded(tmp_path, f"model: xai/a, max_budget: 2{duration}")


def test_headers_the_organization_and_a_part_of_the_body_are_sent(tmp_path: Path) -> None:
    params = (
        "model: openai/gpt-x, api_key: k, organization: org-1, extra_body: {top_k: 3}, "
        "extra_headers: {X-Token: os.environ/TOKEN, X-Plain: a}"
    )
    config = loaded(tmp_path, params, TOKEN="t-secret")
    [provider] = config.providers.values()
    assert {name: value.reveal() for name, value in provider.headers} == {
        "X-Token": "t-secret",
        "X-Plain": "a",
        "OpenAI-Organization": "org-1",
    }
    assert provider.body == {"top_k": 3}
    text = converted(tmp_path / "litellm.yaml", {"TOKEN": "t-secret"})
    assert "t-secret" not in text
    assert "${TOKEN}" in text


def test_entries_that_differ_in_their_headers_are_two_accounts(tmp_path: Path) -> None:
    second = "  - model_name: m\n    litellm_params: {model: openai/gpt-x, api_key: k, organization: org-2}"
    config = loaded(tmp_path, "model: openai/gpt-x, api_key: k, organization: org-1", second)
    assert [*config.providers] == ["openai", "openai-2"]
