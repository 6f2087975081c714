"""Reads the trained model of this release, at the first call and once."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from importlib import resources
from pathlib import Path

from router.core.classify.centroids import Centroids
from router.core.classify.task_model import TaskModel
from router.core.classify.tasks import Classification, classify
from router.core.request import Message
from router.core.settings.deployments import Deployment
from router.tasks import centroid_file
from router.tasks.model_file import unpack


@cache
def load_model() -> TaskModel:
    """Return the model of this release. Raises ValueError when its file is damaged."""
    here = resources.files("router.tasks")
    return unpack((here / "model.bin").read_bytes(), load_stems())


def classify_messages(messages: tuple[Message, ...]) -> Classification:
    """Say what kind of work a conversation's last ask is, by the model of this release."""
    return classify(messages, load_model())


def kept_centroids(folder: Path) -> Callable[[Deployment], Centroids | None]:
    """Return a look at what was fitted, which reads each file once, and again after it was written anew."""
    known: dict[tuple[Path, int], Centroids | None] = {}

    def find(deployment: Deployment) -> Centroids | None:
        path = centroid_file.path_for(folder, deployment)
        written = path.stat().st_mtime_ns if path.exists() else 0
        if (path, written) not in known:
            known[path, written] = centroid_file.read(path)
        return known[path, written]

    return find


@cache
def load_stems() -> dict[str, str]:
    """Return the beginnings of words and the ideas they stand for, from `concepts.txt`."""
    written = (resources.files("router.tasks") / "concepts.txt").read_text(encoding="utf-8")
    lines = (line.partition(":") for line in written.splitlines() if line and not line.startswith("#"))
    return {stem: idea for idea, _, stems in lines for stem in stems.split()}
