"""The frame: keys, help, palette, themes, the way out, and what a name from the configuration cannot do."""

from __future__ import annotations

from dataclasses import replace
from importlib import import_module
from pathlib import Path

import pytest
from textual.theme import Theme

from cockpit.app import CockpitApp, Look
from cockpit.pages import KEYS, PAGES
from cockpit.ui.keys import Hint, HintLine, bindings, hint_line, label
from tests.cockpit.scripted import DEPLOYMENTS, cockpit, screen_lines, until

LINES = {
    f"{page.name} {name}": hints
    for page in PAGES
    for name, hints in vars(import_module(f"cockpit.screens.{page.name}.keys")).items()
    if isinstance(hints, tuple) and all(isinstance(hint, Hint) for hint in hints)
}
"""Every bottom line that a screen has for some situation."""
OURS = Theme("ours", primary="#7aa8e0")


def width_of(pairs: list[tuple[str, str]]) -> int:
    return sum(len(key) + len(text) + 3 for key, text in pairs) - 1


@pytest.mark.parametrize("situation", LINES)
@pytest.mark.parametrize("width", [60, 80, 160])
def test_the_bottom_line_fits_and_holds_at_most_seven_keys(situation: str, width: int) -> None:
    pairs = list(hint_line(HintLine(LINES[situation]), KEYS, width))
    assert width_of(pairs) < width
    assert len(pairs) <= 7
    must = {hint.text for hint in LINES[situation] if hint.spare == 0}
    assert must <= {text for _, text in pairs}
    if width >= 80:
        assert len(pairs) == len(LINES[situation])


def test_every_key_has_an_id_of_its_own_and_no_action_hangs_on_a_key_terminals_keep() -> None:
    ids = [key.id for key in KEYS]
    assert len(set(ids)) == len(ids)
    kept = {
        "ctrl+a",
        "ctrl+b",
        "ctrl+s",
        "ctrl+h",
        "ctrl+k",
        "ctrl+l",
        "ctrl+i",
        "ctrl+m",
        "f10",
        "f11",
        "f12",
    }
    assert all(set(key.keys.split(",")) - kept for key in KEYS)
    assert {hint.id for hints in LINES.values() for hint in hints} <= set(ids)
    assert {binding.id for binding in bindings(*KEYS)} == set(ids)


@pytest.mark.parametrize(
    ("key", "shown"),
    [("ctrl+t", "Ctrl+T"), ("escape", "Esc"), ("question_mark", "?"), ("G", "G"), ("shift+tab", "Shift+Tab")],
)
def test_a_key_is_written_as_people_write_it(key: str, shown: str) -> None:
    assert label(key) == shown


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 50)])
async def test_it_opens_on_the_dashboard_with_nothing_in_the_way(size: tuple[int, int]) -> None:
    world = cockpit()
    async with world.app.run_test(size=size) as pilot:
        await until(pilot, "[1 Dash] 2 Run")
        assert len(world.app.screen_stack) == 1
        first, last = screen_lines(world.app)[0], screen_lines(world.app)[-1]
        assert first.rstrip().endswith("12:00 UTC")
        assert "? help" in last
        assert "q quit" in last
        await pilot.press("2")
        await until(pilot, "[2 Run]")
        await pilot.press("x")
        assert "Enter send" in screen_lines(world.app)[-1]


async def test_q_quits_with_exit_code_zero() -> None:
    world = cockpit()
    async with world.app.run_test() as pilot:
        await pilot.press("q")
    assert world.app.return_code == 0


async def test_help_lists_the_keys_that_work_here_and_narrows_as_one_types() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "[1 Dash]")
        await pilot.press("question_mark")
        text = await until(pilot, "Keys that work here")
        assert "hold the figures still" in text
        assert "send the prompt" not in text
        await pilot.press(*"led")
        text = await until(pilot, "read the ledger again")
        assert "hold the figures still" not in text
        await pilot.press("z")
        await until(pilot, "no key does that here")
        await pilot.press("escape")
        assert "Keys that work here" not in await until(pilot, "[1 Dash]")


async def test_help_in_the_prompt_comes_with_f1_and_leaves_out_what_would_be_typed() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "f1")
        text = await until(pilot, "send the prompt")
        assert "Ctrl+Q" in text
        assert "read the ledger again" not in text


async def test_a_rebound_key_works_and_help_tells_it() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        world.app.set_keymap({"pause": "x"})
        await pilot.press("x")
        await until(pilot, "PAUSED")
        await pilot.press("question_mark", *"fig")
        assert "x  hold the figures still" in await until(pilot, "hold the figures")


