"""The trained half of the classifier: linear models over hashed features, their weights given as a value.

Owns the arithmetic from features to probabilities. Must not read the weights
(`router.classifier.model_file`), train them (`tools.classifier.train`) or decide what to do with the answer
(`tasks`).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from math import exp, sqrt


@dataclass(frozen=True, slots=True)
class Head:
    """One question to a set of features: which of these labels is it?"""

    labels: tuple[str, ...]
    weights: tuple[Sequence[int], ...]
    """For each label a weight per row of the vocabulary, as a whole number from -127 to 127."""
    scales: tuple[float, ...]
    """For each label, what one unit of its weights is worth."""
    biases: tuple[float, ...]
    temperature: float = 1.0
    """Divides the scores, so that a probability of 0.9 is right nine times in ten. Fitted after training."""

    def probabilities(self, rows: Collection[int], seen: int) -> tuple[float, ...]:
        """Return a probability per label. `rows`: known features; `seen`: how many there were in all.

        Features the model has never met count in the length and pull towards "do not know".
        """
        return softmax([score / self.temperature for score in self.scores(rows, seen)])

    def scores(self, rows: Collection[int], seen: int) -> list[float]:
        """Return a score per label, of which `probabilities` are made."""
        length = sqrt(seen) or 1.0
        return [
            bias + scale * sum(map(weights.__getitem__, rows)) / length
            for weights, scale, bias in zip(self.weights, self.scales, self.biases, strict=True)
        ]


@dataclass(frozen=True, slots=True)
class TaskModel:
    """All that was learned, and from which confidence on it may be trusted."""

    stems: Mapping[str, str]
    """Beginnings of words to the ideas they stand for, over all languages; see `ask_features.concepts`."""
    vocabulary: Mapping[int, int]
    """Feature to row, of the heads for task and level."""
    task: Head
    level: Head
    levels_of_task: tuple[tuple[float, ...], ...]
    """For each task, how often each level occurs with it."""
    language_vocabulary: Mapping[int, int]
    language: Head
    abstain_below: float
    """Below this confidence the classifier abstains. Chosen on texts the model had not been trained on."""

    def judge(self, features: Collection[int]) -> tuple[tuple[float, ...], tuple[float, ...]]:
        """Return the probabilities of the tasks and of the levels, in the order of the heads' labels."""
        rows = _known(features, self.vocabulary)
        tasks = self.task.probabilities(rows, len(features))
        levels = self.level.probabilities(rows, len(features))
        usual = [
            sum(p * by_level[i] for p, by_level in zip(tasks, self.levels_of_task, strict=True))
            for i in range(len(levels))
        ]
        mixed = [sqrt(seen * likely) for seen, likely in zip(levels, usual, strict=True)]
        return tasks, tuple(p / sum(mixed) for p in mixed)

    def level_share(self, task: str | None, level: str) -> float:
        """Return how often a task has a level; 0 for a task the model does not know."""
        if task not in self.task.labels:
            return 0.0
        return self.levels_of_task[self.task.labels.index(task)][self.level.labels.index(level)]

    def familiar(self, features: Collection[int]) -> float:
        """Return the share of features that the model has met."""
        return len(_known(features, self.vocabulary)) / (len(features) or 1)

    def guess_language(self, features: Collection[int]) -> tuple[str, float]:
        """Return the likeliest language among those of the Latin script, and its probability."""
        found = self.language.probabilities(_known(features, self.language_vocabulary), len(features))
        best = max(range(len(found)), key=found.__getitem__)
        return self.language.labels[best], found[best]


def softmax(scores: Sequence[float]) -> tuple[float, ...]:
    """Return the probabilities that scores stand for."""
    highest = max(scores)
    weights = [exp(score - highest) for score in scores]
    total = sum(weights)
    return tuple(weight / total for weight in weights)


def _known(features: Collection[int], vocabulary: Mapping[int, int]) -> list[int]:
    return [row for feature in features if (row := vocabulary.get(feature)) is not None]
