"""What kind of work an ask is, by what its embedding lies nearest to: the middles of the labelled asks.

Pure. One middle for each task at each level; all vectors have length one, so nearness is their product. How
an ask is embedded, and where the middles are kept, is not its business.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from operator import mul
from typing import TypeAlias

from router.core.classify.tasks import Classification

Vector: TypeAlias = tuple[float, ...]


@dataclass(frozen=True, slots=True)
class Centroid:
    """The middle of the asks of one task at one level."""

    task: str
    level: str
    vector: Vector


@dataclass(frozen=True, slots=True)
class Centroids:
    """All middles by one embedding model; vectors of another model mean nothing beside them."""

    model: str
    middles: tuple[Centroid, ...]
    """At least one; all of one dimension."""

    @property
    def dimension(self) -> int:
        """Return how long the model's vectors are."""
        return len(self.middles[0].vector)


def unit(vector: Sequence[float]) -> Vector | None:
    """Return the vector at length one; None for one without a direction or with what is no number."""
    length = math.sqrt(sum(map(mul, vector, vector)))
    if not math.isfinite(length) or length == 0:
        return None
    return tuple(value / length for value in vector)


def fitted(model: str, asks: Iterable[tuple[str, str, Sequence[float]]]) -> Centroids:
    """Return the middles of (task, level, vector) triples. Raises ValueError when nothing is left of them."""
    sums: dict[tuple[str, str], list[float]] = {}
    for task, level, vector in asks:
        direction = unit(vector)
        if direction is None:
            continue
        known = sums.setdefault((task, level), [0.0] * len(direction))
        if len(known) == len(direction):
            sums[task, level] = [a + b for a, b in zip(known, direction, strict=True)]
    middles = ((task, level, unit(total)) for (task, level), total in sums.items())
    found = tuple(Centroid(task, level, vector) for task, level, vector in middles if vector)
    if not found or len({len(middle.vector) for middle in found}) > 1:
        raise ValueError(f"{model} gave no vectors of one length")
    return Centroids(model, found)


def nearest(
    vector: Sequence[float], centroids: Centroids, margin: float, otherwise: Classification
) -> Classification:
    """Return what an ask is by its vector, in the language of `otherwise`; else just that.

    It abstains where another task lies less than `margin` further off. Its confidence is how near it lies, 0
    to 1: no share of right answers, as the trained model's is.
    """
    direction = unit(vector)
    if direction is None or len(direction) != centroids.dimension:
        return replace(otherwise, reason=f"{otherwise.reason}; the embedding is not one of {centroids.model}")
    near = [(sum(map(mul, direction, middle.vector)), middle) for middle in centroids.middles]
    best, middle = max(near, key=lambda one: one[0])
    other, second = max(
        ((value, one) for value, one in near if one.task != middle.task),
        key=lambda one: one[0],
        default=(-1.0, None),
    )
    lead, abstains = best - other, best - other < margin
    words = f"nearest by {centroids.model}, {lead:.3f} before {second.task if second else 'nothing else'}"
    return Classification(
        task=middle.task,
        level=middle.level,
        language=otherwise.language,
        confidence=round(min(1.0, max(0.0, best)), 4),
        abstained=abstains,
        reason=f"{words}: less than {margin:g}" if abstains else words,
    )
