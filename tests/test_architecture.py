"""What a static look cannot see: what is loaded at run time, and where broad excepts stand."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
HEAVY = ("textual", "rich", "pydantic", "openai", "anthropic", "sqlite_utils", "httpx2")


def loaded_by(code: str) -> set[str]:
    """Run `code` in a fresh interpreter and return the top-level modules it loaded."""
    program = f"{code}\nimport sys; print('\\n'.join(sorted({{m.partition('.')[0] for m in sys.modules}})))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT, timeout=60
    )
    return set(done.stdout.split())


@pytest.mark.parametrize("code", ["import router", "import cockpit.__main__"])
def test_the_door_and_the_command_line_load_nothing_heavy(code: str) -> None:
    assert not loaded_by(code) & {*HEAVY, "yaml", "pyreqwest"}


def test_help_loads_no_screen_no_engine_and_no_sdk() -> None:
    code = (
        "import sys; sys.argv = ['cockpit', '--help']\n"
        "from cockpit.__main__ import main\n"
        "try: main()\nexcept SystemExit as done: assert done.code in (0, None), done.code"
    )
    assert not loaded_by(code) & {*HEAVY, "yaml", "pyreqwest"}


@pytest.mark.parametrize("name", ["ask", "spend", "tiers", "explain", "doctor", "config"])
def test_commands_load_no_screen_and_no_sdk(name: str) -> None:
    loaded = loaded_by(f"import cockpit.commands.{name}")
    assert not loaded & {"textual", "rich", "openai", "anthropic", "httpx2"}


@pytest.mark.parametrize("name", ["spend", "report", "whatif", "advise", "alerts"])
def test_reports_load_no_engine_no_wire_and_nothing_that_they_seldom_need(name: str) -> None:
    program = f"import cockpit.commands.{name}, sys; print(*sys.modules)"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=ROOT
    )
    loaded = set(done.stdout.split())
    seldom = {
        "router.config.litellm",
        "router.config.editor",
        "router.ledger.memory",
        "router.ledger.sqlite.writer",
    }
    assert not loaded & {"router.engine.engine", "router.providers.streaming", "pyreqwest", *seldom}


def broad_excepts() -> set[tuple[str, str]]:
    """Return (file, function) of every handler of everything in the code."""
    found = set()
    for path in [*(ROOT / "router").rglob("*.py"), *(ROOT / "cockpit").rglob("*.py")]:
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef | ast.AsyncFunctionDef):
                continue
            for node in ast.walk(function):
                if isinstance(node, ast.ExceptHandler) and _is_broad(node):
                    found.add((path.relative_to(ROOT).as_posix(), function.name))
    return found


def _is_broad(handler: ast.ExceptHandler) -> bool:
    names = (
        {node.id for node in ast.walk(handler.type) if isinstance(node, ast.Name)} if handler.type else {""}
    )
    return bool(names & {"", "Exception", "BaseException"})


def test_broad_excepts_stand_only_where_the_architecture_page_lists_them() -> None:
    page = (ROOT / "docs" / "architecture.md").read_text()
    listed = set(re.findall(r"^\| `((?:router|cockpit)/\S+\.py)` \| `(\w+)` \|", page, re.MULTILINE))
    assert broad_excepts() == listed


def test_no_file_is_too_long_to_read_in_one_sitting() -> None:
    files = [*(ROOT / "router").rglob("*.py"), *(ROOT / "cockpit").rglob("*.py")]
    long = {path.name: n for path in files if (n := len(path.read_text().splitlines())) > 400}
    assert long == {}


def test_no_module_is_a_dumping_ground() -> None:
    banned = re.compile(r"(utils?|helpers?|common|misc|manager)\.py$")
    assert not [path for path in ROOT.glob("[rc]o*/**/*.py") if banned.search(path.name)]


DATA = {
    "cockpit/themes_data",
    "router/classifier/asks.jsonl",
    "router/classifier/concepts.txt",
    "router/config/litellm/settings.txt",
    "router/classifier/held_out.jsonl",
    "router/classifier/model.bin",
    "router/config/sample_config.yaml",
    "router/prices/catalogue.json",
}
"""What is shipped beside code and styles."""


def test_the_wheel_holds_the_two_packages_and_the_data_they_read(tmp_path: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(tmp_path)],
        capture_output=True,
        check=True,
        cwd=ROOT,
    )
    [wheel] = tmp_path.glob("*.whl")
    names = {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}
    data = {name for name in names if Path(name).suffix not in {".py", ".typed", ".tcss"}}
    assert {name.partition("/")[0] for name in names} == {"router", "cockpit"}
    assert {str(Path(name).parent) if "/themes_data/" in name else name for name in data} == DATA


@pytest.mark.parametrize("folder", ["router", "cockpit"])
def test_nothing_shipped_imports_tools_or_tests(folder: str) -> None:
    outside = re.compile(r"^\s*(from|import) (tools|tests|benchmarks)\b", re.MULTILINE)
    assert not [path for path in (ROOT / folder).rglob("*.py") if outside.search(path.read_text())]
