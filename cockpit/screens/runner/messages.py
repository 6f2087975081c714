"""What the runner's parts tell it."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from cockpit.screens.runner.state import RunState


@dataclass
class SubmitPrompt(Message):
    """The user wants `text` answered."""

    text: str


@dataclass
class RunAdvanced(Message):
    """The running prompt has come further; `text` is what the answer grew by, unsanitised."""

    run: RunState
    text: str
