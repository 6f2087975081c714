"""Budgets beside the spend, and what a prompt is told of them."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.format import money
from cockpit.screens.dashboard.spend_hud import budget_line
from router.core.money import NANO
from router.core.records.admission import Cap, Used
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow
from tests.cockpit.scripted import Cockpit, book, cockpit, screen_lines, until

DAY = Budget(BudgetScope.ALL, None, BudgetWindow.DAY, 5 * NANO)
MONTH = Budget(BudgetScope.TIER, "T3", BudgetWindow.MONTH, 20 * NANO)
EACH_CALL = Budget(BudgetScope.ALL, None, BudgetWindow.CALL, NANO)
SPENT = Used(410_000_000, 20_000_000)


def cap(label: str = "all spend, day", limit_nano: int = 5 * NANO) -> Cap:
    return Cap(label, limit_nano, 0, 0)


def text_of(label: str, used: Used, width: int, limit_nano: int = 5 * NANO) -> str:
    return "".join(text for text, _ in budget_line(cap(label, limit_nano), used, width))


@pytest.mark.parametrize(
    ("label", "used", "width", "shown"),
    [
        ("all spend, day", SPENT, 50, "day $0.41 of $5.00, $0.02 held ━──────────────────"),
        ("all spend, day", SPENT, 34, "day $0.41 of $5.00, $0.02 held"),
        ("all spend, day", SPENT, 24, "day $0.41 of $5.00 ━────"),
        ("tier T3, month", Used(), 34, "tier T3, month $0 of $5.00 ───────"),
        ("all spend, day", Used(9 * NANO), 26, "day $9.00 of $5.00 ━━━━━━━"),
        ("all spend, day", Used(NANO, unknown=2), 26, "day $1.00+2? of $5.00 ━───"),
        ("provider openrouter, month", SPENT, 34, "provider openroute… $0.41 of $5.00"),
    ],
)
def test_a_budget_says_what_is_spent_of_what_and_what_is_held(
    label: str, used: Used, width: int, shown: str
) -> None:
    assert text_of(label, used, width).strip() == shown


amounts = st.integers(0, 10**15)


@given(
    st.text(st.sampled_from("ab漢😀\x1b\n[]"), max_size=60), amounts, amounts, amounts, st.integers(32, 90)
)
def test_a_budgets_line_fits_and_shows_what_was_spent(
    label: str, posted: int, held: int, limit: int, width: int
) -> None:
    line = text_of(label, Used(posted, held), width, limit)
    assert cell_len(line) <= width
    assert f" {money(posted)} of {money(limit)}" in line
    assert "\x1b" not in line
    assert "\n" not in line


def budgeted(world: Cockpit, *budgets: Budget) -> None:
    world.engine.config = replace(world.engine.config, budgets=budgets)


async def test_at_80x24_the_fullest_budget_has_a_line_and_no_day_goes_for_it() -> None:
    world = cockpit()
    budgeted(world, MONTH, DAY, EACH_CALL)
    await book(world, request_id="a", age_s=60, cost_nano=410_000_000)
    async with world.app.run_test(size=(80, 24)) as pilot:
        text = await until(pilot, "day $0.41 of $5.00 ━")
        assert "month" not in text
        assert "week before" in text
        assert "Mon 16" in text
        assert all(f" {tier} " in text for tier in ("T0", "T1", "T2", "T3"))
        assert len(screen_lines(world.app)) == 24


async def test_where_there_is_room_every_standing_budget_has_a_line() -> None:
    world = cockpit()
    budgeted(world, MONTH, DAY, EACH_CALL)
    await book(world, request_id="a", age_s=60, cost_nano=410_000_000)
    async with world.app.run_test(size=(160, 50)) as pilot:
        text = await until(pilot, "day $0.41 of $5.00 ━")
        assert "tier T3, month $0.41 of $20.00 ━" in text
        assert "call $" not in text


async def test_budgets_of_a_configuration_read_again_are_shown() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "0 requests")
        world.controls.file = replace(world.engine.config, budgets=(DAY,))
        await pilot.press("R")
        await until(pilot, "day $0 of $5.00")


async def test_a_hostile_budgets_name_is_shown_and_not_obeyed() -> None:
    world = cockpit()
    budgeted(world, Budget(BudgetScope.TIER, "[/]\x1b[2J", BudgetWindow.DAY, NANO))
    async with world.app.run_test(size=(80, 24)) as pilot:
        text = await until(pilot, "tier [/]␛[2J, day $0 of $1.00")
        assert "\x1b" not in text


async def test_a_soft_budgets_warning_stands_between_prompt_and_answer() -> None:
    world = cockpit()
    world.engine.warnings = ("budget `[b]all\x1b` of $5: it is soft, so the call goes on",)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "h", "enter")
        lines = (await until(pilot, "✓ done")).splitlines()
        told = [i for i, line in enumerate(lines) if "it is soft" in line]
        asked = next(i for i, line in enumerate(lines) if "you> h" in line)
        answered = next(i for i, line in enumerate(lines) if "WAL keeps" in line)
        assert told == [asked + 1]
        assert answered == asked + 2
        assert "`[b]all␛`" in lines[told[0]]


async def test_a_prompt_that_money_stopped_says_so_and_when_to_try_again() -> None:
    world = cockpit()
    world.engine.over_budget = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "h", "enter")
        text = await until(pilot, "✗ failed: no budget left for it")
        assert "failed: nobody can serve. Try again in 3:05:00." in text
