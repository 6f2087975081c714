"""Process start to end: our commands beside a bare click, a bare Textual app's imports and the SDKs.

Measured in processor time: it is what starting is made of, and does not grow when others use the machine.
"""

from __future__ import annotations

import os
import resource
import statistics
import subprocess
import sys
import tempfile

RUNS = 7
COMMANDS = {
    "python, import click": ["-c", "import click"],
    "cockpit --help": ["-m", "cockpit", "--help"],
    "cockpit config path": ["-m", "cockpit", "config", "path"],
    "cockpit spend --json": ["-m", "cockpit", "spend", "--json"],
    "cockpit report --json": ["-m", "cockpit", "report", "--json"],
    "cockpit tiers --json": ["-m", "cockpit", "tiers", "--json"],
    "cockpit explain --json": ["-m", "cockpit", "explain", "--json", "hello"],
    "import textual.app": ["-c", "import textual.app"],
    "import openai": ["-c", "import openai"],
    "import anthropic": ["-c", "import anthropic"],
}


def main() -> None:
    """Run each in turn, several rounds; print medians and their ratio to the first."""
    taken: dict[str, list[float]] = {name: [] for name in COMMANDS}
    with tempfile.TemporaryDirectory() as home:
        env = {**os.environ, "HOME": home, "PYTHONDONTWRITEBYTECODE": ""}
        for _ in range(RUNS + 1):  # the first round fills caches and is dropped
            for name, arguments in COMMANDS.items():
                before = _used()
                subprocess.run([sys.executable, *arguments], check=True, env=env, capture_output=True)
                taken[name].append(_used() - before)
    medians = {name: statistics.median(times[1:]) for name, times in taken.items()}
    base = next(iter(medians.values()))
    for name, seconds in medians.items():
        over = (seconds - base) * 1000
        print(f"{name:26} {seconds * 1000:7.0f} ms   {seconds / base:5.1f} x   +{over:.0f} ms")


def _used() -> float:
    """Return the seconds of processor time of all children that have ended."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
