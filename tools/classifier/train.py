"""Trains the task classifier from labelled asks; writes `model.bin` and the figures in docs/classifier.md.

Run with `python -m tools.classifier.train`; a few minutes, standard library only. The same data give the same
model. Labels are read from the data: somebody with asks and tasks of their own adds lines and runs this.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from router.classifier import model_file
from router.classifier.centroid_fitting import LabelledAsk
from router.classifier.model_file import load_stems, pack
from router.core.classify.features import ask_features, language_features
from router.core.classify.task_model import Head, TaskModel
from router.core.classify.view import view
from tools.classifier.examples import read_asks, read_languages, read_templates, varied
from tools.classifier.fitting import (
    Fit,
    FittedWeights,
    TrainingSample,
    fit_centroids,
    fit_embeddings,
    fit_logistic,
    fit_naive_bayes,
    fit_temperature,
)
from tools.classifier.measure import kinds, report, write_page

KINDS: dict[str, Fit] = {
    "logistic regression over hashed n-grams": fit_logistic,
    "static embeddings with a linear layer": fit_embeddings,
    "nearest centroid, tf-idf": fit_centroids,
    "naive Bayes": fit_naive_bayes,
}
SHIPPED = "logistic regression over hashed n-grams"
SEEN_IN = 4
"""A feature is kept when so many asks have it; rarer ones double the file and add next to nothing."""
LANGUAGE_SEEN_IN = 5
RIGHT_WHEN_ANSWERED = 0.95
"""Abstain below the confidence from which on this share of the validation asks is right."""
TEMPLATE_COPIES = 5
"""So many asks are made of each template; more drown the asks that were written."""
LEVELS = ("L1", "L2", "L3")
LATIN = frozenset({"en", "de", "fr", "es", "nl", "it", "pt", "pl"})
LANGUAGE_WEIGHT = 3
"""How often the asks of a language other than English count: English has ten times as many."""

MODEL = Path(model_file.__file__).parent / "model.bin"


@dataclass(frozen=True, slots=True)
class Learned:
    """A vocabulary and the weights of one question over it, before they are made small."""

    vocabulary: dict[int, int]
    labels: tuple[str, ...]
    weights: FittedWeights

    def scores(self, features: frozenset[int]) -> list[float]:
        """Return a score per label."""
        return self.weights.scores(sample_of(features, self.vocabulary, 0))


def main() -> None:
    """Compare the kinds, calibrate, train on everything but the held-out asks, write model and page."""
    asks, checks = read_asks("asks"), read_asks("validation")
    compared = compare(asks, checks)
    trial = calibrated(build(asks), checks)
    model = build([*asks, *checks])
    model = replace(
        model,
        task=replace(model.task, temperature=trial.task.temperature),
        level=replace(model.level, temperature=trial.level.temperature),
        abstain_below=threshold(trial, checks),
    )
    MODEL.write_bytes(pack(model))
    write_page("kinds", kinds(compared))
    write_page("measured", report(model))


def compare(asks: Sequence[LabelledAsk], checks: Sequence[LabelledAsk]) -> dict[str, float]:
    """Return for each kind of model the share of validation asks whose task it gets right."""
    shares = {}
    for kind, fit in KINDS.items():
        learned = learn(asks, "task", task_labels(asks), fit)
        right = [_best(learned.scores(features_of(ask))) == learned.labels.index(ask.task) for ask in checks]
        shares[kind] = sum(right) / len(right)
    return shares


def build(asks: Sequence[LabelledAsk]) -> TaskModel:
    """Train every head and make the weights small; nothing is calibrated yet."""
    labels = task_labels(asks)
    task = learn(asks, "task", labels, KINDS[SHIPPED])
    level = learn(asks, "level", LEVELS, KINDS[SHIPPED])
    languages = learn_languages(asks)
    return TaskModel(
        stems=load_stems(),
        vocabulary=task.vocabulary,
        task=small(task),
        level=small(level),
        levels_of_task=levels_of_task(asks, labels),
        language_vocabulary=languages.vocabulary,
        language=small(languages),
        abstain_below=0.0,
    )


def learn(asks: Sequence[LabelledAsk], question: str, labels: tuple[str, ...], fit: Fit) -> Learned:
    """Fit one head on the asks, their variants and the templates. `question`: `task` or `level`."""
    made = read_templates(TEMPLATE_COPIES)
    vocabulary = vocabulary_of([features_of(ask) for ask in [*asks, *made]], SEEN_IN)
    samples = [
        sample_of(features_of(ask), vocabulary, labels.index(getattr(ask, question)))
        for ask in [*varied(asks), *made]
    ]
    return Learned(vocabulary, labels, fit(samples, len(vocabulary), len(labels)))


def learn_languages(asks: Sequence[LabelledAsk]) -> Learned:
    """Fit the head that tells the languages of the Latin script apart."""
    texts = [(ask.language, ask.text) for ask in asks if ask.language in LATIN]
    texts += [pair for pair in texts if pair[0] != "en"] * (LANGUAGE_WEIGHT - 1)
    texts += [(code, part) for code, text in read_languages() for part in (text, *text.split())]
    labels = tuple(dict.fromkeys(code for code, _ in texts))
    features = [language_features(text) for _, text in texts]
    vocabulary = vocabulary_of(features, LANGUAGE_SEEN_IN)
    samples = [
        sample_of(seen, vocabulary, labels.index(code))
        for (code, _), seen in zip(texts, features, strict=True)
    ]
    return Learned(vocabulary, labels, fit_logistic(samples, len(vocabulary), len(labels)))


def features_of(ask: LabelledAsk) -> frozenset[int]:
    """Return the features of an ask as the classifier sees it."""
    return ask_features(view(ask.text), load_stems())


def vocabulary_of(texts: Sequence[frozenset[int]], seen_in: int) -> dict[int, int]:
    """Give a row to every feature that at least `seen_in` texts have."""
    counts = Counter(feature for features in texts for feature in features)
    kept = sorted(feature for feature, count in counts.items() if count >= seen_in)
    return {feature: row for row, feature in enumerate(kept)}


def sample_of(features: frozenset[int], vocabulary: dict[int, int], target: int) -> TrainingSample:
    """Return the known features of a text as rows."""
    rows = tuple(sorted(vocabulary[feature] for feature in features if feature in vocabulary))
    return TrainingSample(rows, len(features), target)


def task_labels(asks: Sequence[LabelledAsk]) -> tuple[str, ...]:
    """Return the tasks in the order of the data."""
    return tuple(dict.fromkeys(ask.task for ask in asks))


def levels_of_task(asks: Sequence[LabelledAsk], labels: tuple[str, ...]) -> tuple[tuple[float, ...], ...]:
    """Return for each task the share of each level among its asks; never quite zero."""
    counts = Counter((ask.task, ask.level) for ask in asks)
    shares = []
    for task in labels:
        seen = [counts[task, level] + 1 for level in LEVELS]
        shares.append(tuple(round(count / sum(seen), 4) for count in seen))
    return tuple(shares)


def small(learned: Learned) -> Head:
    """Round the weights to whole numbers from -127 to 127; a label's scale gives them back."""
    scales = [max(map(abs, weights)) / 127 or 1.0 for weights in learned.weights.weights]
    rounded = tuple(
        tuple(round(w / scale) for w in weights)
        for weights, scale in zip(learned.weights.weights, scales, strict=True)
    )
    return Head(learned.labels, rounded, tuple(scales), tuple(learned.weights.biases))


