"""From the labelled asks to the middles of an embedding model, and how often those are right.

Fitted on `asks.jsonl`, measured on `held_out.jsonl`, which nothing was ever fitted on. Both are shipped since
`cockpit classify --fit` reads them; what else the classifier is trained with stands in `tools/classifier`.
"""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from importlib import resources

from router.core.classify.centroids import Centroids, Vector, fitted, nearest
from router.core.classify.tasks import Classification

BATCH = 64
"""Texts a call."""
_NOBODY = Classification(None, None, None, 0.0, True, "nobody was asked")

Embed = Callable[[Sequence[str]], Awaitable[tuple[Vector, ...]]]
"""Returns one vector per text."""


@dataclass(frozen=True, slots=True)
class LabelledAsk:
    """One ask and what it is."""

    text: str
    task: str
    level: str
    language: str


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often the middles were right, in asks."""

    asked: int
    abstained: int
    task_right: int
    """Of those it did not abstain on."""
    level_right: int
    """The same."""


def read_asks(name: str) -> list[LabelledAsk]:
    """Return the asks of `asks` or `held_out`."""
    return asks_of((resources.files("router.classifier") / f"{name}.jsonl").read_text(encoding="utf-8"))


def asks_of(written: str) -> list[LabelledAsk]:
    """Return labelled asks that are written one a line, as JSON."""
    return [LabelledAsk(**json.loads(line)) for line in written.splitlines() if line]


async def fit(model: str, embed: Embed) -> Centroids:
    """Return the middles of the labelled asks. Raises ValueError, and what `embed` raises."""
    asks = read_asks("asks")
    vectors = await _vectors(asks, embed)
    return fitted(model, ((a.task, a.level, vector) for a, vector in zip(asks, vectors, strict=True)))


async def measure(centroids: Centroids, margin: float, embed: Embed) -> Accuracy:
    """Return how often the middles are right about asks they have not seen."""
    asks = read_asks("held_out")
    vectors = await _vectors(asks, embed)
    found = [(a, nearest(v, centroids, margin, _NOBODY)) for a, v in zip(asks, vectors, strict=True)]
    sure = [(ask, one) for ask, one in found if not one.abstained]
    return Accuracy(
        asked=len(asks),
        abstained=len(asks) - len(sure),
        task_right=sum(ask.task == one.task for ask, one in sure),
        level_right=sum(ask.level == one.level for ask, one in sure),
    )


async def _vectors(asks: Sequence[LabelledAsk], embed: Embed) -> list[Vector]:
    found: list[Vector] = []
    for start in range(0, len(asks), BATCH):
        found += await embed([ask.text for ask in asks[start : start + BATCH]])
    return found
