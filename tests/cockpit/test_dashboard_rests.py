"""Ending the rest of a deployment from the tier table, and why some have none to end."""

from __future__ import annotations

from dataclasses import replace

import pytest
from textual.pilot import Pilot

from router.core.records.health import Health
from router.engine.health_board import DeploymentState
from tests.cockpit.scripted import DEPLOYMENTS, Cockpit, cockpit, screen_lines, until


def rest(world: Cockpit, name: str, health: Health) -> None:
    deployment = world.engine.config.deployments[name]
    world.engine.health[name] = DeploymentState(deployment, health, world.clock.now_ms() + 192_000, "429")


async def to_row(pilot: Pilot[None], row: int) -> None:
    await until(pilot, "◌ new")
    await pilot.press("tab", *["j"] * row)


@pytest.mark.parametrize("health", [Health.COOLING, Health.PROBING, Health.DISABLED])
async def test_c_ends_the_rest_of_the_deployment_under_the_cursor(health: Health) -> None:
    world = cockpit()
    rest(world, "smollm", health)
    rest(world, "gemma-free", health)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await to_row(pilot, 2)
        assert "c end rest" in screen_lines(world.app)[-1]
        await pilot.press("c")
        text = await until(pilot, "gemma-free may be asked again")
        assert text.count("◌ new") == 2
        assert list(world.engine.health) == ["smollm"]


@pytest.mark.parametrize(
    ("row", "why"),
    [
        (0, "gemini-flash is off, not at rest: set GEMINI_API_KEY"),
        (1, "smollm is not at rest: it may be asked"),
    ],
)
async def test_one_without_a_rest_says_so(row: int, why: str) -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await to_row(pilot, row)
        await pilot.press("c")
        await until(pilot, why)


async def test_a_rest_the_ledger_does_not_end_is_still_there_and_says_why() -> None:
    world = cockpit()
    rest(world, "smollm", Health.COOLING)
    world.controls.broken = "the disk is full"
    async with world.app.run_test(size=(80, 24)) as pilot:
        await to_row(pilot, 1)
        await pilot.press("c")
        assert "COOL" in await until(pilot, "the disk is full")


async def test_the_key_works_on_the_tiers_only() -> None:
    world = cockpit()
    rest(world, "smollm", Health.COOLING)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "COOL")
        await pilot.press("c")
        assert "COOL" in await until(pilot, "Enter details")


async def test_a_hostile_name_is_shown_and_not_obeyed() -> None:
    evil = replace(DEPLOYMENTS[1], name="[/]\x1b[2J\u202e")
    world = cockpit(deployments=(evil, DEPLOYMENTS[3]))
    rest(world, evil.name, Health.DISABLED)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await to_row(pilot, 0)
        await pilot.press("c")
        text = await until(pilot, "[/]␛[2J\ufffd may be asked again")
        assert not {"\x1b", "\u202e"} & set(text)
