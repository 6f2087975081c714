"""The dashboard at the sizes it promises: what it says, what it leaves out, what the keys do."""

from __future__ import annotations

from zoneinfo import ZoneInfo

import pytest

from router.core.records.health import Health
from router.engine.health_board import DeploymentState
from tests.cockpit.scripted import Cockpit, book, cockpit, screen_lines, screen_text, until

SIZES = [(60, 16), (80, 24), (160, 50)]


def cooling(world: Cockpit, name: str, seconds: float) -> None:
    deployment = world.engine.config.deployments[name]
    until_ms = world.clock.now_ms() + round(seconds * 1000)
    world.engine.health[name] = DeploymentState(deployment, Health.COOLING, until_ms, "429 x4 in 60s")


@pytest.mark.parametrize("size", SIZES)
async def test_it_says_what_was_spent_who_can_serve_and_what_is_called(size: tuple[int, int]) -> None:
    world = cockpit(zone=ZoneInfo("Europe/Amsterdam"))
    await book(world, request_id="a", age_s=60, cost_nano=41_000_000)
    await book(world, request_id="b", age_s=120, cost_nano=None)
    await book(world, request_id="c", age_s=2 * 86_400, cost_nano=3_000_000_000)
    await book(world, request_id="d", age_s=9 * 86_400, cost_nano=1_000_000_000)
    cooling(world, "gemma-free", 192)
    async with world.app.run_test(size=size) as pilot:
        text = await until(pilot, "$3.04 + 1 unknown")
        for shown in ("today $0.041", "13:00 CET", "week before $1.00", "(+204%)", "by 24:00"):
            assert shown in text
        for shown in ("gemini-fl", "OFF", "◌ new", "COOL", "03:12", "12:59:00", "20 13:00", "✓ ok"):
            assert shown in text
        assert "$0.041" in text
        assert "● ok" in text or size[1] < 24
        lines = screen_lines(world.app)
        assert len(lines) == size[1]
        assert all(len(line) <= size[0] for line in lines)


async def test_at_80x24_every_day_and_every_tier_stands_without_scrolling() -> None:
    world = cockpit()
    await book(world, request_id="a", age_s=60, cost_nano=41_000_000)
    async with world.app.run_test(size=(80, 24)) as pilot:
        text = await until(pilot, "1 request")
        days = ["Mon 16", "Tue 17", "Wed 18", "Thu 19", "Fri 20", "Sat 21", "Sun 22"]
        assert all(day in text for day in days)
        assert all(f" {tier} " in text for tier in ("T0", "T1", "T2", "T3"))
        assert "2.2k" in text


async def test_a_wide_terminal_shows_more_columns_and_the_chosen_call() -> None:
    world = cockpit()
    await book(world, request_id="a", age_s=60, cost_nano=41_000_000)
    async with world.app.run_test(size=(160, 50)) as pilot:
        text = await until(pilot, "1 request")
        assert "deepseek/deepseek-chat" in text
        assert "tokens in 1,912  cache read 812" in text
        assert "smollm: first in order" in text


async def test_an_empty_ledger_says_what_to_do_and_no_figure_is_invented() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        text = await until(pilot, "no call yet: press 2, type a prompt, Enter")
        assert "today $0" in text
        assert "7 days  $0 " in text


async def test_the_countdown_runs_and_nothing_else_is_painted() -> None:
    world = cockpit()
    cooling(world, "smollm", 65)
    async with world.app.run_test(size=(80, 24)) as pilot:
        before = (await until(pilot, "01:05")).splitlines()
        world.clock.advance(5)
        world.app._tick()
        await pilot.pause()
        after = screen_lines(world.app)
        changed = [line for line, old in zip(after, before, strict=True) if line != old]
        assert len(changed) == 1
        assert "01:00" in changed[0]


async def test_enter_shows_a_calls_details_and_escape_closes_them() -> None:
    world = cockpit()
    await book(world, request_id="a", age_s=60, cost_nano=41_000_000)
    await book(world, request_id="b", age_s=30, cost_nano=None)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "2 requests")
        await pilot.press("j", "enter")
        text = await until(pilot, "id a")
        assert "session night" in text
        assert "cost $0.041 (computed)  expected $0.00041" in text
        await pilot.press("k")
        assert "cost ? (unknown)" in await until(pilot, "id b")
        await pilot.press("escape")
        assert "week before" in await until(pilot, "Mon 16")


async def test_the_cursor_stays_with_its_call_while_newer_ones_come() -> None:
    world = cockpit()
    for n in range(3):
        await book(world, request_id=f"old{n}", age_s=100 + n, cost_nano=n + 1_000_000)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "3 requests")
        await pilot.press("j")
        chosen = marked(world)
        await book(world, request_id="new", age_s=5, cost_nano=0)
        await pilot.press("r")
        await until(pilot, "4 requests")
        assert marked(world) == chosen
        await pilot.press("g")
        assert "11:59:55" in marked(world)
        await book(world, request_id="newer", age_s=1, cost_nano=0)
        await pilot.press("r")
        await until(pilot, "5 requests")
        assert "11:59:59" in marked(world)
        await pilot.press("G")
        assert "11:58:18" in marked(world)


def marked(world: Cockpit) -> str:
    (line,) = [line for line in screen_lines(world.app) if "›" in line]
    return line.strip("┃ ")


async def test_a_pause_holds_the_figures_still_until_it_ends() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "0 requests")
        await pilot.press("p")
        await until(pilot, "PAUSED")
        await book(world, request_id="a", age_s=1, cost_nano=0)
        await pilot.press("r")
        await pilot.pause(0.1)
        assert "0 requests" in screen_text(world.app)
        await pilot.press("p")
        assert "PAUSED" not in await until(pilot, "1 request")


async def test_tab_goes_to_the_tiers_and_the_cursor_tells_a_reason_that_is_cut() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "gemini")
        assert "set GEMINI_API_KEY" not in screen_text(world.app)
        await pilot.press("tab", "enter")
        await until(pilot, "set GEMINI_API_KEY")


async def test_a_resize_lays_everything_out_anew() -> None:
    world = cockpit()
    await book(world, request_id="a", age_s=60, cost_nano=41_000_000)
    async with world.app.run_test(size=(160, 50)) as pilot:
        await until(pilot, "deepseek/deepseek-chat")
        for size in [(60, 16), (80, 24), (40, 10), (160, 50), (20, 5)]:
            await pilot.resize_terminal(*size)
            await pilot.pause()
            assert len(screen_lines(world.app)) == size[1]
        await pilot.resize_terminal(80, 24)
        assert "Mon 16" in await until(pilot, "1 request")
