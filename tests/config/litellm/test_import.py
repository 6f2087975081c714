"""`cockpit config import`: what it writes loads to the same, repeats no key and overwrites nothing."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from click.testing import CliRunner

from cockpit.commands.config import command
from cockpit.options import Options
from router.config.loader import converted, load
from router.core.settings.config import RouterConfig
from router.errors import ConfigError

FOLDER = Path(__file__).parents[2] / "data" / "config"
FILES = sorted(FOLDER.glob("litellm_*.yaml"))
ENVIRON = {
    "OPENROUTER_API_KEY": "sk-or",
    "TEST_OPENAI_KEY": "sk-openai",
    "TEST_RPM": "12",
    "TEST_MASTER_KEY": "sk-master",
    "ANTHROPIC_API_KEY": "sk-in-the-file",
}
"""With what stood in the file where its import says it belongs."""


def named_keys(config: RouterConfig) -> dict[str, object]:
    """Everything but where it came from and whether a key was in the file or in the environment."""
    providers = {name: replace(one, key_name=None) for name, one in config.providers.items()}
    deployments = {
        name: replace(one, provider=providers[one.provider.name]) for name, one in config.deployments.items()
    }
    config = replace(config, source="", ignored=(), providers=providers, deployments=deployments)
    return {field: getattr(config, field) for field in config.__slots__}


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_an_imported_file_loads_to_the_same_configuration(path: Path, tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    ours.write_text(converted(path, ENVIRON))
    assert named_keys(load(ours, ENVIRON)) == named_keys(load(path, ENVIRON))


def test_no_key_is_repeated_and_its_new_place_is_said() -> None:
    text = converted(FOLDER / "litellm_mixed.yaml", ENVIRON)
    assert "sk-" not in text
    assert "# Its key stood in the file: put it into ANTHROPIC_API_KEY." in text


def test_the_text_says_which_line_a_part_comes_from_and_what_was_left_behind() -> None:
    lines = converted(FOLDER / "litellm_skills.yaml", {}).splitlines()
    assert "litellm_skills.yaml" in lines[0]
    assert "#   litellm_settings.drop_params (line 37): what a caller says is sent on as it is said" in lines
    assert lines[lines.index("  skill/code/2:") - 1] == "  # line 12"


def test_a_name_cannot_break_out_of_its_comment(tmp_path: Path) -> None:
    path = tmp_path / "litellm.yaml"
    path.write_text('model_list: [{model_name: m, litellm_params: {model: xai/x}}]\n"evil\\nversion: 2": 1\n')
    ours = tmp_path / "ours.yaml"
    ours.write_text(converted(path, {}))
    assert list(load(ours, {}).deployments) == ["m/1"]


def test_keys_of_one_vendor_get_variables_of_their_own(tmp_path: Path) -> None:
    path = tmp_path / "litellm.yaml"
    path.write_text(
        "model_list:\n"
        "  - {model_name: m, litellm_params: {model: openai/a, api_key: sk-a}}\n"
        "  - {model_name: m, litellm_params: {model: openai/b}}\n"
        '  - {model_name: m, litellm_params: {model: openai/c, api_base: "http://[::1]:1", api_key: sk-c}}\n'
        "general_settings: {master_key: sk-master}\n"
    )
    text = converted(path, {})
    for variable in ("OPENAI_API_KEY_2", "OPENAI_API_KEY", "KEY_1_1_API_KEY", "COCKPIT_GATEWAY_KEY"):
        assert f"${{{variable}}}" in text
    assert "sk-" not in text


def test_a_file_of_our_own_is_not_imported() -> None:
    with pytest.raises(ConfigError, match="it is no LiteLLM file"):
        converted(FOLDER / "good_abridged.yaml", {})


def run(*args: str | Path) -> tuple[int, str]:
    result = CliRunner().invoke(command, ["import", *map(str, args)], obj=Options())
    return result.exit_code, result.output


def test_the_command_prints_a_configuration_that_loads(tmp_path: Path) -> None:
    code, text = run(FOLDER / "litellm_skills.yaml")
    assert code == 0
    ours = tmp_path / "ours.yaml"
    ours.write_text(text)
    assert load(ours, {}).routes["skill/code"].own == 2


def test_the_command_writes_a_new_file_and_keeps_one_that_exists(tmp_path: Path) -> None:
    ours = tmp_path / "ours.yaml"
    code, text = run(FOLDER / "litellm_skills.yaml", "--write", ours)
    assert code == 0
    assert f"cockpit --config {ours} config check" in text
    before = ours.read_bytes()
    code, text = run(FOLDER / "litellm_circles.yaml", "--write", ours)
    assert (code, ours.read_bytes()) == (2, before)
    assert "exists and is kept" in text


def test_a_folder_that_is_not_there_is_told(tmp_path: Path) -> None:
    code, text = run(FOLDER / "litellm_skills.yaml", "--write", tmp_path / "nowhere" / "ours.yaml")
    assert code == 2
    assert "no such file or directory" in text


def test_the_command_gives_the_text_as_json_too() -> None:
    code, text = run(FOLDER / "litellm_skills.yaml", "--json")
    document = json.loads(text)
    assert code == 0
    assert (document["written"], document["config"].count("skill/code/1:")) == (None, 1)


def test_check_tells_what_a_litellm_file_says_in_vain() -> None:
    options = Options(config=FOLDER / "litellm_skills.yaml")
    plain = CliRunner().invoke(command, ["check"], obj=options)
    assert "ignored: litellm_settings.drop_params (line 37)" in plain.stderr
    as_json = CliRunner().invoke(command, ["check", "--json"], obj=options)
    told = "litellm_settings.drop_params (line 37): what a caller says is sent on as it is said"
    assert told in json.loads(as_json.stdout)["ignored"]
