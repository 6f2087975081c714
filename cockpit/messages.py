"""What widgets and workers tell the app: imperative names ask for something, past ones are news."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from cockpit.figures import Figures
from cockpit.screens.runner.state import RunState
from cockpit.screens.stress.state import StressState
from cockpit.session import Reload


@dataclass
class SubmitPrompt(Message):
    """The user wants `text` answered."""

    text: str


@dataclass
class RunAdvanced(Message):
    """The running prompt has come further; `text` is what the answer grew by, unsanitised."""

    run: RunState
    text: str


@dataclass
class StressAdvanced(Message):
    """The stress test has come further."""

    state: StressState


@dataclass
class FiguresRead(Message):
    """The ledger was read."""

    figures: Figures


@dataclass
class ConfigRead(Message):
    """The configuration was read again."""

    reload: Reload
    asked: bool
    """Whether by a key, not because its file had changed."""


@dataclass
class ClearRest(Message):
    """The user wants a deployment that is away asked again."""

    deployment: str


@dataclass
class Say(Message):
    """Show a sentence in the bottom line, for a few seconds or until the focus moves."""

    text: str
