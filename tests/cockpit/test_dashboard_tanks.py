"""What is left of the day: gauges where the dashboard is wide and tall, and elsewhere nothing."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.screens.dashboard.tank_gauges import TankGauges, gauges
from cockpit.session import Watch
from cockpit.ui.tones import Tone
from router.core.catalog.quotas import DailyQuota, QuotaSource
from router.core.settings.deployments import Deployment, Limits
from tests.cockpit.scripted import DEPLOYMENTS, Cockpit, book, cockpit, screen_lines, until

DAY = 86_400_000
MIDNIGHT = 20_000 * DAY
HOUR = DAY // 24


def tank(
    label: str = "openrouter", used: int = 12, limit: int = 50, empty_at: int | None = None
) -> DailyQuota:
    return DailyQuota(label, (label,), used, limit, QuotaSource.COUNTED, MIDNIGHT + DAY, empty_at)


def text_of(one: DailyQuota, width: int) -> str:
    [line] = gauges([one], UTC, width)
    return "".join(text for text, _ in line)


SOON = MIDNIGHT + 17 * HOUR + 40 * 60_000


@pytest.mark.parametrize(
    ("one", "width", "shown"),
    [
        (tank(empty_at=SOON), 56, "openrouter 38/50 ━━━━━━━━━━━──── empty 17:40, full 00:00"),
        (tank(empty_at=SOON), 40, "openrouter 38/50 empty 17:40, full 00:00"),
        (tank(empty_at=SOON), 37, "openro… 38/50 empty 17:40, full 00:00"),
        (tank(used=0), 36, "openrouter 50/50 ━━━━━━━━ full 00:00"),
        (tank(used=61, empty_at=SOON), 42, "openrouter 0/50 ──────── empty, full 00:00"),
        (tank(used=49), 36, "openrouter 1/50 ━──────── full 00:00"),
    ],
)
def test_a_gauge_says_what_is_left_of_what_when_it_is_empty_and_when_full(
    one: DailyQuota, width: int, shown: str
) -> None:
    assert text_of(one, width) == shown


@pytest.mark.parametrize(
    ("used", "tone"), [(39, Tone.PLAIN), (40, Tone.WARN), (49, Tone.WARN), (50, Tone.BAD), (51, Tone.BAD)]
)
def test_a_fifth_left_is_a_warning_and_nothing_left_is_bad(used: int, tone: Tone) -> None:
    [line] = gauges([tank(used=used)], UTC, 56)
    assert line[1][1] is tone


def test_times_are_those_of_the_dashboards_zone() -> None:
    [line] = gauges([tank()], timezone(timedelta(hours=-8)), 56)
    assert line[-1][0] == "full 16:00"


counts = st.integers(0, 10**6)
labels = st.text(st.sampled_from("ab漢😀\x1b\n[]"), max_size=60)


@given(st.lists(st.tuples(labels, counts, counts), min_size=1, max_size=4), st.integers(46, 90))
def test_gauges_fit_and_stand_under_each_other(found: list[tuple[str, int, int]], width: int) -> None:
    tanks = [tank(label, used, limit + 1, SOON) for label, used, limit in found]
    lines = ["".join(text for text, _ in line) for line in gauges(tanks, UTC, width)]
    assert all(cell_len(line) <= width for line in lines)
    assert all(
        f" {max(0, one.limit - one.used):,}/{one.limit:,} " in line
        for line, one in zip(lines, tanks, strict=True)
    )
    assert len({cell_len(line[: line.rindex("full")].split("empty")[0]) for line in lines}) == 1
    assert not any("\x1b" in line or "\n" in line for line in lines)


def limited(*rpds: int) -> Iterator[Deployment]:
    """The usual deployments, those that are on with a daily limit each."""
    limits = iter(rpds)
    for deployment in DEPLOYMENTS:
        rpd = None if deployment.off else next(limits, None)
        yield replace(deployment, limits=Limits(rpd=rpd, reset_timezone="UTC"))


async def spent(*rpds: int) -> Cockpit:
    world = cockpit(deployments=tuple(limited(*rpds)))
    for n in range(2):
        await book(world, request_id=f"r{n}", age_s=60, cost_nano=0, deployment="smollm")
    return world


async def test_where_it_is_wide_and_tall_each_tank_has_a_gauge_under_the_spend() -> None:
    world = await spent(10, 50)
    async with world.app.run_test(size=(160, 50)) as pilot:
        text = await until(pilot, "Left today")
        lines = text.splitlines()
        [mine] = [line for line in lines if " 8/10 " in line]
        assert "smollm" in mine
        assert "full 00:00" in mine
        assert lines.index(mine) < next(
            n for n, line in enumerate(lines) if "openrouter" in line and "50/50" in line
        )
        assert "times are UTC" in text
        assert "Mon 16" in text
        assert "week before" in text
        assert all(f" {tier} " in text for tier in ("T0", "T1", "T2", "T3"))


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 24), (100, 50)])
async def test_elsewhere_gauges_push_nothing_out(size: tuple[int, int]) -> None:
    world, without = await spent(10, 50), await spent()
    async with world.app.run_test(size=size) as pilot:
        shown = (await until(pilot, "11:59:00")).splitlines()
        assert not any("Left today" in line for line in shown)
    async with without.app.run_test(size=size) as pilot:
        await until(pilot, "11:59:00")
        assert screen_lines(without.app) == shown


async def test_without_a_daily_limit_there_is_no_gauge_and_no_room_is_taken() -> None:
    world = await spent()
    async with world.app.run_test(size=(160, 50)) as pilot:
        assert "Left today" not in await until(pilot, "2 requests")
        assert world.app.query_one("#state").region.height == 11


async def test_more_tanks_than_have_room_are_counted() -> None:
    world = await spent()
    many = tuple(replace(DEPLOYMENTS[1], name=f"d{n}", limits=Limits(rpd=n + 5)) for n in range(6))
    world.engine.config = replace(world.engine.config, deployments={each.name: each for each in many})
    async with world.app.run_test(size=(160, 50)) as pilot:
        text = await until(pilot, "2 more: cockpit tanks")
        gauge = world.app.query_one(TankGauges)
        assert gauge.region.height == 6
        assert "7/7" in text


async def test_tanks_are_read_with_the_other_figures_and_only_when_the_ledger_changed() -> None:
    world = await spent(10, 50)
    watch = Watch(world.engine, world.ledger, world.clock, UTC)
    first = await watch._look()
    assert first is not None
    assert [(one.label, one.used, one.limit) for one in first.tanks] == [
        ("smollm", 2, 10),
        ("openrouter", 0, 50),
    ]
    assert await watch._look() is None
    await book(world, request_id="r2", age_s=60, cost_nano=0, deployment="smollm")
    again = await watch._look()
    assert again is not None
    assert again.tanks[0].used == 3
