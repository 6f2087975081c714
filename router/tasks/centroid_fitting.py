"""From the labelled asks to the middles of an embedding model, and how often those are right.

Fitted on `asks`, measured on `held_out`, which nothing was ever fitted on.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass

from router.core.classify.centroids import Centroids, Vector, fitted, nearest
from router.core.classify.tasks import Classification
from router.tasks.examples import Labelled, read_asks

BATCH = 64
"""Texts a call."""
_NOBODY = Classification(None, None, None, 0.0, True, "nobody was asked")

Embed = Callable[[Sequence[str]], Awaitable[tuple[Vector, ...]]]
"""Returns one vector per text."""


@dataclass(frozen=True, slots=True)
class Accuracy:
    """How often the middles were right, in asks."""

    asked: int
    abstained: int
    task_right: int
    """Of those it did not abstain on."""
    level_right: int
    """The same."""


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


async def _vectors(asks: Sequence[Labelled], embed: Embed) -> list[Vector]:
    found: list[Vector] = []
    for start in range(0, len(asks), BATCH):
        found += await embed([ask.text for ask in asks[start : start + BATCH]])
    return found
