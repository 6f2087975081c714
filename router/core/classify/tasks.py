"""What kind of work an ask is, how hard, and in which language: rules first, then the trained model.

Owns the decision and its confidence, and when to abstain; the engine then takes the default route, never the
cheapest. Looks only at what a person asked last, never at a system prompt. Pure: the model is an argument.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from router.core.classify.complaints import is_complaint
from router.core.classify.features import ask_features, concepts, words
from router.core.classify.language import detect
from router.core.classify.last_ask import complains, is_bare, is_go_ahead, last_ask
from router.core.classify.task_model import TaskModel
from router.core.classify.task_rules import HARD, RULE_CONFIDENCE, asks_for_more, first_match
from router.core.classify.view import AskView, view
from router.core.message import Message


class TaskName(StrEnum):
    """The kinds of work this release knows; a configuration may name others, which callers state."""

    CLASSIFY = "classify"
    SUMMARIZE = "summarize"
    EXTRACT = "extract"
    FORMAT = "format"
    TRANSLATE = "translate"
    LOOKUP = "lookup"
    CHAT = "chat"
    CODE_GEN = "code_gen"
    CODE_REVIEW = "code_review"
    ANALYSIS = "analysis"
    DRAFT_WRITING = "draft_writing"
    AGENT_ORCHESTRATION = "agent_orchestration"
    COMPLEX_REASONING = "complex_reasoning"
    ARCHITECTURE = "architecture"


class LevelName(StrEnum):
    """How hard the work is."""

    L1 = "L1"
    """One obvious step that a small model gets right."""
    L2 = "L2"
    """Competence: code, judgement, prose, or an easy task with many rules."""
    L3 = "L3"
    """Long reasoning, many dependent steps, or a decision that is dear to get wrong."""


_EASY = "classify summarize extract format translate lookup chat"
_MIDDLE = "code_gen code_review analysis draft_writing"
USUAL_LEVEL = {
    **dict.fromkeys(_EASY.split(), LevelName.L1),
    **dict.fromkeys(_MIDDLE.split(), LevelName.L2),
}
"""How hard a task usually is; what is not here is hard as often as not."""
LEVEL_COSTS = ((0.0, 1.0, 2.0), (1.5, 0.0, 1.0), (6.0, 1.5, 0.0))
"""What it costs to call a level (row) another (column): too cheap an answer is worse than too dear a one."""
FAMILIAR_FROM = 0.35
"""The share of an ask's features that must be known where none of its words stands for a known idea."""
SELDOM = 0.1
"""A level that fewer of a task's asks have contradicts the task: one of the two guesses is wrong."""
SURE_DESPITE_HINTS = 0.9
"""From here on an easy kind of work is believed although a word in the ask hints at hard work."""


@dataclass(frozen=True, slots=True)
class Classification:
    """What an ask is taken for."""

    task: str | None
    """The best guess, also when abstaining; None when nobody asked anything."""
    level: str | None
    language: str | None
    """ISO 639-1; None when nothing tells."""
    confidence: float
    """How sure the task is, 0 to 1: of asks with 0.9, nine in ten are right."""
    abstained: bool
    """True: do not act on task and level, take the default."""
    reason: str
    """In words: the rule that spoke, the model, or why nothing can be said."""
    complaint: bool = False
    """The last words were that the answer before was no good; task and level are those of the ask before."""


def classify(messages: Sequence[Message], model: TaskModel) -> Classification:
    """Say what the last ask of a conversation is, in a few milliseconds whatever its length."""
    ask = last_ask(messages)
    if not ask:
        return Classification(None, None, None, 0.0, True, "nobody asked anything")
    found = _classified(ask, model)
    return replace(found, complaint=True) if complains(messages) else found


def _classified(ask: str, model: TaskModel) -> Classification:
    looked_at = view(ask)
    language = detect(looked_at.text or ask[:400], model)
    if rule := first_match(looked_at):
        return Classification(rule.task, rule.level, language, RULE_CONFIDENCE, False, f"rule: {rule.name}")
    found = _judge(looked_at, language, model)
    reason = _doubt(ask, looked_at, found, model)
    return replace(found, abstained=True, reason=reason) if reason else found


def _judge(looked_at: AskView, language: str | None, model: TaskModel) -> Classification:
    tasks, levels = model.judge(ask_features(looked_at, model.stems))
    best = max(range(len(tasks)), key=tasks.__getitem__)
    level = model.level.labels[least_cost(levels)]
    return Classification(model.task.labels[best], level, language, round(tasks[best], 4), False, "model")


def _doubt(ask: str, looked_at: AskView, found: Classification, model: TaskModel) -> str | None:
    """Return why the model's answer is not to be acted on, or None."""
    if empty := _names_nothing(ask):
        return empty
    if not any(map(str.isalpha, looked_at.text)):
        return "nothing but a paste, figures or signs"
    strange = model.familiar(ask_features(looked_at, model.stems)) < FAMILIAR_FROM
    if strange and not concepts(words(looked_at.text), model.stems):
        return "made of words the model has never met"
    if found.level == LevelName.L3 and model.level_share(found.task, LevelName.L3) < SELDOM:
        return f"it looks hard, and {found.task} seldom is"
    easy = model.level_share(found.task, LevelName.L1) > 0.5
    if easy and found.confidence < SURE_DESPITE_HINTS and HARD.search(looked_at.text):
        return f"it hints at hard work, and {found.task} is not sure enough for that ({found.confidence:.2f})"
    if easy and asks_for_more(looked_at.text):
        return f"it asks for two things, and {found.task} is only one of them"
    if found.confidence < model.abstain_below:
        return f"no task is sure enough ({found.confidence:.2f} < {model.abstain_below:.2f})"
    return None


def _names_nothing(ask: str) -> str | None:
    """Return in words why an ask tells nothing of the work, with nothing before it to tell, or None."""
    if is_go_ahead(ask):
        return "a go-ahead without an ask before it"
    if is_complaint(ask):
        return "a complaint without an ask before it"
    return "it names nothing to work on" if is_bare(ask) else None


def least_cost(levels: Sequence[float]) -> int:
    """Return the index of the level whose expected cost is least, given the probability of each."""
    expected = [
        sum(p * costs[called] for p, costs in zip(levels, LEVEL_COSTS, strict=True))
        for called in range(len(levels))
    ]
    return min(range(len(expected)), key=expected.__getitem__)
