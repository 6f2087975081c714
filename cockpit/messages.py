"""What widgets and workers tell the app: imperative names ask for something, past ones are news."""

from __future__ import annotations

from dataclasses import dataclass

from textual.message import Message

from cockpit.figures import Figures
from cockpit.session import Reload


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
class Say(Message):
    """Show a sentence in the bottom line, for a few seconds or until the focus moves."""

    text: str