async def test_the_palette_offers_themes_and_screens() -> None:
    world = cockpit(look=Look([OURS], "ours"))
    async with world.app.run_test(size=(80, 24)) as pilot:
        assert world.app.theme == "ours"
        offered = [command.title for command in world.app.get_system_commands(world.app.screen)]
        assert "theme" in offered
        await pilot.press("ctrl+p")
        await pilot.press(*"run")
        await until(pilot, "type a prompt")
        await pilot.press("enter")
        await until(pilot, "[2 Run]")


async def test_a_locked_theme_is_left_alone_and_no_other_is_offered() -> None:
    world = cockpit(look=Look([OURS], "ours", locked=True))
    before = world.app.theme
    async with world.app.run_test() as pilot:
        await pilot.pause()
        assert world.app.theme == before
        offered = [command.title for command in world.app.get_system_commands(world.app.screen)]
        assert "theme" not in offered


async def test_what_was_found_wrong_at_the_start_is_told_beside_the_screens() -> None:
    world = cockpit()
    app = CockpitApp(
        world.engine,
        world.ledger,
        world.clock,
        world.app._zone,
        Look(notes=["themes/x.yaml: bad [/] colour"]),
    )
    world.app = app
    async with app.run_test(size=(80, 24), notifications=True) as pilot:
        await until(pilot, "bad [/] colour")


async def test_names_from_the_configuration_are_shown_and_not_obeyed() -> None:
    evil = replace(DEPLOYMENTS[1], name="[/]\x1b[2J\u202e", model="[@click=app.quit]m[/]\x07")
    world = cockpit(deployments=(DEPLOYMENTS[0], evil))
    async with world.app.run_test(size=(160, 50)) as pilot:
        await until(pilot, "[/]␛[2J")
        await pilot.press("2", "h", "enter")
        await until(pilot, "✓ done")
        await pilot.press("escape", "1")
        text = await until(pilot, "[@click=app.quit]m[/]␇")
        assert not {"\x1b", "\x07", "\u202e"} & set(text)


class Bug(RuntimeError):
    """An error of our own."""


async def run_into_a_bug(app: CockpitApp, secret: str) -> None:
    def broken() -> None:
        kept_locally = secret
        raise Bug(f"bug [/] of {len(kept_locally)} letters")

    async with app.run_test() as pilot:
        app.call_later(broken)
        await pilot.pause(0.1)


async def test_an_internal_error_ends_with_a_plain_traceback_and_exit_code_one(
    capsys: pytest.CaptureFixture[str],
) -> None:
    world, secret = cockpit(), "prompt-nobody-should-see"
    with pytest.raises(Bug):
        await run_into_a_bug(world.app, secret)
    told = capsys.readouterr().err
    assert "Traceback (most recent call last)" in told
    assert f"bug [/] of {len(secret)} letters" in told
    assert secret not in told
    assert world.app.return_code == 1


async def test_the_cockpit_paints_nothing_while_nothing_happens() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await until(pilot, "0 requests")
        widgets = list(world.app.query("TopLine, SpendHud, TierTable, LiveCalls, RunStatus, HintBar"))
        assert len(widgets) == 6
        world.clock.advance(3)
        world.app._tick()
        assert not [widget for widget in widgets if widget._repaint_required or widget._layout_required]
        world.clock.advance(60)
        world.app._tick()
        assert [str(w) for w in widgets if w._repaint_required] == ["TopLine()", "SpendHud()"]


@pytest.mark.parametrize(
    "module", ["app.py", "session.py", "messages.py", "ui/page.py", "ui/keys.py", "ui/top_line.py"]
)
def test_the_frame_knows_no_screen_by_name(module: str) -> None:
    text = (Path(__file__).parents[2] / "cockpit" / module).read_text(encoding="utf-8").lower()
    assert not [
        page.name for page in PAGES if f"cockpit.screens.{page.name}" in text or f'"{page.name}"' in text
    ]


@pytest.mark.parametrize("size", [(60, 16), (80, 24), (160, 50)])
async def test_every_screen_is_shown_by_its_number_and_by_the_palette(size: tuple[int, int]) -> None:
    world = cockpit()
    async with world.app.run_test(size=size) as pilot:
        for number, page in enumerate(PAGES, start=1):
            await pilot.press("escape", str(number))
            await until(pilot, f"[{number} {page.tab}]")
            assert world.app.query_one(f"#{page.name}").display
        told = [(each.title, each.help) for each in world.app.get_system_commands(world.app.screen)]
        assert [(page.tab.lower(), page.about) for page in PAGES] == [
            t for t in told if t in [(p.tab.lower(), p.about) for p in PAGES]
        ]
