"""`cockpit rate`: what is told, what is refused, and that the next choice knows it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from router.core.records.usage import Usage
from router.errors import LedgerError
from tests.cockpit.booked import Shop, call, document, fill, shop_in

ASK = ("explain", "--json", "--task", "chat", "--language", "en", "Hello there")


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    """A shop where Sonnet answered three times in one kind of work."""
    shop = shop_in(tmp_path)
    calls = [call(n, "chat", Usage(input_tokens=10, output_tokens=5), 100) for n in range(3)]
    fill(shop.ledger, [(replace(intent, language="en"), settled) for intent, settled in calls])
    return shop


def sonnet(shop: Shop, *ask: str) -> dict[str, Any]:
    """Return how Sonnet stands for an ask."""
    candidates = document(shop.run(*(ask or ASK)))["candidates"]
    return next(candidate for candidate in candidates if candidate["deployment"] == "sonnet")


def test_the_score_of_a_deployment_falls_with_bad_ratings_and_rises_with_good_ones(shop: Shop) -> None:
    before = sonnet(shop)
    for n in range(3):
        assert shop.run("rate", f"r{n}", "bad").exit_code == 0
    bad = sonnet(shop)
    for n in range(3):
        assert shop.run("rate", f"r{n}", "good").exit_code == 0
    good = sonnet(shop)
    assert bad["score"] < before["score"] < good["score"]
    assert [one["quality_count"] for one in (before, bad, good)] == [0, 3, 3]


def test_a_rating_says_nothing_of_other_work(shop: Shop) -> None:
    assert shop.run("rate", "r1", "bad").exit_code == 0
    assert sonnet(shop)["quality_count"] == 1
    assert sonnet(shop, "explain", "--json", "--task", "code", "Hello there")["quality_count"] == 0


def test_last_is_the_newest_answered_request(shop: Shop) -> None:
    rated = document(shop.run("rate", "last", "good", "--json"))
    assert rated == {"request_id": "r2", "deployment": "sonnet", "rating": "good"}


def test_a_person_reads_whose_answer_it_was(shop: Shop) -> None:
    assert shop.run("rate", "r1", "bad").stderr == "rated bad: request r1, answered by sonnet\n"


def test_a_request_that_is_not_there_is_named(shop: Shop) -> None:
    refused = shop.run("rate", "nobody", "good")
    assert isinstance(refused.exception, LedgerError)
    assert "no answered request nobody" in str(refused.exception)


def test_another_word_than_good_or_bad_is_wrong_usage(shop: Shop) -> None:
    assert shop.run("rate", "r1", "fine").exit_code == 2
