"""Themes: YAML files of colours, ours and the user's. A bad one is reported, the others load.

Knows colours, not screens. Importing this module loads no Textual; only `to_textual` needs it.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from router.config.findings import suggestion
from router.config.positions import Document, Plain, Steps, read
from router.errors import ConfigError, Problem

if TYPE_CHECKING:
    from textual.theme import Theme

COLOURS = (
    *("primary", "secondary", "accent", "foreground", "background"),
    *("surface", "panel", "success", "warning", "error"),
)
"""What every theme says."""
VARIABLES = (
    *("border", "border-blurred", "block-hover-background"),
    *("block-cursor-foreground", "block-cursor-background"),
    *("block-cursor-blurred-foreground", "block-cursor-blurred-background"),
    *("footer-foreground", "footer-background", "footer-key-foreground", "footer-description-foreground"),
    *("input-cursor-foreground", "input-cursor-background"),
    *("input-selection-foreground", "input-selection-background"),
    *("scrollbar", "scrollbar-hover", "scrollbar-active", "scrollbar-background"),
)
"""What a theme may say under `variables` where its colours alone do not do; the names are Textual's."""

_ANSI = "black|red|green|yellow|blue|magenta|cyan|white"
_COLOUR = re.compile(rf"#[0-9a-fA-F]{{3}}|#[0-9a-fA-F]{{6}}|ansi_(bright_)?({_ANSI})|ansi_default")


@dataclass(frozen=True, slots=True)
class ThemeColours:
    """One theme; a colour is `#rgb`, `#rrggbb` or one of the terminal's own (`ansi_red`, `ansi_default`)."""

    name: str
    dark: bool
    primary: str
    secondary: str
    accent: str
    foreground: str
    background: str
    surface: str
    panel: str
    success: str
    warning: str
    error: str
    variables: Mapping[str, str] = field(default_factory=dict)

    @property
    def ansi(self) -> bool:
        """Whether it is made of the terminal's own 16 colours."""
        return self.background.startswith("ansi_")


def shipped_themes() -> Path:
    """Return the folder of our own themes: beside us in a wheel, else the checkout's."""
    packaged = Path(__file__).with_name("themes_data")
    return packaged if packaged.is_dir() else Path(__file__).parents[1] / "themes"


def load_themes(folders: Sequence[Path]) -> tuple[list[ThemeColours], list[Problem]]:
    """Load every `*.yaml` of the folders that exist; a theme replaces one of its name from an earlier folder.

    Returns the themes in the order they were found, and what is wrong with the files left out.
    """
    themes: dict[str, ThemeColours] = {}
    problems: list[Problem] = []
    for folder in folders:
        for path in sorted(folder.glob("*.yaml")):
            try:
                theme = _theme(read(path))
            except ConfigError as error:
                problems += error.problems
            else:
                themes[theme.name] = theme
    return list(themes.values()), problems


def to_textual(theme: ThemeColours) -> Theme:
    """Return the theme as Textual takes it. Imports Textual."""
    from textual.theme import Theme

    # Textual's own style sheets name these two for ANSI themes and do not derive them.
    ground, ink = ("ansi_black", "ansi_white") if theme.dark else ("ansi_white", "ansi_black")
    terminal = {"ansi-background": ground, "ansi-foreground": ink} if theme.ansi else {}
    return Theme(
        name=theme.name,
        dark=theme.dark,
        primary=theme.primary,
        secondary=theme.secondary,
        accent=theme.accent,
        foreground=theme.foreground,
        background=theme.background,
        surface=theme.surface,
        panel=theme.panel,
        success=theme.success,
        warning=theme.warning,
        error=theme.error,
        variables={**terminal, **theme.variables},
        ansi=theme.ansi,
    )


def _theme(document: Document) -> ThemeColours:
    """Check one file. Raises ConfigError with all that is wrong with it."""
    written = document.value if isinstance(document.value, dict) else {}
    problems = [*document.problems, *_problems(document, written)]
    if problems:
        raise ConfigError(problems)
    colours = {key: str(written[key]) for key in COLOURS}
    variables = written.get("variables")
    return ThemeColours(
        name=str(written["name"]),
        dark=written["dark"] is True,
        variables={key: str(value) for key, value in variables.items()}
        if isinstance(variables, dict)
        else {},
        **colours,
    )


def _problems(document: Document, written: Mapping[str, Plain]) -> Iterator[Problem]:
    required = ("name", "dark", *COLOURS)
    missing = [key for key in required if key not in written]
    if missing:
        message = (
            f"a theme needs {', '.join(f'`{key}`' for key in missing)}. Copy one from themes/ and change it"
        )
        yield document.problem((), message)
    for key, value in written.items():
        if key not in (*required, "variables"):
            message = f"unknown key `{key}`. {suggestion(key, (*required, 'variables'))}"
            yield document.problem((key,), message, at_key=True)
        elif key in COLOURS:
            yield from _colour(document, (key,), value, written)
    if not isinstance(written.get("name", ""), str) or written.get("name") == "":
        yield document.problem(("name",), "name must be text")
    if not isinstance(written.get("dark", True), bool):
        yield document.problem(("dark",), "dark must be true or false")
    yield from _variables(document, written)


def _variables(document: Document, written: Mapping[str, Plain]) -> Iterator[Problem]:
    variables = written.get("variables", {})
    if not isinstance(variables, dict):
        yield document.problem(("variables",), "variables must hold `name: colour` lines")
        return
    for key, value in variables.items():
        steps = ("variables", key)
        if key not in VARIABLES:
            message = f"unknown variable `{key}`. {suggestion(key, VARIABLES)}"
            yield document.problem(steps, message, at_key=True)
        else:
            yield from _colour(document, steps, value, written)


def _colour(
    document: Document, steps: Steps, value: Plain, written: Mapping[str, Plain]
) -> Iterator[Problem]:
    name = str(steps[-1])
    if not isinstance(value, str) or not _COLOUR.fullmatch(value):
        comment = "; a # without quotes begins a comment" if value is None else ""
        yield document.problem(
            steps, f'{name} must be "#rgb", "#rrggbb" or an ansi_ name, in quotes{comment}'
        )
    elif value.startswith("ansi_") != str(written.get("background", value)).startswith("ansi_"):
        message = f"{name} must be of the background's kind: all # colours, or all the terminal's own"
        yield document.problem(steps, message)
