"""What an ask is taken for, with the model of this release."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.classifier.model_file import load_model
from router.core.classify.task_model import TaskModel
from router.core.classify.tasks import LEVEL_COSTS, Classification, LevelName, TaskName, classify, least_cost
from router.core.message import Message

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


@pytest.mark.parametrize(
    "words", ["no, that's wrong, try again", "still wrong", "are you sure?", "falsch, nochmal", "why?"]
)
def test_a_complaint_is_about_the_ask_before_it(words: str, model: TaskModel) -> None:
    proof = Message("user", "Prove that the square root of 2 is irrational.")
    found = classify((proof, Message("assistant", "It is."), Message("user", words)), model)
    assert (found.task, found.level, found.abstained) == ("complex_reasoning", "L3", False)
    assert found.complaint is (words != "why?")
    alone = ask(words, model)
    assert (alone.abstained, alone.complaint) == (True, words != "why?")


STUB = 'def is_prime(n: int) -> bool:\n    """Return whether n is prime.\n    >>> is_prime(7)\n    """\n'


@pytest.mark.parametrize(
    ("text", "task"),
    [
        (STUB, "code_gen"),
        (f"from math import sqrt\n\n\n{STUB}", "code_gen"),
        ("import os\n\nclass Cache:\n    def get(self, key): ...", "code_gen"),
        ("fn gcd(a: u64, b: u64) -> u64 {\n    todo!()\n}", "code_gen"),
        (
            "A tree has n vertices.\nThe first line contains n (1 <= n <= 1e5).\nPrint its diameter.",
            "code_gen",
        ),
        ("Review: loved it!!\nOn a scale of 1-5, the stars are:", "classify"),
        ("I want my money back, prove me wrong.\nWhat is the sentiment of this review?", "classify"),
        ("It was a long and tense evening.\nIs this review positive or negative?", "classify"),
        ("Amanda: I baked cookies.\nJerry: Why?\n\nSummarize the dialogue above:", "summarize"),
        ("The court held that the design was void.\n\nTL;DR:", "summarize"),
        ("The proof took him years.\nWrite a one-sentence summary of this text.", "summarize"),
    ],
)
def test_code_to_complete_and_a_question_below_a_text_are_what_they_are(
    text: str, task: str, model: TaskModel
) -> None:
    found = ask(text, model)
    assert (found.task, found.abstained) == (task, False)


@pytest.mark.parametrize(
    "text",
    [
        f"{STUB}\nWhy does this loop for ever? Explain.",
        "import taxes in Germany: how high are they?",
        "The first line contains a joke",
        "She read the poem.\nExplain why it moved her and prove that it is a sonnet.",
    ],
)
def test_what_only_looks_like_it_is_left_to_the_model(text: str, model: TaskModel) -> None:
    assert not ask(text, model).reason.startswith("rule")


@pytest.mark.parametrize(
    "text",
    [
        "请把下面的合同条款翻译成英文并解释法律风险",
        "Translate this to French and explain the grammar",
        "Summarize this article and then evaluate the argument",
        "Übersetze das ins Englische und erkläre die Klauseln",
    ],
)
def test_two_asks_in_one_are_not_the_cheap_one_alone(text: str, model: TaskModel) -> None:
    found = ask(text, model)
    assert found.abstained or found.task not in CHEAP


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Hvad er den bedste måde at gøre det på, og hvordan kan jeg undgå fejl?", "da"),
        ("Hva er den beste måten å gjøre det på, og hvordan unngår jeg feil?", "no"),
        ("Skriv en kort text om vår sommar, jag vill inte att den är för lång", "sv"),
        ("Napiš mi prosím krátký text, který vysvětluje, jak to funguje", "cs"),
        ("Scrie o scurtă poveste despre o zi de vară și spune ce s-a întâmplat", "ro"),
        ("Hãy viết cho tôi một bài ngắn về mùa hè", "vi"),
        ("Напиши ми кратък текст за лятото, който да е забавен", "bg"),
        ("Напиши ми кратак текст о лету који није досадан", "sr"),
        ("Напиши мне короткий текст о лете", "ru"),
        ("Напиши мені короткий текст про літо", "uk"),
        ("یک متن کوتاه درباره تابستان بنویس", "fa"),
        ("گرمیوں کے بارے میں ایک مختصر تحریر لکھو", "ur"),
        ("Escriu un text curt sobre l'estiu que no sigui avorrit i amb tres paràgrafs", "ca"),
        ("Det er en god dag", None),
    ],
)
def test_a_language_is_told_or_not_said(text: str, language: str | None, model: TaskModel) -> None:
    assert ask(text, model).language == language


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
