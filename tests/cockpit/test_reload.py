"""A configuration that is read again while the cockpit is open, and one that cannot be used."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest

from cockpit.opening import AppControls, in_words
from router.app.app import open_app
from router.config.watch import Refused, Reloaded
from router.core.failures.classify import classify
from router.core.failures.exchange import Exchange
from router.core.health.scopes import scope_keys
from router.core.records.admission import Lesson
from router.core.records.facts import HealthLearned
from router.core.records.health import Health
from router.core.settings.deployments import Tier
from router.core.settings.policy import Policy
from router.errors import Problem, UnknownName
from tests.cockpit.scripted import (
    DEPLOYMENTS,
    TIERS,
    Cockpit,
    cockpit,
    config,
    screen_lines,
    screen_text,
    until,
)

NEW_TIER = Tier("T9", "new", 9)
EVIL = ("config.yaml:3:1: no tier is called `[/]\x1b[2J\u202e`", "config.yaml:9:2: @click=app.quit [b]")
FILE = """\
version: 1
providers: {there: {wire: openai, billing: local, base_url: "http://127.0.0.1:9"}}
tiers: {T0: {label: local}}
deployments: {small: {tier: T0, provider: there, model: m, context_window: 1000}}
routes: {auto: {use: [small]}}
"""


def last_line(world: Cockpit) -> str:
    return screen_lines(world.app)[-1]


async def test_a_changed_file_is_told_and_followed_by_tiers_table_and_choice() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", *["ctrl+t"] * 4)
        await until(pilot, "tier: T3")
        moved = replace(DEPLOYMENTS[1], name="newcomer", tier=NEW_TIER)
        world.controls.file = replace(config([moved]), tiers=(NEW_TIER,))
        await until(pilot, "new configuration: tiers changed")
        assert "tier: auto" in await until(pilot, "auto → T9")
        await pilot.press("ctrl+t")
        await until(pilot, "tier: T9")
        await pilot.press("ctrl+t")
        await until(pilot, "tier: auto")
        await pilot.press("escape", "1")
        world.app._tick()
        assert "smollm" not in await until(pilot, "newcomer")


async def test_a_chosen_tier_that_is_still_there_stays_chosen() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", *["ctrl+t"] * 2)
        await until(pilot, "tier: T1")
        world.controls.file = replace(config(), tiers=(*TIERS, NEW_TIER))
        await pilot.press("escape", "R")
        await until(pilot, "T9")
        assert "tier: T1" in screen_text(world.app)


async def test_the_reload_key_reads_at_once_and_says_that_nothing_changed() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("R")
        await until(pilot, "configuration read again: nothing changed")


async def test_a_bad_file_keeps_the_old_configuration_and_the_key_lists_what_is_wrong() -> None:
    world = cockpit()
    before = world.engine.config
    world.controls.file = EVIL
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("R")
        text = await until(pilot, "Configuration not used: 2 to correct")
        assert "no tier is called `[/]␛[2J" in text
        assert "config.yaml:9:2: @click=app.quit [b]" in text
        assert last_line(world).startswith(" old configuration stays (R lists 2): config.yaml:3:1")
        assert not {"\x1b", "\u202e"} & set(text)
        assert all(len(line) <= 80 for line in text.splitlines())
        await pilot.press("escape", "tab")
        text = await until(pilot, "? help")
        assert "BAD CONFIG (R)" in text
        assert "to correct" not in text
        assert world.engine.config is before
        world.controls.file = config()
        await pilot.press("R")
        assert "BAD CONFIG" not in await until(pilot, "new configuration")


async def test_many_problems_scroll() -> None:
    world = cockpit()
    world.controls.file = tuple(f"config.yaml:{n}:1: problem {n} ends" for n in range(1, 60))
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("R")
        assert "problem 59" not in await until(pilot, "problem 1 ends")
        await pilot.press("end")
        await until(pilot, "problem 59 ends")
        await pilot.press("q")
        await until(pilot, "BAD CONFIG")


async def test_what_is_said_while_an_answer_runs_is_not_wiped_off_by_it() -> None:
    world = cockpit()
    world.engine.hangs = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "h", "enter")
        await until(pilot, "▸ streaming")
        await pilot.press("i", "enter")
        await until(pilot, "one prompt at a time")
        await pilot.pause(0.2)
        assert "one prompt at a time" in last_line(world)
        await pilot.press("escape")


PROBLEMS = (
    Problem("/etc/x/config.yaml", 3, 1, "unknown key `a`"),
    Problem("/etc/x/config.yaml", 0, 0, "gone"),
)


@pytest.mark.parametrize(
    ("news", "said"),
    [
        (Reloaded(config(), ()), "configuration read again: nothing changed"),
        (Reloaded(config(), ("route a changed",)), "new configuration: route a changed"),
        (Reloaded(config(), tuple("abcde")), "new configuration: a, b, c and 2 more"),
        (Refused(PROBLEMS), "old configuration stays (R lists 2): config.yaml:3: unknown key `a`"),
        (Refused(PROBLEMS[1:]), "old configuration stays (R lists 1): config.yaml: gone"),
    ],
)
def test_what_came_of_a_reading_fits_a_line(news: Reloaded | Refused, said: str) -> None:
    assert in_words(news).said == said
    assert in_words(news).problems == (tuple(map(str, news.problems)) if isinstance(news, Refused) else ())


async def test_the_real_controls_read_a_real_file_and_end_a_rest_in_the_ledger(tmp_path: Path) -> None:
    file = tmp_path / "config.yaml"
    file.write_text(FILE)
    async with open_app(config=file, ledger=tmp_path / "ledger.db") as world:
        controls = AppControls(world)
        assert await controls.poll() is None
        file.write_text(FILE.replace("1000", "2000"))
        changed = await controls.poll()
        assert changed is not None
        assert changed.said == "new configuration: deployment small changed"
        assert world.engine.config.deployments["small"].context_window == 2000
        file.write_text(FILE.replace("[small]", "[large]"))
        assert len((await controls.reload()).problems) == 1
        assert world.engine.config.deployments["small"].context_window == 2000

        small = world.engine.config.deployments["small"]
        limited = classify(Exchange("x", status=429, headers={"retry-after": "70"}), world.clock.now_ms())
        world.ledger.note(
            HealthLearned(Lesson(scope_keys(small), limited, Policy(), 0.0), world.clock.now_ms())
        )
        await world.ledger.flush()
        world.engine.refresh(await world.reader.health())
        assert world.engine.deployments()[0].health is Health.COOLING
        await controls.clear("small")
        assert world.engine.deployments()[0].health is Health.AVAILABLE
        assert await world.reader.health() == {}
        with pytest.raises(UnknownName):
            await controls.clear("gone")
