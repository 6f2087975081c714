"""The stress screen over real HTTP and the real engine: five backends in Pilot, and in a terminal by keys."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from cockpit.app import CockpitApp
from cockpit.opening import AppControls
from cockpit.screens.stress.plan_line import StressPlanLine
from cockpit.screens.stress.state import StressPhase
from router.app.app import open_app
from router.core.records.health import Health
from tests.cockpit.scripted import until
from tests.five_backends import Backends, five_backends
from tests.terminal import Terminal
from tests.test_whole import COCKPIT, environment, run

LOAD = "stress: {requests: 6, timeout: 300ms}\n"
VERDICTS = {
    "healthy": "keep healthy",
    "hangs": "drop congested",
    "vanished": "drop gone",
    "limited": "drop rate_limited",
    "flapping": "drop flaky",
}
STOPS_WITHIN_S = 0.2


@pytest.fixture
def backends() -> Iterator[Backends]:
    with five_backends() as running:
        yield running


@pytest.fixture
def config(backends: Backends, tmp_path: Path) -> Path:
    path = tmp_path / "five.yaml"
    path.write_text(backends.config(more=LOAD))
    return path


@pytest.fixture
def patient_config(backends: Backends, tmp_path: Path) -> Path:
    path = tmp_path / "patient.yaml"
    path.write_text(backends.config(more="stress: {requests: 6, timeout: 20s}\n"))
    return path


def line_of(screen: str, name: str) -> str:
    """Return the row of a target."""
    return next(line for line in screen.splitlines() if f"] {name} " in line)


async def test_the_screen_judges_five_backends_and_moves_no_health(config: Path, tmp_path: Path) -> None:
    async with open_app(config=config, ledger=tmp_path / "ledger.db") as world:
        controls = AppControls(world)
        app = CockpitApp(world.engine, world.reader, world.clock, world.zone, controls=controls)
        async with app.run_test(size=(160, 50)) as pilot:
            await pilot.press("3", "s")
            screen = await until(pilot, "─ done ─", seconds=20)
            await until(pilot, "kept 1 of 1; the first run", seconds=5)
            for name, verdict in VERDICTS.items():
                assert verdict in line_of(screen, name)
            assert "ttottoS"[:6] in line_of(screen, "hangs")
        assert {state.health for state in world.engine.deployments()} == {Health.AVAILABLE}


@pytest.mark.slow  # it measures real time, so nothing else may run beside it
async def test_escape_stops_every_request_within_a_fifth_of_a_second(
    patient_config: Path, tmp_path: Path
) -> None:
    async with open_app(config=patient_config, ledger=tmp_path / "ledger.db") as world:
        app = CockpitApp(world.engine, world.reader, world.clock, world.zone)
        async with app.run_test(size=(80, 24)) as pilot:
            await pilot.press("3", "s")
            await until(pilot, "drop flaky", seconds=20)  # only `hangs` is left, waiting for its answer
            pressed = time.monotonic()
            await pilot.press("escape")
            while app.query_one(StressPlanLine).state.phase is StressPhase.RUNNING:
                await pilot.pause(0.01)
            assert time.monotonic() - pressed < STOPS_WITHIN_S
        await world.ledger.flush()
        assert [e for e in await world.reader.recent(50) if e.settlement is None] == []
        results = await world.reader.stress_results(10)
    assert {result.deployment for result in results} == set(VERDICTS)
    [hangs] = [result for result in results if result.deployment == "hangs"]
    assert hangs.letters.endswith("S")


@pytest.mark.slow
def test_in_a_terminal_a_dropped_backend_leaves_its_routes_and_comes_back(
    config: Path, tmp_path: Path
) -> None:
    before = config.read_text()
    named = [*COCKPIT, "--config", str(config)]
    with Terminal(named, columns=120, lines=40, env=environment(tmp_path)) as terminal:
        terminal.wait_for("healthy")
        terminal.press("3")
        terminal.wait_for("5 targets, 30 requests")
        terminal.press("s")
        terminal.wait_for("done ─")
        terminal.press("j", "j")  # healthy, hangs, vanished
        terminal.wait_for("a  drop vanished")
        terminal.press("a")
        terminal.wait_for(r"\+ .*dropped")
        terminal.press("Enter")
        terminal.wait_for("new configuration")
        assert "# kept" in config.read_text()
        assert "vanished" not in routed(tmp_path, config)
        terminal.wait_for("s start")  # the sentence about the first change has gone
        terminal.press("u")
        terminal.wait_for("undo")
        terminal.press("Enter")
        terminal.wait_for("new configuration")
        assert config.read_text() == before
        assert "vanished" in routed(tmp_path, config)
        terminal.press("q")
        assert terminal.wait_end() == 0


def routed(home: Path, config: Path) -> list[str]:
    """Return who another process may ask for the route `free` now."""
    told = json.loads(run(home, "--config", str(config), "explain", "--json", "-m", "free", "hello").stdout)
    return [each["deployment"] for each in told["candidates"] if each["eligible"]]


@pytest.mark.slow
def test_in_a_terminal_the_embedded_model_is_kept_as_healthy(tmp_path: Path) -> None:
    with Terminal(COCKPIT, env=environment(tmp_path)) as terminal:
        terminal.wait_for("smollm")
        terminal.press("3")
        terminal.wait_for(r"\[x\] smollm")
        terminal.press("s")
        screen = terminal.wait_for("keep healthy", seconds=60)
        assert "oooooo" in screen
        terminal.press("q")
        assert terminal.wait_end() == 0
        assert terminal.is_sane()
