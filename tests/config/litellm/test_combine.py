"""Files that a LiteLLM file includes, variables it sets itself, and credentials its entries name."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.config.loader import load
from router.core.settings.config import RouterConfig
from router.errors import ConfigError

ENTRY = "  - model_name: {name}\n    litellm_params: {{model: openai/x, {params}}}\n"
CREDENTIALS = """
credential_list:
  - credential_name: work
    credential_values: {api_key: os.environ/WORK_KEY, api_base: "https://work.example/v1"}
  - credential_name: home
    credential_values: {api_key: sk-home, api_base: os.environ/HOME_BASE}
"""


def loaded(folder: Path, text: str, **environ: str) -> RouterConfig:
    path = folder / "litellm.yaml"
    path.write_text(text)
    return load(path, environ)


def entries(*named: tuple[str, str]) -> str:
    return "model_list:\n" + "".join(ENTRY.format(name=name, params=params) for name, params in named)


def key(config: RouterConfig, deployment: str) -> str | None:
    found = config.deployments[deployment].provider.api_key
    return found.reveal() if found else None


def test_an_entry_is_called_with_the_key_of_the_credential_it_names(tmp_path: Path) -> None:
    text = entries(("a", "litellm_credential_name: work"), ("b", "litellm_credential_name: home"))
    config = loaded(tmp_path, text + CREDENTIALS, WORK_KEY="sk-work", HOME_BASE="https://home.example/v1")
    assert (key(config, "a/1"), key(config, "b/1")) == ("sk-work", "sk-home")
    assert config.deployments["a/1"].provider.base_url == "https://work.example/v1"
    assert config.deployments["b/1"].provider.base_url == "https://home.example/v1"
    assert config.ignored == ()


def test_what_an_entry_says_itself_wins_over_its_credential(tmp_path: Path) -> None:
    text = entries(("a", "litellm_credential_name: work, api_key: sk-own"))
    assert key(loaded(tmp_path, text + CREDENTIALS), "a/1") == "sk-own"


@pytest.mark.parametrize(
    ("name", "why"),
    [
        ("nobody", "credential_list has no `nobody`"),
        ("work", "no key: set WORK_KEY"),
        ("home", "no address: set HOME_BASE"),
    ],
)
def test_without_its_credential_an_entry_is_off_and_no_other_key_is_taken(
    name: str, why: str, tmp_path: Path
) -> None:
    text = entries(("a", f"litellm_credential_name: {name}"))
    config = loaded(tmp_path, text + CREDENTIALS, OPENAI_API_KEY="sk-another-account")
    assert config.deployments["a/1"].off == why
    assert key(config, "a/1") != "sk-another-account"


def test_variables_of_the_file_win_over_the_environment(tmp_path: Path) -> None:
    text = entries(("a", "api_key: os.environ/MINE, api_base: os.environ/BASE"), ("b", "")).replace(
        ", }", "}"
    )
    text += "environment_variables: {MINE: sk-file, BASE: 'https://x.example/v1', OPENAI_API_KEY: sk-usual}\n"
    config = loaded(tmp_path, text, MINE="sk-environment", OPENAI_API_KEY="sk-environment")
    assert (key(config, "a/1"), key(config, "b/1")) == ("sk-file", "sk-usual")
    assert config.deployments["a/1"].provider.base_url == "https://x.example/v1"


def test_included_files_continue_lists_and_say_the_rest(tmp_path: Path) -> None:
    (tmp_path / "more").mkdir()
    (tmp_path / "more" / "models.yaml").write_text(
        entries(("b", "api_key: k")) + "router_settings: {num_retries: 5}\n"
    )
    (tmp_path / "only.yaml").write_text("litellm_settings: {max_tokens: 77}\n")
    config = loaded(
        tmp_path, "include: [more/models.yaml, only.yaml]\n" + entries(("a", "api_key: k")) + CREDENTIALS
    )
    assert [*config.deployments] == ["a/1", "b/1"]
    assert (config.policy.max_attempts, config.policy.default_max_tokens) == (6, 77)


def test_a_file_of_includes_alone_is_a_litellm_file(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text(entries(("b", "api_key: k")))
    assert [*loaded(tmp_path, "include: [models.yaml]\n").deployments] == ["b/1"]


def test_a_problem_of_an_included_file_names_that_file(tmp_path: Path) -> None:
    (tmp_path / "models.yaml").write_text("# one\n" + entries(("b", "api_key: k, rpm: many")))
    with pytest.raises(ConfigError) as caught:
        loaded(tmp_path, entries(("a", "api_key: k")) + "include: [models.yaml]\n")
    [problem] = caught.value.problems
    assert (Path(problem.path).name, problem.line) == ("models.yaml", 4)


@pytest.mark.parametrize("written", ["include: models.yaml", "include: [missing.yaml]", "include: [{a: 1}]"])
def test_what_cannot_be_included_is_refused(written: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError):
        loaded(tmp_path, f"{written}\n" + entries(("a", "api_key: k")))
