"""`cockpit prices update`: what it shows, installs and refuses, and that the installed prices are used."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.__main__ import cli
from tests.fake_provider import answer, fake_provider

CONFIG = """
version: 1
providers: {openai: {wire: openai, base_url: "http://127.0.0.1:1/v1", billing: metered}}
tiers: {T0: {label: one}}
deployments: {mini: {tier: T0, provider: openai, model: gpt-4o-mini}}
routes: {auto: {ladder: [T0]}}
"""
BODY = json.dumps({"model": "gpt-4o-mini", "usage": {"prompt_tokens": 1_000_000, "completion_tokens": 0}})


def run(*args: str) -> Result:
    return CliRunner().invoke(cli, list(args))


def mini(input_mtok: str, output_mtok: str = "0.6") -> dict[str, Any]:
    price = {"input_mtok": input_mtok, "output_mtok": output_mtok, "cache_read_mtok": "0.075"}
    models = {"gpt-4o-mini": {"prices": [price]}, "in-house": {"prices": [{**price}]}}
    return {"version": "1", "source": "a page", "checked": "2026-11-20", "vendors": {"openai": models}}


def cost_of_a_million(tmp_path: Path) -> str:
    body = tmp_path / "body.json"
    body.write_text(BODY)
    done = run("cost", "--json", "--api", "openai.chat", "--model", "gpt-4o-mini", str(body))
    assert done.exit_code == 0, done.output
    cost: str = json.loads(done.stdout)["cost_usd"]
    return cost


def listed(model: str) -> list[dict[str, Any]]:
    rows = json.loads(run("prices", "list", "openai", "--json").stdout)
    return [row for row in rows if row["model"] == model]


def test_an_installed_file_is_what_costs_and_lists_use_from_then_on(tmp_path: Path) -> None:
    file, config = tmp_path / "file.json", tmp_path / "config.yaml"
    file.write_text(json.dumps(mini("0.2")))
    config.write_text(CONFIG)
    assert cost_of_a_million(tmp_path) == "0.15"
    dry = run("prices", "update", "--dry-run", str(file), "--json")
    changed = {row["model"]: row["change"] for row in json.loads(dry.stdout)}
    assert changed["openai in-house"] == "new"
    assert "input_mtok 0.15 → 0.2" in changed["openai gpt-4o-mini"]
    assert cost_of_a_million(tmp_path) == "0.15", "--dry-run has changed nothing"
    done = run("prices", "update", str(file))
    assert done.exit_code == 0, done.output
    assert cost_of_a_million(tmp_path) == "0.2"
    [row] = listed("gpt-4o-mini")
    assert (row["source"], row["checked"]) == ("a page", "2026-11-20")
    assert row["version"].startswith("own-2026-11-20-")
    plan = json.loads(run("--config", str(config), "explain", "--json", "--max-tokens", "10", "Hi").stdout)
    assert plan["candidates"][0]["chosen"]
    assert "a page" in run("prices", "list", "openai").stdout


def test_a_file_whose_price_lost_a_zero_is_refused_until_it_is_confirmed(tmp_path: Path) -> None:
    file = tmp_path / "file.json"
    file.write_text(json.dumps(mini("0.015")))
    refused = run("prices", "update", str(file))
    assert refused.exit_code == 2
    assert "gpt-4o-mini" in refused.stderr
    assert "nothing was changed" in refused.stderr
    assert cost_of_a_million(tmp_path) == "0.15"
    assert run("prices", "update", "--confirmed", str(file)).exit_code == 0
    assert cost_of_a_million(tmp_path) == "0.015"


@pytest.mark.parametrize("text", ["{", "[]", '{"version": 1}'])
def test_a_file_that_is_no_catalogue_is_named_and_changes_nothing(tmp_path: Path, text: str) -> None:
    path = tmp_path / "prices.json"
    path.write_text(text)
    result = run("prices", "update", str(path))
    assert result.exit_code == 2
    assert "prices.json" in result.stderr
    assert run("prices", "update", str(tmp_path / "none")).exit_code == 2
    assert cost_of_a_million(tmp_path) == "0.15"


def test_without_a_file_it_says_where_prices_come_from() -> None:
    done = run("prices", "update")
    assert done.exit_code == 0
    assert "Nothing is ever fetched" in done.stderr


async def test_an_address_that_is_named_is_fetched(tmp_path: Path) -> None:
    async with fake_provider(answer(json.dumps(mini("0.2")).encode())) as server:
        done = await asyncio.to_thread(run, "prices", "update", f"{server.url}/prices.json")
    assert done.exit_code == 0, done.output
    assert cost_of_a_million(tmp_path) == "0.2"


async def test_an_address_without_a_file_changes_nothing(tmp_path: Path) -> None:
    async with fake_provider(answer(b"moved", 302, "location: http://127.0.0.1:1/")) as server:
        done = await asyncio.to_thread(run, "prices", "update", f"{server.url}/prices.json")
    assert done.exit_code == 2
    assert "status 302" in done.stderr
    assert cost_of_a_million(tmp_path) == "0.15"


def test_an_unencrypted_address_elsewhere_is_refused() -> None:
    done = run("prices", "update", "http://prices.invalid/prices.json")
    assert done.exit_code == 2
    assert "https://" in done.stderr
