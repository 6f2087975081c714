"""The pages say what the code says."""

from __future__ import annotations

import re
from pathlib import Path

from cockpit.__main__ import COMMANDS
from tests import configuration_page, health_page

ROOT = Path(__file__).parent.parent


def test_the_configuration_page_is_the_schema_s() -> None:
    assert configuration_page.PAGE.read_text() == configuration_page.page(), "run `make snap`"


def test_the_health_page_is_the_table_of_moves() -> None:
    assert health_page.PAGE.read_text() == health_page.page(), "run `make snap`"


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
