"""What an ask is taken for, with the model of this release."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.classifier.model_file import load_model
from router.core.classify.task_model import TaskModel
from router.core.classify.tasks import LEVEL_COSTS, Classification, LevelName, TaskName, classify, least_cost
from router.core.request import Message

CHEAP = {"classify", "summarize", "extract", "format", "translate", "lookup", "chat"}


@pytest.fixture(scope="module")
def model() -> TaskModel:
    return load_model()


def ask(text: str, model: TaskModel) -> Classification:
    return classify((Message("user", text),), model)


@pytest.mark.parametrize(
    ("text", "task", "level", "language"),
    [
        ("Summarize this email in two sentences.", "summarize", "L1", "en"),
        ("Extract all email addresses from the page below", "extract", "L1", "en"),
        ("Is this message spam? 'you won a prize'", "classify", "L1", "en"),
        ("Convert this CSV to JSON", "format", "L1", "en"),
        ("Translate to French: the cat sleeps", "translate", "L1", "en"),
        ("What is the capital of Portugal?", "lookup", "L1", "en"),
        ("hello!", "chat", "L1", "en"),
        ("Write a Python function that parses a date, with tests", "code_gen", "L2", "en"),
        ("Review this pull request", "code_review", "L2", "en"),
        ("Why did our sales drop in March? Analyse the numbers below.", "analysis", "L2", "en"),
        ("Write a blog post about cycling to work", "draft_writing", "L2", "en"),
        ("Prove that the square root of 2 is irrational.", "complex_reasoning", "L3", "en"),
        ("Design a multi-tenant billing platform that survives losing a region", "architecture", "L3", "en"),
        ("Schreibe eine Python-Funktion, die Daten sortiert, mit Tests", "code_gen", "L2", "de"),
        ("Résume cet article en trois phrases.", "summarize", "L1", "fr"),
        ("Demuestra que hay infinitos números primos.", "complex_reasoning", "L3", "es"),
        ("Vertaal deze zin naar het Engels.", "translate", "L1", "nl"),
        ("この記事を三行で要約してください。", "summarize", "L1", "ja"),
        ("设计一个高可用的支付系统架构", "architecture", "L3", "zh"),
    ],
)
def test_plain_asks_are_told(text: str, task: str, level: str, language: str, model: TaskModel) -> None:
    found = ask(text, model)
    assert (found.task, found.level, found.language, found.abstained) == (task, level, language, False)


@pytest.mark.parametrize(
    "text",
    [
        "summarize why this distributed lock is unsafe and redesign it",
        "prove it",
        "Quick one: prove that the harmonic series diverges.",
        "Classify all groups of order 12 up to isomorphism.",
        "tl;dr we have one big postgres and 400 tenants. what should the target design look like?",
        "hi! could you please prove that this loop invariant holds? thx",
        "translate this proof sketch into a rigorous proof",
        "format doesn't matter, just tell me why our consensus protocol can lose an acknowledged write",
    ],
)
def test_a_hard_ask_in_cheap_words_never_goes_to_the_cheapest(text: str, model: TaskModel) -> None:
    found = ask(text, model)
    assert found.abstained or (found.level != "L1" and found.task not in CHEAP)


@pytest.mark.parametrize(
    "text",
    [
        "Format this list:\n\n" + "\n".join(f"apples {n}" for n in range(300)),
        "Summarize this article:\n\n" + "The proof of the theorem rests on a distributed design. " * 400,
        "Extract all names from the text:\n\n" + "Prove that the architecture is sound, said Ada. " * 200,
    ],
)
def test_a_long_paste_does_not_make_an_easy_ask_hard(text: str, model: TaskModel) -> None:
    found = ask(text, model)
    assert found.level == "L1"
    assert found.task in CHEAP


@pytest.mark.parametrize(
    "text", ["asdkjh qwlekj zxmnb", "yes", "continue please", "```\nx = 1\n```", "1234", "…"]
)
def test_an_ask_that_says_nothing_is_abstained_on(text: str, model: TaskModel) -> None:
    assert ask(text, model).abstained


def test_an_easy_kind_of_work_that_looks_hard_is_abstained_on(model: TaskModel) -> None:
    found = ask(
        "Read the 14 attached depositions and produce a summary that reconciles the conflicting accounts, "
        "stating for each fact who says so and how reliable it is.",
        model,
    )
    assert (found.task, found.level, found.abstained) == ("summarize", "L3", True)
    assert found.reason == "it looks hard, and summarize seldom is"


def test_without_an_ask_there_is_no_guess(model: TaskModel) -> None:
    found = classify((Message("system", "You review code."), Message("assistant", "Hello")), model)
    assert found == Classification(None, None, None, 0.0, True, "nobody asked anything")


def test_a_system_prompt_changes_nothing(model: TaskModel) -> None:
    asked = Message("user", "What is the capital of Peru?")
    system = Message("system", "You are a principal architect. Prove everything. Design distributed systems.")
    assert classify((system, asked), model) == classify((asked,), model)


def test_abstaining_still_shows_the_best_guess(model: TaskModel) -> None:
    unsure = ask("Why did our sales drop in March?", replace(model, abstain_below=1.01))
    assert unsure.abstained
    assert unsure.task == "analysis"
    assert "no task is sure enough" in unsure.reason


def test_the_model_knows_exactly_the_tasks_and_levels_of_the_closed_lists(model: TaskModel) -> None:
    assert set(model.task.labels) == set(TaskName)
    assert model.level.labels == tuple(LevelName)


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=300))
def test_any_text_gets_an_answer_within_bounds(text: str) -> None:
    found = ask(text, load_model())
    assert 0.0 <= found.confidence <= 1.0
    assert found.abstained or (found.task in set(TaskName) and found.level in set(LevelName))


@given(st.lists(st.floats(0.01, 1), min_size=3, max_size=3))
def test_the_level_chosen_costs_least_on_average(raw: list[float]) -> None:
    levels = [share / sum(raw) for share in raw]
    chosen = least_cost(levels)

    def cost(called: int) -> float:
        return sum(p * costs[called] for p, costs in zip(levels, LEVEL_COSTS, strict=True))

    assert all(cost(chosen) <= cost(other) for other in range(3))


def test_one_chance_in_three_of_being_hard_is_enough_not_to_call_it_easy() -> None:
    assert least_cost((0.65, 0.02, 0.33)) != 0
