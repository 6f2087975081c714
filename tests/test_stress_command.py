"""`cockpit stress` against five backends over real HTTP, as a script or a cron job uses it."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from cockpit.__main__ import cli
from tests.five_backends import Backends, five_backends

KEYS = [
    "deployment",
    "sent",
    "ok",
    "timeouts",
    "rate_limited",
    "errors",
    "ttft_p50_s",
    "duration_p50_s",
    "verdict",
    "cause",
    "learned",
]


@pytest.fixture
def backends() -> Iterator[Backends]:
    with five_backends() as running:
        yield running


@pytest.fixture
def config(backends: Backends, tmp_path: Path) -> str:
    path = tmp_path / "five.yaml"
    path.write_text(backends.config())
    return str(path)


def stress(config: str, *arguments: str) -> Result:
    return CliRunner().invoke(cli, ["--config", config, "stress", "--timeout", "0.3", *arguments])


def found(done: Result) -> dict[str, dict[str, Any]]:
    return {each["deployment"]: each for each in json.loads(done.stdout)}


def test_five_free_backends_are_judged_and_one_that_should_go_makes_it_exit_1(config: str) -> None:
    done = stress(config, "--json")
    results = found(done)
    assert done.exit_code == 1
    assert {name: (each["verdict"], each["cause"]) for name, each in results.items()} == {
        "healthy": ("keep", "healthy"),
        "hangs": ("drop", "congested"),
        "vanished": ("drop", "gone"),
        "limited": ("drop", "rate_limited"),
        "flapping": ("drop", "flaky"),
    }
    assert list(results["healthy"])[: len(KEYS)] == KEYS
    counts = {name: [each[key] for key in KEYS[1:6]] for name, each in results.items()}
    assert counts == {
        "healthy": [6, 6, 0, 0, 0],
        "hangs": [6, 2, 4, 0, 0],
        "vanished": [3, 0, 0, 0, 3],
        "limited": [6, 4, 0, 2, 0],
        "flapping": [6, 3, 0, 0, 3],
    }
    assert results["limited"]["learned"] == {"rpm": 4}
    assert "vanished ! 1: 404" in done.stderr


def test_no_cooldown_of_live_routing_is_changed_and_the_limit_it_met_is_in_force(config: str) -> None:
    stress(config)
    done = CliRunner().invoke(cli, ["--config", config, "tiers", "--json"])
    tiers = {each["deployment"]: each for each in json.loads(done.stdout)}
    assert {each["health"] for each in tiers.values()} == {"available"}
    assert tiers["limited"]["limits"]["rpm"] == 3


def test_all_kept_exits_0_and_a_route_or_tier_stands_for_its_deployments(
    config: str, backends: Backends
) -> None:
    done = stress(config, "healthy", "--requests", "2")
    assert done.exit_code == 0
    assert "keep healthy" in done.stdout
    assert backends.counts["healthy"] == 2
    by_route, by_tier = (found(stress(config, name, "--probe", "--json")) for name in ("free", "T0"))
    assert set(by_route) == set(by_tier) == {"healthy", "hangs", "vanished", "limited", "flapping"}


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["dear"], "dear would cost money, at most $0.02"),
        (["auto"], "the price of unpriced is unknown"),
        (["dear", "--yes", "--max-cost", "0"], "one request can cost $0.00"),
        (["unpriced", "--yes"], "the price of unpriced is unknown"),
    ],
)
def test_what_costs_money_is_refused_with_its_price_and_nothing_is_sent(
    config: str, backends: Backends, arguments: list[str], said: str
) -> None:
    done = stress(config, *arguments)
    assert done.exit_code == 3
    assert said in done.stderr
    assert not backends.counts


def test_the_refusal_is_a_document_too(config: str) -> None:
    done = stress(config, "dear", "--json")
    [dear] = json.loads(done.stdout)
    assert (dear["sent"], dear["verdict"], dear["cause"]) == (0, None, None)
    assert float(dear["bound_usd"]) > 0
    assert "would cost money" in dear["evidence"]


def test_a_yes_lets_it_pass_and_its_cost_is_in_the_ledger(config: str, backends: Backends) -> None:
    done = stress(config, "dear", "--yes", "--requests", "2", "--json")
    [dear] = json.loads(done.stdout)
    assert (done.exit_code, dear["verdict"], dear["cost_usd"]) == (0, "keep", "0.000084")
    spent = CliRunner().invoke(cli, ["--config", config, "spend", "--json"])
    assert json.loads(spent.stdout)["total_usd"] == "0.000084"


def test_wrong_use_exits_2(config: str, backends: Backends) -> None:
    assert stress(config, "--ramp", "--probe").exit_code == 2
    assert CliRunner().invoke(cli, ["--config", config, "stress", "--max-cost", "-1"]).exit_code == 2
    assert not backends.counts


def test_history_and_compare_tell_what_earlier_runs_found(config: str) -> None:
    stress(config, "healthy", "vanished")
    stress(config, "healthy", "--probe")
    runner = CliRunner()
    history = json.loads(runner.invoke(cli, ["--config", config, "stress", "history", "--json"]).stdout)
    assert (history[0]["deployment"], history[0]["letters"]) == ("healthy", "o")
    assert {(each["deployment"], each["letters"]) for each in history[1:]} == {
        ("healthy", "oooooo"),
        ("vanished", "!!!S"),
    }
    assert len(history[0]["request_ids"]) == 1
    one = runner.invoke(cli, ["--config", config, "stress", "history", "vanished", "--json"])
    assert [each["cause"] for each in json.loads(one.stdout)] == ["gone"]
    compared = found(runner.invoke(cli, ["--config", config, "stress", "compare", "--json"]))
    assert (compared["healthy"]["runs"], compared["healthy"]["kept"]) == (2, 2)
    assert compared["vanished"]["before"] is None
    shown = runner.invoke(cli, ["--config", config, "stress", "compare"])
    assert "the first run" in shown.stdout


def test_a_machine_with_nothing_to_try_says_so(tmp_path: Path) -> None:
    config = tmp_path / "none.yaml"
    config.write_text(
        """
