"""The part of an ask that is judged, its language, and the rules."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.classifier.model_file import load_model
from router.core.classify.features import ask_features, concepts, words
from router.core.classify.language import detect
from router.core.classify.task_rules import first_match
from router.core.classify.view import CLOSING_CHARS, OPENING_CHARS, view


@given(st.text(max_size=3000))
def test_what_is_judged_is_bounded_whatever_was_pasted(text: str) -> None:
    assert len(view(text).text) <= OPENING_CHARS + CLOSING_CHARS + 1


@pytest.mark.parametrize(
    ("ask", "text", "mark"),
    [
        ("Review this:\n```python\nassert prove\n```", "Review this:", "code"),
        ("Explain `retry_after` here", "Explain retry_after here", "length5"),
        ("> he said so\nIs that true?", "Is that true?", "quote"),
        ("read https://example.com/a?b=c now", "read   now", "link"),
        ("Sum these:\na,1,2,3\nb,4,5,6\nc,7,8,9", "Sum these:", "paste"),
    ],
)
def test_pastes_become_marks(ask: str, text: str, mark: str) -> None:
    found = view(ask)
    assert found.text.strip() == text
    assert mark in found.marks


def test_the_end_of_a_long_ask_is_seen_as_well_as_its_beginning() -> None:
    found = view("Here is a report.\n\n" + "The mill stood still. " * 2000 + "\n\nTranslate it to Dutch.")
    assert found.text.startswith("Here is a report.")
    assert found.text.endswith("Translate it to Dutch.")


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("Could you check the weather tomorrow?", "en"),
        ("Könntest du bitte den Fehler in dieser Funktion suchen?", "de"),
        ("Peux-tu m'expliquer comment ça marche ?", "fr"),
        ("¿Puedes explicarme cómo funciona esto?", "es"),
        ("Kun je uitleggen hoe dit werkt?", "nl"),
        ("Puoi spiegarmi come funziona questo?", "it"),
        ("Você pode me explicar como isso funciona?", "pt"),
        ("Czy możesz wyjaśnić, jak to działa?", "pl"),
        ("これがどう動くか説明してください", "ja"),
        ("请解释一下这是怎么工作的", "zh"),
        ("이게 어떻게 작동하는지 설명해 주세요", "ko"),
        ("Объясни, как это работает", "ru"),
        ("Поясни, як це працює, і навіщо воно", "uk"),
        ("اشرح كيف يعمل هذا", "ar"),
        ("बताइए यह कैसे काम करता है", "hi"),
        ("Translate to English: 今日の会議は中止になりました", "en"),
        ("翻译：The meeting is cancelled.", "zh"),
        ('Was heißt "the early bird catches the worm" auf Deutsch?', "de"),
        ("用Python写一个爬虫", "zh"),
        ("12345 67", None),
        ("", None),
        ("🙂🙂", None),
    ],
)
def test_the_language_is_that_of_the_persons_own_words(text: str, language: str | None) -> None:
    assert detect(text, load_model()) == language


def test_ideas_are_the_same_in_every_language() -> None:
    stems = {"summar": "shorten", "zusammenfass": "shorten", "要約": "shorten", "was$": "what"}
    assert [
        concepts(words(text), stems) for text in ("Summarize it", "Bitte zusammenfassen", "記事を要約して")
    ] == [["shorten"]] * 3
    assert concepts(words("was"), stems) == ["what"]
    assert concepts(words("washing"), stems) == []


@given(st.text(max_size=200))
def test_features_are_numbers_that_fit_the_file(text: str) -> None:
    assert all(0 <= feature < 1 << 32 for feature in ask_features(view(text), {}))


@pytest.mark.parametrize(
    ("ask", "task"),
    [
        ("hi!", "chat"),
        ("please translate this to German: good luck", "translate"),
        ("Summarize this article", "summarize"),
        ("Prove that there are infinitely many primes", "complex_reasoning"),
        ("beweise, dass es keine größte Primzahl gibt", "complex_reasoning"),
        ("who wrote Hamlet?", "lookup"),
    ],
)
def test_a_rule_speaks_where_the_ask_says_outright_what_it_is(ask: str, task: str) -> None:
    rule = first_match(view(ask))
    assert rule is not None
    assert rule.task == task


@pytest.mark.parametrize(
    "ask",
    [
        "summarize why this distributed lock is unsafe and redesign it",
        "Translate this Java class to Kotlin",
        "summarize each repo, label it, archive the dead ones",
        "Extract all handlers, then migrate them",
        "hi, our consensus loses writes",
        "Format this Python file",
        "x" * 5000,
    ],
)
def test_a_cheap_rule_is_silent_where_there_is_more_to_it(ask: str) -> None:
    assert first_match(view(ask)) is None
