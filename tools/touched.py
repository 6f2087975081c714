"""Name the tests that a change touches: `make touched` runs them, in seconds, not minutes.

A test is touched when its file changed, when it imports a module that changed, or when it imports one that
does (two steps along the import graph); `tests/test_architecture.py` always is. What changed is what differs
from `main`, committed or not. The whole check stays what a commit needs: a change reaches farther than two
steps through the wiring.
"""

import subprocess
import sys
from pathlib import Path

import grimp

ALWAYS = "tests/test_architecture.py"
PACKAGES = ("router", "cockpit", "tools", "tests")
STEPS = 2


def changed_files(base: str = "main") -> list[str]:
    """Return the paths that differ from where `base` was left, also what is not committed yet."""

    def git(*words: str) -> list[str]:
        done = subprocess.run(["git", *words], capture_output=True, text=True, check=True)
        return done.stdout.split("\n")

    found = git("diff", "--name-only", "--merge-base", base) + git(
        "ls-files", "--others", "--exclude-standard"
    )
    return sorted({path for path in found if path})


def module_of(path: str) -> str:
    """Return the dotted name of a Python file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def touched_tests(changed: list[str], graph: grimp.ImportGraph) -> list[str]:
    """Return the test files that a change of the paths `changed` concerns, sorted."""
    reached = {module_of(path) for path in changed if path.endswith(".py")} & set(graph.modules)
    edge = set(reached)
    for _ in range(STEPS):
        edge = {
            importer for module in edge for importer in graph.find_modules_that_directly_import(module)
        } - reached
        reached |= edge
    names = {module.replace(".", "/") + ".py" for module in reached}
    return sorted(
        {name for name in names if Path(name).name.startswith("test_") and Path(name).exists()} | {ALWAYS}
    )


def main() -> int:
    """Run what is touched; arguments go on to pytest."""
    graph = grimp.build_graph(*PACKAGES, cache_dir=None)
    tests = touched_tests(changed_files(), graph)
    print(f"{len(tests)} test files are touched", flush=True)
    return subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "-m", "not slow", *sys.argv[1:], *tests], check=False
    ).returncode


if __name__ == "__main__":
    sys.exit(main())
