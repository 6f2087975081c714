"""What the classifier gets right, per task, level and language, as the tables of docs/classifier.md.

`python -m tools.classifier.measure` judges the held-out asks with the shipped model and writes the page anew.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from router.classifier.centroid_fitting import LabelledAsk
from router.classifier.model_file import load_model
from router.core.classify.task_model import TaskModel
from router.core.classify.task_rules import first_match
from router.core.classify.tasks import Classification, classify
from router.core.classify.view import view
from router.core.message import Message
from tools.classifier.examples import read_asks

PAGE = Path(__file__).parents[2] / "docs" / "classifier.md"
CHEAP_TASKS = frozenset({"classify", "summarize", "extract", "format", "translate", "lookup", "chat"})


@dataclass(frozen=True, slots=True)
class Judged:
    """An ask with its label and with what the classifier said."""

    ask: LabelledAsk
    said: Classification

    @property
    def task_is_right(self) -> bool:
        """Whether the best guess is the label, abstained or not."""
        return self.said.task == self.ask.task

    @property
    def sent_too_low(self) -> bool:
        """Whether a hard ask would have gone to the cheapest: the mistake that matters most."""
        return self.ask.level == "L3" and not self.said.abstained and self.said.level == "L1"


def judge_all(asks: Sequence[LabelledAsk], model: TaskModel) -> list[Judged]:
    """Classify every ask as a conversation of one message."""
    return [Judged(ask, classify((Message("user", ask.text),), model)) for ask in asks]


def write_page(name: str, tables: str) -> None:
    """Put tables between the page's `<!-- name -->` and `<!-- end of name -->`."""
    head, opening, rest = PAGE.read_text(encoding="utf-8").partition(f"<!-- {name} -->\n")
    _, closing, tail = rest.partition(f"<!-- end of {name} -->")
    PAGE.write_text(f"{head}{opening}{tables}{closing}{tail}", encoding="utf-8")


def report(model: TaskModel) -> str:
    """Return the measured part of the page, in Markdown."""
    held_out = judge_all(read_asks("held_out"), model)
    trained_on = read_asks("asks") + read_asks("validation")
    return "\n".join(
        [
            f"Trained on {len(trained_on)} asks; measured on {len(held_out)} held-out asks. "
            f"The model abstains below a confidence of {model.abstain_below:.2f}.\n",
            _overall(held_out),
            _rules(trained_on, held_out),
            _by("task", held_out, lambda judged: judged.ask.task, lambda judged: judged.task_is_right),
            _by("level", held_out, lambda judged: judged.ask.level, lambda j: j.said.level == j.ask.level),
            _languages(held_out),
            _calibration(held_out),
            _mistakes(held_out),
        ]
    )


def kinds(compared: Mapping[str, float]) -> str:
    """Return the table of the kinds of model, in Markdown."""
    rows = [(kind, f"{right:.1%}") for kind, right in compared.items()]
    return _table("## Kinds of model, on the validation asks", ("kind", "task right"), rows)


def _overall(judged: Sequence[Judged]) -> str:
    answered = [one for one in judged if not one.said.abstained]
    hard = [one for one in judged if one.ask.level == "L3"]
    heavy_as_cheap = [one for one in hard if not one.said.abstained and one.said.task in CHEAP_TASKS]
    rows = [
        ("task right, when not abstaining", share(one.task_is_right for one in answered)),
        ("task right, best guess of all", share(one.task_is_right for one in judged)),
        ("level right, when not abstaining", share(one.said.level == one.ask.level for one in answered)),
        ("language right", share(one.said.language == one.ask.language for one in judged)),
        ("abstained", share(one.said.abstained for one in judged)),
        ("hard asks (L3) sent to L1", share(one.sent_too_low for one in hard)),
        ("hard asks (L3) taken for a cheap task", share(one in heavy_as_cheap for one in hard)),
    ]
    return _table("## All held-out asks", ("", "share"), rows)


def _rules(trained_on: Sequence[LabelledAsk], held_out: Sequence[Judged]) -> str:
    """Say how often a rule speaks and how often it is right."""
    rows = []
    for name, asks in (("labelled for training", trained_on), ("held out", [one.ask for one in held_out])):
        spoken = [(ask, rule) for ask in asks if (rule := first_match(view(ask.text)))]
        right = share(rule.task == ask.task for ask, rule in spoken)
        rows.append((name, f"{len(spoken)} of {len(asks)}", right))
    return _table("## Rules", ("asks", "a rule speaks", "its task is right"), rows)


def _by(
    name: str, judged: Sequence[Judged], key: Callable[[Judged], str], right: Callable[[Judged], bool]
) -> str:
    """Return a table by one property: how many, how often abstained, how often right."""
    rows = []
    for group in dict.fromkeys(map(key, judged)):
        members = [one for one in judged if key(one) == group]
        answered = [one for one in members if not one.said.abstained]
        rows.append(
            (
                f"`{group}`",
                str(len(members)),
                share(one.said.abstained for one in members),
                share(map(right, answered)),
                share(map(right, members)),
            )
        )
    columns = (name, "asks", "abstained", "right when answered", "right in all")
    return _table(f"## Per {name}", columns, rows)


def _languages(judged: Sequence[Judged]) -> str:
    rows = []
    for language in dict.fromkeys(one.ask.language for one in judged):
        members = [one for one in judged if one.ask.language == language]
        answered = [one for one in members if not one.said.abstained]
        rows.append(
            (
                f"`{language}`",
                str(len(members)),
                share(one.said.language == language for one in members),
                share(one.said.abstained for one in members),
                share(one.task_is_right for one in answered),
                share(one.said.level == one.ask.level for one in answered),
            )
        )
    columns = ("language", "asks", "language right", "abstained", "task right when answered", "level right")
    return _table("## Per language", columns, rows)


def _calibration(judged: Sequence[Judged]) -> str:
    bounds = (0.0, 0.4, 0.6, 0.8, 0.9, 1.01)
    rows = []
    for low, high in pairwise(bounds):
        members = [one for one in judged if low <= one.said.confidence < high]
        right = share(one.task_is_right for one in members)
        rows.append((f"{low:.1f} to {min(high, 1):.1f}", str(len(members)), right))
    return _table("## How honest the confidence is", ("confidence", "asks", "task right"), rows)


def _mistakes(judged: Sequence[Judged]) -> str:
    wrong = Counter(
        (one.ask.task, one.said.task) for one in judged if not one.said.abstained and not one.task_is_right
    )
    rows = [(f"`{task}`", f"`{said}`", str(count)) for (task, said), count in wrong.most_common(12)]
    return _table("## Commonest mistakes when answering", ("is", "taken for", "asks"), rows)


def share(flags: Iterable[bool]) -> str:
    """Return which part of some truth values is true, in per cent; a dash of none."""
    seen = list(flags)
    return f"{sum(seen) / len(seen):.1%}" if seen else "-"


def _table(title: str, columns: tuple[str, ...], rows: Sequence[tuple[str, ...]]) -> str:
    lines = ["| " + " | ".join(columns) + " |", "|" + "---|" * len(columns)]
    lines += ["| " + " | ".join(row) + " |" for row in rows]
    return f"{title}\n\n" + "\n".join(lines) + "\n"


if __name__ == "__main__":
    write_page("measured", report(load_model()))
