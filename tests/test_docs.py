"""The pages say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from cockpit.__main__ import COMMANDS
from tools.pages import configuration, health, litellm, pictures

ROOT = Path(__file__).parent.parent


def test_the_configuration_page_is_the_schema_s() -> None:
    assert configuration.PAGE.read_text() == configuration.page(), "run `make snap`"


def test_the_health_page_is_the_table_of_moves() -> None:
    assert health.PAGE.read_text() == health.page(), "run `make snap`"
    assert litellm.PAGE.read_text() == litellm.page(), "run `make snap`"


def test_every_command_has_a_section() -> None:
    page = (ROOT / "docs" / "commands.md").read_text()
    assert [name for name in COMMANDS if f"## cockpit {name}" not in page] == []


def test_every_link_between_pages_leads_somewhere() -> None:
    broken = []
    for page in [*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for target in re.findall(r"\]\((?!https?:)([^)#]+)", page.read_text()):
            if not (page.parent / target).exists():
                broken.append(f"{page.name}: {target}")
    assert broken == []


def test_the_readme_s_quick_start_is_the_makefile_s_two_words() -> None:
    readme, makefile = (ROOT / "README.md").read_text(), (ROOT / "Makefile").read_text()
    assert "make run\nmake test\n" in readme
    for word in ("run", "install", "fmt", "lint", "check", "test", "tmux", "snap", "bench", "lock"):
        assert re.search(rf"^{word}:.*## ", makefile, re.MULTILINE), f"{word} has no comment"


@pytest.mark.parametrize("name", pictures.PICTURES)
async def test_the_pictures_show_what_the_screens_show(name: str) -> None:
    kept = pictures.path_of(name)
    assert pictures.difference(kept.read_text(), await pictures.picture(name)) == "", "run `make snap`"


def test_of_a_picture_that_differs_the_lines_are_named_or_else_the_colours() -> None:
    kept = pictures.path_of("runner-80x24").read_text()
    renamed = kept.replace("terminal-", "terminal-9")
    assert pictures.difference(kept, renamed) == ""
    other = pictures.difference(kept, kept.replace("newline", "next&#160;line"))
    assert "+ Enter&#160;send" not in other
    assert "+ Enter send  Ctrl+J next line" in other
    assert "fill: #ff0000" in pictures.difference(
        kept, re.sub("fill: #[0-9a-f]{6}", "fill: #ff0000", kept, count=1)
    )
