"""`make tmux`: the real cockpit in a real tmux, by keys alone, at two sizes; it reads the screen."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

QUESTION = "Reply with one word: the capital of France"
SESSION = "cockpit-drive"


def tmux(*arguments: str) -> str:
    """Run a tmux command on a server of our own."""
    done = subprocess.run(["tmux", "-L", SESSION, *arguments], capture_output=True, text=True, check=True)
    return done.stdout


def wait_for(wanted: str, seconds: float = 60) -> str:
    """Return the screen once it shows `wanted`, a regular expression."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        screen = tmux("capture-pane", "-p", "-t", SESSION)
        if re.search(wanted, screen):
            return screen
        time.sleep(0.1)
    raise SystemExit(f"{wanted!r} did not appear in {seconds:g} s; the screen shows:\n{screen}")


def keys(*names: str) -> None:
    """Press keys by tmux's names, or type text."""
    tmux("send-keys", "-t", SESSION, *names)


def drive(columns: int, lines: int, home: Path) -> None:
    """Prompt, answer, dashboard, quit."""
    environment = f"HOME={home} PATH={os.environ['PATH']} TERM=tmux-256color LANG=C.UTF-8"
    command = f"env -i {environment} {sys.executable} -m cockpit; echo left with $?"
    tmux(
        "new-session", "-d", "-s", SESSION, "-x", str(columns), "-y", str(lines), command + "; exec sleep 600"
    )
    try:
        wait_for("smollm")
        keys("2")
        wait_for("Prompt")
        keys("-l", QUESTION)
        keys("Enter")
        print(wait_for("done"))
        keys("Escape")
        time.sleep(0.3)  # a lone Escape and the next key must not arrive as one sequence
        keys("1")
        print(wait_for(r"1 req"))
        keys("q")
        wait_for("left with 0")
    finally:
        tmux("kill-server")


def main() -> None:
    """Drive it at both sizes."""
    if shutil.which("tmux") is None:
        raise SystemExit("tmux is not installed: install it with your system's packages and run this again")
    for columns, lines in ((80, 24), (160, 50)):
        with tempfile.TemporaryDirectory() as home:
            drive(columns, lines, Path(home))
            print(f"{columns}x{lines}: prompt, answer, dashboard and quit work by keys alone")


if __name__ == "__main__":
    main()
