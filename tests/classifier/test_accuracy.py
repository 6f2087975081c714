"""The classifier on the asks it was never trained on, and the claims about its speed."""

from __future__ import annotations

import time

import pytest

from router.classifier.model_file import load_model
from router.core.classify.task_rules import RULE_CONFIDENCE, first_match
from router.core.classify.tasks import LevelName, TaskName, classify
from router.core.classify.view import view
from router.core.message import Message
from tools.classifier.examples import read_asks, read_templates
from tools.classifier.measure import PAGE, Judged, judge_all, report


@pytest.fixture(scope="module")
def held_out() -> list[Judged]:
    return judge_all(read_asks("held_out"), load_model())


def test_nine_in_ten_answers_are_right_and_most_asks_are_answered(held_out: list[Judged]) -> None:
    answered = [one for one in held_out if not one.said.abstained]
    assert sum(one.task_is_right for one in answered) / len(answered) > 0.9
    assert len(answered) / len(held_out) > 0.75


def test_hard_asks_are_hardly_ever_sent_to_the_cheapest(held_out: list[Judged]) -> None:
    hard = [one for one in held_out if one.ask.level == "L3"]
    assert sum(one.sent_too_low for one in hard) / len(hard) < 0.03


def test_levels_and_languages_are_mostly_right(held_out: list[Judged]) -> None:
    assert sum(one.said.level == one.ask.level for one in held_out) / len(held_out) > 0.8
    assert sum(one.said.language == one.ask.language for one in held_out) / len(held_out) > 0.95


def test_those_abstained_on_are_less_often_right_than_those_answered(held_out: list[Judged]) -> None:
    def share(members: list[Judged]) -> float:
        return sum(one.task_is_right for one in members) / len(members)

    assert share([one for one in held_out if one.said.abstained]) < share(
        [one for one in held_out if not one.said.abstained]
    )


def test_the_page_shows_what_the_shipped_model_does() -> None:
    assert report(load_model()) in PAGE.read_text(encoding="utf-8")


def test_rules_are_as_sure_as_they_say() -> None:
    asks = [ask for name in ("asks", "validation", "held_out") for ask in read_asks(name)]
    spoken = [(ask, rule) for ask in asks if (rule := first_match(view(ask.text)))]
    assert len(spoken) > 100
    assert sum(rule.task == ask.task for ask, rule in spoken) / len(spoken) >= RULE_CONFIDENCE


def test_no_held_out_ask_was_trained_on() -> None:
    trained = {ask.text.lower() for name in ("asks", "validation") for ask in read_asks(name)}
    trained |= {ask.text.lower() for ask in read_templates(20)}
    assert not trained & {ask.text.lower() for ask in read_asks("held_out")}


@pytest.mark.parametrize("name", ["asks", "validation", "held_out"])
def test_every_label_is_of_the_closed_lists_and_every_task_is_covered(name: str) -> None:
    asks = read_asks(name)
    assert {ask.task for ask in asks} == set(TaskName)
    assert {ask.level for ask in asks} == set(LevelName)
    assert {"en", "de", "fr", "es", "nl", "ja", "zh"} <= {ask.language for ask in asks}


def test_a_hundred_thousand_characters_take_less_than_fifty_milliseconds() -> None:
    model = load_model()
    messages = (Message("user", "Summarize this:\n\n" + "The harvest was late that year. " * 3200),)
    times = []
    for _ in range(5):
        begun = time.perf_counter()
        classify(messages, model)
        times.append(time.perf_counter() - begun)
    assert min(times) < 0.05
