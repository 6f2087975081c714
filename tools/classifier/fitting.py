"""How weights are found: three kinds of model over the same features, in plain Python.

All three end as a matrix of one weight per feature and label, so they can be compared and shipped alike. Must
not know tasks or files.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import exp, log, sqrt
from random import Random

from router.core.classify.task_model import softmax


@dataclass(frozen=True, slots=True)
class TrainingSample:
    """One text as features, with the index of its right label."""

    rows: tuple[int, ...]
    seen: int
    """How many features the text has, the unknown ones included."""
    target: int


@dataclass(frozen=True, slots=True)
class FittedWeights:
    """What was learned: for each label a weight per feature, and a bias."""

    weights: list[list[float]]
    biases: list[float]

    def scores(self, sample: TrainingSample) -> list[float]:
        """Return a score per label."""
        length = sqrt(sample.seen) or 1.0
        return [
            bias + sum(map(weights.__getitem__, sample.rows)) / length
            for weights, bias in zip(self.weights, self.biases, strict=True)
        ]


Fit = Callable[[Sequence[TrainingSample], int, int], FittedWeights]
"""From samples, the number of features and the number of labels to weights."""


EPOCHS = 12

RATE = 3.0

SHRINK = 0.004
"""The share of every weight that is lost per epoch, so that rare features do not shout."""

SMALL = 0.01
"""An error below this moves nothing: most labels of most samples, most of the time."""


def fit_logistic(samples: Sequence[TrainingSample], features: int, labels: int) -> FittedWeights:
    """Fit a multinomial logistic regression by stochastic gradient descent."""
    learned = FittedWeights([[0.0] * features for _ in range(labels)], [0.0] * labels)
    order = list(samples)
    chance = Random(7)
    for epoch in range(EPOCHS):
        chance.shuffle(order)
        rate = RATE / (1 + epoch / 4)
        for sample in order:
            _step(learned, sample, rate)
        learned.weights[:] = [[w * (1 - SHRINK) for w in weights] for weights in learned.weights]
    return learned


def _step(learned: FittedWeights, sample: TrainingSample, rate: float) -> None:
    length = sqrt(sample.seen) or 1.0
    for label, p in enumerate(softmax(learned.scores(sample))):
        error = p - (label == sample.target)
        if abs(error) < SMALL:
            continue
        change = rate * error / length
        weights = learned.weights[label]
        for row in sample.rows:
            weights[row] -= change
        learned.biases[label] -= rate * error * 0.01


def fit_naive_bayes(samples: Sequence[TrainingSample], features: int, labels: int) -> FittedWeights:
    """Fit a multinomial naive Bayes; scores are divided by the text's length like everyone else's."""
    counts, sizes = _count(samples, features, labels)
    smooth = 0.1
    weights = []
    for label in range(labels):
        total = log(sum(counts[label]) + smooth * features)
        weights.append([log(count + smooth) - total for count in counts[label]])
    means = [sum(column) / labels for column in zip(*weights, strict=True)]
    centred = [[w - mean for w, mean in zip(row, means, strict=True)] for row in weights]
    return FittedWeights(centred, [log(size / len(samples)) * 0.1 for size in sizes])


def fit_centroids(samples: Sequence[TrainingSample], features: int, labels: int) -> FittedWeights:
    """Fit the nearest centroid by the cosine of tf-idf vectors."""
    counts, sizes = _count(samples, features, labels)
    occurrences = [sum(column) for column in zip(*counts, strict=True)]
    rarity = [log((1 + len(samples)) / (1 + count)) for count in occurrences]
    weights = []
    for label in range(labels):
        centroid = [
            count / sizes[label] * idf * idf for count, idf in zip(counts[label], rarity, strict=True)
        ]
        norm = sqrt(sum(w * w for w in centroid)) or 1.0
        weights.append([10 * w / norm for w in centroid])
    return FittedWeights(weights, [0.0] * labels)


def _count(
    samples: Sequence[TrainingSample], features: int, labels: int
) -> tuple[list[list[float]], list[int]]:
    counts = [[0.0] * features for _ in range(labels)]
    for sample in samples:
        row_counts = counts[sample.target]
        for row in sample.rows:
            row_counts[row] += 1.0
    sizes = Counter(sample.target for sample in samples)
    return counts, [sizes[label] for label in range(labels)]


@dataclass(frozen=True, slots=True)
class EmbeddingTable:
    """A vector per feature, averaged over a text, and a linear layer over the average (as fastText does)."""

    vectors: list[list[float]]
    """Dimension by feature."""
    out: list[list[float]]
    """Label by dimension."""


def fit_embeddings(
    samples: Sequence[TrainingSample], features: int, labels: int, dimensions: int = 12
) -> FittedWeights:
    """Fit static embeddings with a linear layer; folded into one matrix, which gives the same scores."""
    chance = Random(11)
    vectors = [[chance.uniform(-0.1, 0.1) for _ in range(features)] for _ in range(dimensions)]
    out = [[chance.uniform(-0.5, 0.5) for _ in range(dimensions)] for _ in range(labels)]
    order = list(samples)
    for epoch in range(EPOCHS):
        chance.shuffle(order)
        for sample in order:
            _embedding_step(EmbeddingTable(vectors, out), sample, 1.5 / (1 + epoch / 4))
    folded = [
        [sum(o * v for o, v in zip(layer, column, strict=True)) for column in zip(*vectors, strict=True)]
        for layer in out
    ]
    return FittedWeights(folded, [0.0] * labels)


def _embedding_step(model: EmbeddingTable, sample: TrainingSample, rate: float) -> None:
    length = sqrt(sample.seen) or 1.0
    mean = [sum(map(vector.__getitem__, sample.rows)) / length for vector in model.vectors]
    scores = [sum(o * m for o, m in zip(layer, mean, strict=True)) for layer in model.out]
    errors = [p - (label == sample.target) for label, p in enumerate(softmax(scores))]
    for dimension, vector in enumerate(model.vectors):
        change = sum(e * layer[dimension] for e, layer in zip(errors, model.out, strict=True)) * rate / length
        for row in sample.rows:
            vector[row] -= change
    for error, layer in zip(errors, model.out, strict=True):
        for dimension, m in enumerate(mean):
            layer[dimension] -= rate * 0.1 * error * m


def fit_temperature(scored: Sequence[tuple[Sequence[float], int]]) -> float:
    """Return the divisor of the scores under which their probabilities are most honest (log loss)."""

    def loss(temperature: float) -> float:
        total = 0.0
        for scores, target in scored:
            top = max(scores)
            total += (
                log(sum(exp((s - top) / temperature) for s in scores)) - (scores[target] - top) / temperature
            )
        return total

    return min((step / 20 for step in range(4, 80)), key=loss)
