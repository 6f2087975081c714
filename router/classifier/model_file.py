"""The trained model of this release and how it lies on disk: a header in JSON, then the weights as bytes.

Half a megabyte of JSON would take longer to read than a classification may. All numbers are little-endian.
"""

from __future__ import annotations

import json
import sys
from array import array
from collections.abc import Mapping
from functools import cache
from importlib import resources
from typing import TypedDict

from router.core.classify.task_model import Head, TaskModel
from router.core.classify.tasks import Classification, classify
from router.core.message import Message

MAGIC = b"TASKS1\n"
WHAT_TO_DO = "install Tier Cockpit again, or train it again (python -m tools.classifier.train)"


class _HeadNote(TypedDict):
    labels: list[str]
    scales: list[float]
    biases: list[float]
    temperature: float


class _Header(TypedDict):
    task: _HeadNote
    level: _HeadNote
    language: _HeadNote
    levels_of_task: list[list[float]]
    abstain_below: float
    features: int
    language_features: int


MOST_KEPT = 256
"""Asks whose classification is kept; the one that was quiet the longest is forgotten first."""
_found: dict[int, Classification] = {}


@cache
def load_model() -> TaskModel:
    """Return the model of this release, read once. Raises ValueError when its file is damaged."""
    return unpack((resources.files("router.classifier") / "model.bin").read_bytes(), load_stems())


@cache
def load_stems() -> dict[str, str]:
    """Return the beginnings of words and the ideas they stand for, from `concepts.txt`."""
    written = (resources.files("router.classifier") / "concepts.txt").read_text(encoding="utf-8")
    lines = (line.partition(":") for line in written.splitlines() if line and not line.startswith("#"))
    return {stem: idea for idea, _, stems in lines for stem in stems.split()}


def classify_messages(messages: tuple[Message, ...]) -> Classification:
    """Return what kind of work a conversation's last ask is, by the model of this release.

    Each round of tools repeats its ask, so what was found is kept for a while: under a hash, no text stays.
    """
    key = hash(tuple(message.text for message in messages if message.role == "user"))
    found = _found.pop(key, None) or classify(messages, load_model())
    _found[key] = found
    if len(_found) > MOST_KEPT:
        del _found[next(iter(_found))]
    return found


def pack(model: TaskModel) -> bytes:
    """Return the bytes of a model; its stems are a file of their own."""
    header: _Header = {
        "task": _note(model.task),
        "level": _note(model.level),
        "language": _note(model.language),
        "levels_of_task": [list(row) for row in model.levels_of_task],
        "abstain_below": model.abstain_below,
        "features": len(model.vocabulary),
        "language_features": len(model.language_vocabulary),
    }
    written = json.dumps(header, ensure_ascii=False).encode()
    parts = [MAGIC, len(written).to_bytes(4, "little"), written]
    for vocabulary, heads in (
        (model.vocabulary, (model.task, model.level)),
        (model.language_vocabulary, (model.language,)),
    ):
        parts.append(_keys_to_bytes(list(vocabulary)))
        parts += [array("b", weights).tobytes() for head in heads for weights in head.weights]
    return b"".join(parts)


def unpack(packed: bytes, stems: Mapping[str, str]) -> TaskModel:
    """Return the model that `pack` wrote. Raises ValueError where the bytes are something else or cut off."""
    if not packed.startswith(MAGIC):
        raise ValueError(f"not a task model: the first bytes are wrong; {WHAT_TO_DO}")
    reader = _Bytes(packed, len(MAGIC))
    header: _Header = json.loads(reader.take(int.from_bytes(reader.take(4), "little")))
    vocabulary = _vocabulary(reader, header["features"])
    task = _head(reader, header["task"], header["features"])
    level = _head(reader, header["level"], header["features"])
    language_vocabulary = _vocabulary(reader, header["language_features"])
    return TaskModel(
        stems=stems,
        vocabulary=vocabulary,
        task=task,
        level=level,
        levels_of_task=tuple(tuple(row) for row in header["levels_of_task"]),
        language_vocabulary=language_vocabulary,
        language=_head(reader, header["language"], header["language_features"]),
        abstain_below=header["abstain_below"],
    )


class _Bytes:
    def __init__(self, packed: bytes, at: int) -> None:
        self._packed = packed
        self._at = at

    def take(self, size: int) -> bytes:
        taken = self._packed[self._at : self._at + size]
        if len(taken) < size:
            raise ValueError(f"the task model is cut off; {WHAT_TO_DO}")
        self._at += size
        return taken


def _note(head: Head) -> _HeadNote:
    return {
        "labels": list(head.labels),
        "scales": list(head.scales),
        "biases": list(head.biases),
        "temperature": head.temperature,
    }


def _head(reader: _Bytes, note: _HeadNote, features: int) -> Head:
    weights = []
    for _ in note["labels"]:
        row = array("b")
        row.frombytes(reader.take(features))
        weights.append(row)
    return Head(
        tuple(note["labels"]),
        tuple(weights),
        tuple(note["scales"]),
        tuple(note["biases"]),
        note["temperature"],
    )


def _vocabulary(reader: _Bytes, features: int) -> dict[int, int]:
    keys = array("I")
    keys.frombytes(reader.take(features * 4))
    if sys.byteorder == "big":
        keys.byteswap()
    return {key: row for row, key in enumerate(keys)}


def _keys_to_bytes(keys: list[int]) -> bytes:
    numbers = array("I", keys)
    if sys.byteorder == "big":
        numbers.byteswap()
    return numbers.tobytes()
