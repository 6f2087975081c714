"""`whatif` and `advise` on a real ledger; the hand arithmetic stands beside the numbers."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from router.core.records.answers import CheckVerdict
from router.core.records.entries import Intent, Settlement
from router.core.records.facts import AnswerJudged
from router.core.records.usage import Usage
from router.engine.clock import SystemClock
from router.errors import ConfigError, UnknownName
from router.ledger.sqlite.attempts import open_ledger
from tests.cockpit.booked import Shop, Work, a_day, book, call, document, fill, shop_in

MILLION = 1_000_000
ROUTED = "classify: haiku\nsummarize: haiku\ncode_gen: sonnet\nagent_orchestration: sonnet\n"


THEIRS = (
    Work("classify", 2_000, 800, 20),
    Work("summarize", 500, 3_000, 300),
    Work("code_gen", 50, 4_000, 1_500),
    Work("agent_orchestration", 20, 30_000, 4_000),
)
"""The users' day, all of it on Sonnet."""


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def task_map(shop: Shop) -> str:
    path = shop.config.with_name("routed.yaml")
    path.write_text(ROUTED)
    return f"task-map={path}"


@pytest.mark.slow
def test_whatif_gives_the_users_table_to_the_cent_and_it_adds_up(shop: Shop) -> None:
    fill(shop.ledger, a_day(THEIRS))
    told = document(shop.run("whatif", "--days", "2", "--policy", task_map(shop), "--json"))
    table = {
        line["task"]: (line["requests"], line["before_usd"], line["after_usd"], line["saved_usd"])
        for line in told["tasks"]
    }
    assert table == {
        # 2,000 x (800 x $3 + 20 x $15) / 1M = $5.40; on Haiku 2,000 x (800 x $1 + 20 x $5) / 1M = $1.80
        "classify": (2_000, "5.4", "1.8", "3.6"),
        # 500 x (3,000 x $3 + 300 x $15) / 1M = $6.75; on Haiku 500 x (3,000 + 1,500) / 1M = $2.25
        "summarize": (500, "6.75", "2.25", "4.5"),
        # 50 x (4,000 x $3 + 1,500 x $15) / 1M = $1.725, and stays on Sonnet
        "code_gen": (50, "1.725", "1.725", "0"),
        # 20 x (30,000 x $3 + 4,000 x $15) / 1M = $3.00, and stays on Sonnet
        "agent_orchestration": (20, "3", "3", "0"),
    }
    assert told["total"] == {
        "requests": 2_570,
        "before_usd": "16.875",
        "after_usd": "8.775",
        "saved_usd": "8.1",
        "left_out_attempts": 0,
    }


