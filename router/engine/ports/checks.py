"""Runs a user's own program on an answer."""

from __future__ import annotations

from typing import Protocol

from router.core.checks.judge import CommandResult
from router.core.settings.checks import CheckCommand


class CheckRunner(Protocol):
    """Runs a user's own program on an answer."""

    async def run(self, command: CheckCommand, answer: str) -> CommandResult:
        """Run `command` with `answer` on its standard input. Raises nothing that the program can cause."""