def calibrated(trial: TaskModel, checks: Sequence[LabelledAsk]) -> TaskModel:
    """Return the model with temperatures under which a confidence of 0.9 is right nine times in ten."""
    fitted = {}
    for question, head in (("task", trial.task), ("level", trial.level)):
        scored = []
        for ask in checks:
            features = features_of(ask)
            rows = [row for feature in features if (row := trial.vocabulary.get(feature)) is not None]
            scored.append((head.scores(rows, len(features)), head.labels.index(getattr(ask, question))))
        fitted[question] = replace(head, temperature=fit_temperature(scored))
    return replace(trial, task=fitted["task"], level=fitted["level"])


def threshold(trial: TaskModel, checks: Sequence[LabelledAsk]) -> float:
    """Return the lowest confidence from which on RIGHT_WHEN_ANSWERED of the validation asks are right."""
    judged = []
    for ask in checks:
        tasks, _ = trial.judge(features_of(ask))
        best = _best(tasks)
        judged.append((tasks[best], trial.task.labels[best] == ask.task))
    judged.sort(reverse=True)
    right = 0
    lowest = 1.0
    for count, (confidence, is_right) in enumerate(judged, 1):
        right += is_right
        if right / count >= RIGHT_WHEN_ANSWERED:
            lowest = confidence
    return round(lowest, 3)


def _best(scores: Sequence[float]) -> int:
    return max(range(len(scores)), key=scores.__getitem__)


if __name__ == "__main__":
    main()