@pytest.mark.parametrize("factor", [1, 3])
def test_another_volume_gives_other_figures(shop: Shop, factor: int) -> None:
    works = tuple(replace(work, calls=factor * work.calls // 50 + 1) for work in THEIRS)
    fill(shop.ledger, a_day(works))
    total = document(shop.run("whatif", "--days", "2", "--policy", task_map(shop), "--json"))["total"]
    on_sonnet = [work.calls * (work.tokens_in * 3 + work.tokens_out * 15) for work in works]
    on_haiku = [work.calls * (work.tokens_in * 1 + work.tokens_out * 5) for work in works]
    assert Decimal(total["before_usd"]) * MILLION == sum(on_sonnet)
    assert Decimal(total["after_usd"]) * MILLION == sum(on_haiku[:2]) + sum(on_sonnet[2:])


def test_all_on_one_deployment_keeps_apart_what_nobody_can_price(shop: Shop) -> None:
    plain, long = Usage(input_tokens=1_000, output_tokens=100), Usage(input_tokens=250_000, output_tokens=10)
    calls = [
        call(1, "chat", plain, 4_500_000),
        call(2, "chat", plain, None),  # nobody knows what it cost
        call(3, None, long, 1_500_225_000),
        call(4, None, Usage(), 7),  # the provider told a cost and no tokens
    ]
    fill(shop.ledger, calls)
    told = document(shop.run("whatif", "--days", "2", "--policy", "all-on=sonnet", "--json"))
    assert {line["task"]: line["after_usd"] for line in told["tasks"]} == {
        "chat": "0.0045",
        None: "1.500225",  # above 200,000 tokens: 250,000 x $6 + 10 x $22.50
    }
    assert (told["total"]["saved_usd"], told["total"]["left_out_attempts"]) == ("0", 2)
    assert "2 attempts are in neither amount" in shop.run("whatif", "--policy", "all-on=T6").stdout
    home = document(shop.run("whatif", "--days", "2", "--policy", "all-on=T0", "--json"))
    assert home["total"]["after_usd"] == "0"


def test_batch_halves_what_has_a_batch_price(shop: Shop) -> None:
    usage = Usage(input_tokens=1_000, output_tokens=100)
    on_haiku = call(2, "chat", usage, 1_500_000)
    fill(
        shop.ledger,
        [call(1, "chat", usage, 4_500_000), (replace(on_haiku[0], deployment="haiku"), on_haiku[1])],
    )
    told = document(shop.run("whatif", "--days", "2", "--policy", "with-batch", "--json"))
    assert (told["total"]["before_usd"], told["total"]["after_usd"]) == ("0.006", "0.00375")


def repeated(count: int, gap_ms: int) -> list[tuple[Intent, Settlement]]:
    """Calls that begin with the same 2,000 tokens at most: 2,000 in, 100 out, at $3 and $15."""
    calls = []
    for n in range(count):
        intent, settled = call(
            n, "chat", Usage(input_tokens=2_000 + n, output_tokens=100), 7_500_000 + n * 3_000
        )
        intent = replace(intent, started_at=intent.started_at - n * gap_ms, prefix_fingerprint="f" * 32)
        calls.append((intent, settled))
    return calls


def test_caching_pays_one_write_and_reads_the_rest(shop: Shop) -> None:
    fill(shop.ledger, repeated(5, 60_000))
    told = document(shop.run("whatif", "--days", "2", "--policy", "with-caching", "--json"))
    # 4 reads x 2,000 x ($3 - $0.30) / 1M - 1 write x 2,000 x ($3.75 - $3) / 1M = $0.0216 - $0.0015
    assert told["total"]["saved_usd"] == "0.0201"
    assert "at best" in told["note"]
    [advice] = document(shop.run("advise", "--days", "2", "--json"))
    assert (advice["kind"], advice["saving_usd"], advice["prefix_tokens_at_most"]) == (
        "cache",
        "0.0201",
        2_000,
    )
    assert advice["prefix_fingerprint"] == "f" * 32


def test_prefixes_that_come_too_seldom_or_are_too_short_save_nothing(shop: Shop) -> None:
    fill(shop.ledger, repeated(5, 301_000))
    told = document(shop.run("whatif", "--days", "2", "--policy", "with-caching", "--json"))
    assert (told["total"]["saved_usd"], document(shop.run("advise", "--json"))) == ("0", [])


def test_advice_names_the_cheaper_tier_and_the_batch_with_their_dollars(shop: Shop) -> None:
    fill(shop.ledger, a_day((Work("classify", 200, 1_000, 20), Work("code_gen", 200, 1_000, 20))))
    cheaper, batch = document(shop.run("advise", "--days", "2", "--json"))
    # classify: 200 x (1,000 x $3 + 20 x $15) / 1M = $0.66; on Haiku $0.22, as a batch $0.33
    assert (cheaper["kind"], cheaper["task"], cheaper["to"]) == ("cheaper_tier", "classify", "haiku")
    assert (cheaper["saving_usd"], batch["kind"], batch["saving_usd"]) == ("0.44", "batch", "0.33")
    assert "200 calls of classify on sonnet on haiku" in shop.run("advise").stdout


def test_a_check_that_costs_more_than_it_saves_is_advice_with_what_it_cost(shop: Shop) -> None:
    calls: list[tuple[Intent, Settlement]] = []
    for n in range(30):
        below, done = call(n, "chat", Usage(input_tokens=10, output_tokens=10), 1_000_000)
        above = replace(below, attempt=2), replace(done, attempt=2, cost_nano_usd=2_000_000)
        calls += [(below, done), above]

    async def judged() -> None:
        ledger = await open_ledger(shop.ledger, SystemClock())
        await book(ledger, calls)
        for n in range(30):
            ledger.note(AnswerJudged(f"r{n}", 1, (CheckVerdict("json", False, "the answer is not JSON"),)))
            ledger.note(AnswerJudged(f"r{n}", 2, (CheckVerdict("json", True, "passed"),)))
        await ledger.aclose()

    asyncio.run(judged())
    [check] = document(shop.run("advise", "--days", "2", "--json"))
    # 30 x ($0.001 + $0.002) spent; straight to the tier above 30 x $0.002
    assert (check["kind"], check["route"], check["check"], check["calls"]) == ("check", "auto", "json", 30)
    assert (check["saving_usd"], check["deployment"]) == ("0.03", None)
    assert "Start auto one tier higher" in shop.run("advise").stdout


@pytest.mark.parametrize(
    ("policy", "words"),
    [
        ("all-on", "no policy is spelled 'all-on'"),
        ("everything=free", "no policy is spelled"),
        ("all-on=sonet", "sonnet"),
        ("task-map=nowhere.yaml", "nowhere.yaml"),
    ],
)
def test_a_policy_that_cannot_be_is_told_and_exits_2(shop: Shop, policy: str, words: str) -> None:
    done = shop.run("whatif", "--policy", policy)
    assert words in done.output + str(done.exception)
    assert done.exit_code == 2 or isinstance(done.exception, ConfigError | UnknownName)


def test_a_task_map_that_is_none_is_told_with_its_place(shop: Shop) -> None:
    path = shop.config.with_name("bad.yaml")
    path.write_text("classify: haiku\nchat: [1]\n")
    assert f"{path}:2:7: needs the name" in str(shop.run("whatif", "--policy", f"task-map={path}").exception)
    path.write_text("- haiku\n")
    assert "is no task map" in str(shop.run("whatif", "--policy", f"task-map={path}").exception)
