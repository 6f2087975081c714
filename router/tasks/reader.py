"""Reads the trained model of this release, at the first call and once."""

from __future__ import annotations

from functools import cache
from importlib import resources

from router.core.asks.task_model import TaskModel
from router.core.asks.tasks import Classification, classify
from router.core.request import Message
from router.tasks.model_file import unpack


@cache
def load_model() -> TaskModel:
    """Return the model of this release. Raises ValueError when its file is damaged."""
    here = resources.files("router.tasks")
    return unpack((here / "model.bin").read_bytes(), load_stems())


def classify_messages(messages: tuple[Message, ...]) -> Classification:
    """Say what kind of work a conversation's last ask is, by the model of this release."""
    return classify(messages, load_model())


@cache
def load_stems() -> dict[str, str]:
    """Return the beginnings of words and the ideas they stand for, from `concepts.txt`."""
    written = (resources.files("router.tasks") / "concepts.txt").read_text(encoding="utf-8")
    lines = (line.partition(":") for line in written.splitlines() if line and not line.startswith("#"))
    return {stem: idea for idea, _, stems in lines for stem in stems.split()}
