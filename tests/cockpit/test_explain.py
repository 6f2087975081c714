"""`cockpit explain`: for every route of the sample who would serve, with score, skips and estimates."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.commands.explain import command
from router.config.loader import built_in, load
from router.config.paths import sample_config

KEYS = ("GEMINI_API_KEY", "OPENROUTER_API_KEY", "DEEPSEEK_API_KEY", "ANTHROPIC_API_KEY", "OPENAI_API_KEY")
HEAD = ("deployment", "tier", "score", "cost", "quality", "health", "budget")
SAMPLE = load(sample_config(), {})


def run(*args: str, stdin: str | None = None) -> Result:
    return CliRunner().invoke(command, ["--config", str(sample_config()), *args], input=stdin)


def explained(*args: str) -> dict[str, Any]:
    result = run(*args, "--json", "What is the capital of France?")
    assert result.exit_code == 0, result.output
    document: dict[str, Any] = json.loads(result.stdout)
    return document


@pytest.fixture(params=[(), KEYS], ids=["without keys", "with every key"])
def environ(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[str, ...]:
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    keys: tuple[str, ...] = request.param
    for key in keys:
        monkeypatch.setenv(key, "sk-test")
    return keys


@pytest.mark.parametrize("route", SAMPLE.routes)
def test_every_route_shows_its_candidates_scores_skips_and_estimates(
    route: str, environ: tuple[str, ...]
) -> None:
    document = explained("-m", route)
    candidates = document["candidates"]
    assert document["route"] == route
    assert {c["deployment"] for c in candidates} == set(SAMPLE.routes[route].deployments)
    assert [c["chosen"] for c in candidates].count(True) == 1
    assert candidates[0]["chosen"]
    for candidate in candidates:
        assert candidate["reason"]
        assert 0 <= candidate["score"] <= 1
        assert set(candidate["score_inputs"]) == {"cost", "quality", "health", "pressure"}
        assert candidate["estimate_usd"] is not None
        assert candidate["bound_usd"] is not None
    off = {name for name in SAMPLE.routes[route].deployments if built_in({}).deployments[name].off}
    for candidate in candidates:
        assert candidate["reason"].startswith("no key") == (not environ and candidate["deployment"] in off)


def test_a_person_reads_the_same_in_a_table(environ: tuple[str, ...]) -> None:
    result = run("-m", "skill/code", "Write quicksort")
    head, *lines = result.stdout.splitlines()
    assert head.split() == [*HEAD, "expected", "at", "most", "why"]
    assert len(lines) == len(SAMPLE.routes["skill/code"].deployments)
    assert lines[0].startswith("→")
    assert "route skill/code" in result.stderr


def test_free_behind_a_name_leaves_nothing_that_costs_money(monkeypatch: pytest.MonkeyPatch) -> None:
    for key in KEYS:
        monkeypatch.setenv(key, "sk-test")
    for candidate in explained("-m", "auto:free")["candidates"]:
        if candidate["eligible"]:
            assert candidate["bound_usd"] == "0"


def test_the_stated_task_level_and_language_are_shown_and_decide() -> None:
    document = explained("--task", "code_gen", "--level", "L1", "--language", "JA")
    assert (document["task"], document["level"], document["language"]) == ("code_gen", "L1", "ja")
    assert document["route"] == "skill/code"
    assert "task code_gen sends it to skill/code" in document["notes"]


def test_on_a_bare_machine_a_hard_question_still_finds_the_embedded_model(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for key in KEYS:
        monkeypatch.delenv(key, raising=False)
    document = explained("--task", "architecture", "--level", "L3")
    assert document["candidates"][0]["eligible"]


def test_a_clamp_is_told_with_the_candidate() -> None:
    [candidate] = explained("-m", "smollm", "--max-tokens", "65536")["candidates"]
    assert candidate["max_tokens"] == 2048
    assert "65536 → 2048" in candidate["clamped"]
    assert "65536 → 2048" in run("-m", "smollm", "--max-tokens", "65536", "x").stdout


@pytest.mark.parametrize("wrong", [("--level", "L4"), ("--language", "japanese"), ("--language", "12")])
def test_a_level_or_language_that_is_none_is_wrong_usage(wrong: tuple[str, str]) -> None:
    assert run(*wrong, "x").exit_code == 2


def test_nothing_is_written(tmp_path: Path) -> None:
    ledger = tmp_path / "ledger.db"
    assert run("--ledger", str(ledger), "x").exit_code == 0
    assert not ledger.exists()


SLIP = """
version: 1
providers:
  anthropic: {wire: anthropic, base_url: "https://api.anthropic.com", api_key: "${A_KEY}", billing: metered}
tiers: {T5: {label: sonnet}, T6: {label: opus}}
deployments:
  sonnet: {tier: T5, provider: anthropic, model: claude-sonnet-4-5}
  opus:
    {tier: T6, provider: anthropic, model: claude-opus-4-6, price: {input_mtok: "0.50", output_mtok: "2.50"}}
routes: {auto: {ladder: [T5, T6]}}
"""
LITELLM_SLIP = """
model_list:
  - model_name: auto
    litellm_params: {model: anthropic/claude-sonnet-4-5, api_key: k, input_cost_per_token: 3e-05}
    model_info: {}
"""


def explained_file(path: Path, text: str) -> dict[str, dict[str, Any]]:
    path.write_text(text)
    result = CliRunner().invoke(command, ["--config", str(path), "--json", "Hello"])
    assert result.exit_code in {0, 4}, result.output
    return {c["deployment"]: c for c in json.loads(result.stdout)["candidates"]}


def test_a_lost_zero_is_caught_before_it_makes_the_dear_model_look_cheap(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("A_KEY", "k")
    found = explained_file(tmp_path / "config.yaml", SLIP)
    assert found["sonnet"]["chosen"]
    assert not found["opus"]["eligible"]
    assert "input_mtok is 0.50, the reference is 5" in found["opus"]["reason"]
    meant = explained_file(tmp_path / "config.yaml", SLIP.replace('"2.50"}', '"2.50", confirmed: true}'))
    assert meant["opus"]["eligible"]


def test_an_extra_zero_in_a_litellm_file_is_caught_too(tmp_path: Path) -> None:
    found = explained_file(tmp_path / "config.yaml", LITELLM_SLIP)
    assert "input_mtok is 30, the reference is 3" in found["auto/1"]["reason"]
    text = LITELLM_SLIP.replace("model_info: {}", "model_info: {confirmed: true}")
    assert explained_file(tmp_path / "config.yaml", text)["auto/1"]["eligible"]