version: 1
providers: {p: {wire: openai, base_url: "http://127.0.0.1:1", api_key: "${GEMINI_API_KEY}", billing: free}}
tiers: {T0: {label: free}}
deployments: {d: {tier: T0, provider: p, model: m}}
routes: {auto: {ladder: [T0]}}
"""
    )
    done = stress(str(config), "--json")
    assert (done.exit_code, json.loads(done.stdout)) == (4, [])
    named = stress(str(config), "d")
    assert named.exit_code == 4
    assert "d is left out, it is off: no key: set GEMINI_API_KEY" in named.stderr


async def test_ctrl_c_exits_130_with_what_was_found_so_far(
    config: str, backends: Backends, tmp_path: Path
) -> None:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "cockpit", "--config", config, "stress", "hangs", "vanished", "--json"),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
        env={**os.environ, "HOME": str(tmp_path)},
    )
    assert process.stderr
    async with asyncio.timeout(20):
        while b"vanished: drop gone" not in await process.stderr.readline():
            pass
        process.send_signal(signal.SIGINT)
        out, _ = await process.communicate()
        while not backends.left["hangs"]:  # noqa: ASYNC110  # the server's own thread sees it a moment later
            await asyncio.sleep(0.01)
    results = {each["deployment"]: each for each in json.loads(out)}
    assert process.returncode == 130
    assert results["vanished"]["verdict"] == "drop"
    assert (results["hangs"]["verdict"], results["hangs"]["letters"]) == (None, "S")
    assert backends.left["hangs"] == 1


@pytest.mark.slow
def test_in_real_time_the_test_takes_the_time_of_the_slowest_target(tmp_path: Path) -> None:
    """A healthy second, and three time-outs of the hanging one: no target waits for another."""
    with five_backends(scale=1.0) as backends:
        config = tmp_path / "five.yaml"
        config.write_text(backends.config())
        began = time.monotonic()
        done = CliRunner().invoke(cli, ["--config", str(config), "stress", "--timeout", "3", "--json"])
        took = time.monotonic() - began
    results = found(done)
    assert {name: each["cause"] for name, each in results.items()} == {
        "healthy": "healthy",
        "hangs": "congested",
        "vanished": "gone",
        "limited": "rate_limited",
        "flapping": "flaky",
    }
    assert results["healthy"]["duration_p50_s"] == pytest.approx(1, abs=0.3)
    assert 4 * 3 + 2 * 1 <= took < 4 * 3 + 2 * 1 + 6


@pytest.mark.slow
def test_the_embedded_model_is_kept_as_healthy() -> None:
    done = CliRunner().invoke(cli, ["stress", "--json"])
    [smollm] = json.loads(done.stdout)
    assert (done.exit_code, smollm["deployment"]) == (0, "smollm")
    assert (smollm["verdict"], smollm["cause"], smollm["ok"]) == ("keep", "healthy", 6)
