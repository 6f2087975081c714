"""Themes: ours are readable and complete, a user's own join them, a bad one is told and left out."""

from __future__ import annotations

import subprocess
import sys
from itertools import product
from pathlib import Path

import pytest
from textual.app import App
from textual.widgets import Footer, Input

from cockpit.themes import (
    COLOURS,
    VARIABLES,
    ThemeColours,
    load_themes,
    shipped_themes,
    to_textual,
)

OURS = load_themes([shipped_themes()])[0]
GROUNDS = ("background", "surface", "panel")
OWN_COLOURS = [theme for theme in OURS if not theme.ansi]

GOOD = "\n".join(["name: mine", "dark: true", *(f'{colour}: "#abc"' for colour in COLOURS)])


def contrast(one: str, other: str) -> float:
    """Return the contrast of two #rrggbb colours as WCAG 2.2 defines it, 1 to 21."""
    dark, bright = sorted((luminance(one), luminance(other)))
    return (bright + 0.05) / (dark + 0.05)


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    )
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def wrong(tmp_path: Path, text: str) -> list[str]:
    path = tmp_path / "mine.yaml"
    path.write_text(text)
    themes, problems = load_themes([tmp_path])
    assert themes == []
    return [str(problem).replace(str(path), "mine.yaml") for problem in problems]


def test_ours_load_without_a_problem_and_are_called_as_their_files() -> None:
    themes, problems = load_themes([shipped_themes()])
    assert problems == []
    assert [theme.name for theme in themes] == [path.stem for path in sorted(shipped_themes().glob("*.yaml"))]
    assert {"dark", "light", "high-contrast", "terminal"} <= {theme.name for theme in themes}


@pytest.mark.parametrize("theme", OWN_COLOURS, ids=lambda theme: theme.name)
def test_every_text_colour_is_readable_on_every_ground(theme: ThemeColours) -> None:
    least = 10.0 if theme.name == "high-contrast" else 4.5
    texts = [colour for colour in COLOURS if colour not in GROUNDS]
    pairs = {
        (text, ground): contrast(getattr(theme, text), getattr(theme, ground))
        for text, ground in product(texts, GROUNDS)
    }
    assert {pair: value for pair, value in pairs.items() if value < least} == {}


@pytest.mark.parametrize("theme", OWN_COLOURS, ids=lambda theme: theme.name)
def test_a_dark_theme_is_dark_and_a_light_one_light(theme: ThemeColours) -> None:
    assert (luminance(theme.background) < luminance(theme.foreground)) == theme.dark


def test_the_terminals_own_theme_holds_no_colour_of_ours() -> None:
    (terminal,) = [theme for theme in OURS if theme.name == "terminal"]
    colours = [getattr(terminal, colour) for colour in COLOURS] + list(terminal.variables.values())
    assert all(colour.startswith("ansi_") for colour in colours)


def test_the_variables_a_theme_may_set_are_variables_textual_has() -> None:
    for theme in OURS:
        known = to_textual(theme).to_color_system().generate()
        assert [name for name in VARIABLES if name not in known] == []


async def test_textual_draws_with_every_theme_of_ours() -> None:
    class Small(App[None]):
        def compose(self):  # type: ignore[no-untyped-def]  # Textual's own return type is longer than the method
            yield Input("text")
            yield Footer()

    app = Small()
    async with app.run_test(size=(40, 6)) as pilot:
        for theme in OURS:
            app.register_theme(to_textual(theme))
            app.theme = theme.name
            await pilot.pause()
            assert app.current_theme.ansi == theme.ansi


def test_a_users_theme_joins_ours_and_replaces_one_of_its_name(tmp_path: Path) -> None:
    (tmp_path / "mine.yaml").write_text(GOOD)
    (tmp_path / "other.yaml").write_text(GOOD.replace("name: mine", "name: dark"))
    themes, problems = load_themes([shipped_themes(), tmp_path, tmp_path / "nowhere"])
    assert problems == []
    assert {theme.name for theme in themes} == {*(theme.name for theme in OURS), "mine"}
    assert next(theme for theme in themes if theme.name == "dark").primary == "#abc"


def test_a_bad_theme_is_reported_and_the_others_load(tmp_path: Path) -> None:
    (tmp_path / "broken.yaml").write_text("name: [\n")
    (tmp_path / "mine.yaml").write_text(GOOD)
    themes, problems = load_themes([tmp_path])
    assert [theme.name for theme in themes] == ["mine"]
    assert [(Path(problem.path).name, problem.line) for problem in problems] == [("broken.yaml", 2)]


def test_every_problem_of_a_theme_is_told_with_its_place(tmp_path: Path) -> None:
    text = GOOD.replace('primary: "#abc"', "primary: #abc").replace('panel: "#abc"', "panel: ansi_red")
    text = text.replace("dark: true", "dark: yes").replace("success", "sucess")
    text += '\nerror: "#abc"\nvariables:\n  borders: "#abc"\n  scrollbar: blue\nlayout: grid\n'
    assert wrong(tmp_path, text) == [
        "mine.yaml:1:1: a theme needs `success`. Copy one from themes/ and change it",
        "mine.yaml:2:7: dark must be true or false",
        'mine.yaml:3:9: primary must be "#rgb", "#rrggbb" or an ansi_ name, in quotes;'
        " a # without quotes begins a comment",
        "mine.yaml:9:8: panel must be of the background's kind: all # colours, or all the terminal's own",
        "mine.yaml:10:1: unknown key `sucess`. Did you mean `success`?",
        "mine.yaml:13:1: `error` is here twice, first on line 12. Keep one of them",
        "mine.yaml:15:3: unknown variable `borders`. Did you mean `border`?",
        'mine.yaml:16:14: scrollbar must be "#rgb", "#rrggbb" or an ansi_ name, in quotes',
        "mine.yaml:17:1: unknown key `layout`. Known here: `name`, `dark`, `primary`, `secondary`, `accent`,"
        " `foreground`, `background`, `surface`, `panel`, `success`, `warning`, `error`, …",
    ]


@pytest.mark.parametrize(
    "colour", ["#12", "#12345", "#ggg", "red", "rgb(1,2,3)", "ansi_pink", "ansi_bright_default", "", "#abc "]
)
def test_what_is_no_colour_is_refused(tmp_path: Path, colour: str) -> None:
    (problem,) = wrong(tmp_path, GOOD.replace('accent: "#abc"', f'accent: "{colour}"'))
    assert problem.startswith("mine.yaml:5:9: accent must be")


@pytest.mark.parametrize("text", ["", "- a\n", "just text\n", "variables: 3\n"])
def test_a_file_that_is_no_theme_is_refused(tmp_path: Path, text: str) -> None:
    assert wrong(tmp_path, text)


def test_loading_themes_loads_no_textual_and_no_pydantic() -> None:
    code = (
        "import sys; from cockpit.themes import load_themes, shipped_themes; load_themes([shipped_themes()]);"
        "print([name for name in ('textual', 'rich', 'pydantic') if name in sys.modules])"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
