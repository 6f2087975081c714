"""Savings, currency, exports, the weekly report and the deep look, on a real ledger."""

from __future__ import annotations

import calendar
import csv
import io
from dataclasses import replace
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path

import pytest

from router.core.money import CostSource
from router.core.records.entries import Intent, Settlement
from router.core.records.usage import Usage
from router.engine.clock import SystemClock
from tests.cockpit.booked import Shop, call, document, fill, shop_in
from tests.ledger.samples import beside_it


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


@pytest.mark.parametrize(
    ("tier", "baseline", "saved"),
    # real cost $0.0045; 1,000 in and 100 out cost $0.0075 on Opus, $0.0045 on Sonnet, $0.0015 on Haiku
    [(None, "opus", "0.003"), ("T5", "sonnet", "0"), ("T3", "haiku", "-0.003")],
)
def test_savings_are_the_baselines_list_price_minus_the_real_cost(
    shop: Shop, tier: str | None, baseline: str, saved: str
) -> None:
    usage = Usage(input_tokens=1_000, output_tokens=100)
    fill(shop.ledger, [call(1, "chat", usage, 4_500_000), call(2, "chat", usage, None)])
    told = document(shop.run("spend", "--json", *(["--baseline", tier] if tier else [])))
    assert (told["baseline"], told["saved_usd"], told["saved_unpriced_attempts"]) == (baseline, saved, 1)


def test_savings_are_unknown_when_nothing_can_be_compared(shop: Shop) -> None:
    fill(shop.ledger, [call(1, "chat", Usage(), None)])
    told = document(shop.run("spend", "--json"))
    assert (told["saved_usd"], told["saved_unpriced_attempts"]) == (None, 1)
    assert shop.run("spend", "--baseline", "T0").exit_code == 2


def test_spend_shows_the_display_currency_with_its_rate_and_date(shop: Shop) -> None:
    fill(shop.ledger, [call(1, "chat", Usage(input_tokens=1_000_000, output_tokens=0), 6_000_000_000)])
    shown = shop.run("spend", "--by", "task").stdout
    assert "$6.00" in shown
    assert "EUR 5.40" in shown
    assert "EUR at 0.9 to the dollar, the rate of 2026-11-20" in shown


@pytest.mark.parametrize("table", ["spend", "calls", "tiers"])
def test_every_table_is_the_same_in_all_three_formats(shop: Shop, table: str) -> None:
    intent, settled = call(1, "chat", Usage(input_tokens=10, output_tokens=5), 105_000)
    evil = replace(intent, session_id="=HYPERLINK(1)", tags=(("team", "a|b"),))
    fill(shop.ledger, [(evil, settled)])
    rows = document(shop.run("export", "--table", table, "--by", "session", "--format", "json"))
    lines = list(csv.DictReader(io.StringIO(shop.run("export", "--table", table, "--by", "session").stdout)))
    page = shop.run("export", "--table", table, "--by", "session", "--format", "md").stdout.splitlines()
    assert [list(row) for row in rows] == [list(line) for line in lines]
    assert len(page) == len(rows) + 2
    for row, line in zip(rows, lines, strict=True):
        for name, value in row.items():
            assert line[name].removeprefix("'") == ("" if value is None else str(value))
    if table != "tiers":
        assert any(value == "'=HYPERLINK(1)" for line in lines for value in line.values())
    if table == "calls":
        assert rows[0]["cost_usd"] == "0.000105"
        assert "team=a\\|b" in page[2]


def days_of_spend(dollars: list[int]) -> list[tuple[Intent, Settlement]]:
    """One call a day, the last one yesterday."""
    day, calls = 86_400_000, []
    noon = SystemClock().now_ms() // day * day + day // 2
    for ago, cost in enumerate(reversed(dollars), start=1):
        intent, settled = call(ago, "chat", Usage(input_tokens=100, cache_read_tokens=25), cost * 10**9)
        calls.append((replace(intent, started_at=noon - ago * day), settled))
    return calls


def test_the_weekly_report_says_what_changed_and_which_day_was_strange(shop: Shop) -> None:
    fill(shop.ledger, days_of_spend([2] * 27 + [5]))
    told = document(shop.run("report", "--week", "--json"))
    assert (told["cost_usd"], told["previous_total_usd"], told["cache_hit_rate"]) == ("17", "14", 0.25)
    assert [(odd["cost_usd"], odd["usual_usd"]) for odd in told["anomalies"]] == [("5", "2")]
    assert [day["cost_usd"] for day in told["days"]] == ["2"] * 6 + ["5"]
    page = shop.run("report", "--week").stdout
    assert page.startswith("# LLM spend, ")
    assert "Spent **$17.00** (EUR 15.30; EUR at 0.9 to the dollar, the rate of 2026-11-20)" in page
    assert "25% of the input came from a cache" in page
    assert "far above $2.00, its weekday's usual" in page


def test_spend_foretells_the_month_once_the_ledger_is_a_week_old(shop: Shop) -> None:
    fill(shop.ledger, days_of_spend([2] * 20))
    told = document(shop.run("spend", "--json"))
    now = datetime.now(UTC)
    spent = 2 * min(20, now.day - 1)
    assert Decimal(told["month_usd"]) == spent
    days_left = calendar.monthrange(now.year, now.month)[1] - now.day
    assert 2 * days_left <= Decimal(told["month_end_usd"]) - spent <= 2 * (days_left + 1)
    assert "at last week's pace $" in shop.run("spend").stdout


def test_spend_by_task_shows_where_a_thousand_requests_go_against_the_period_before(shop: Shop) -> None:
    fill(shop.ledger, days_of_spend([2] * 27 + [5]))
    told = document(shop.run("spend", "--by", "task", "--json"))
    units = [(line["per_1k_requests_usd"], line["previous_per_1k_requests_usd"]) for line in told["groups"]]
    assert units == [("2500", "2000")]
    chat, total = [
        line
        for line in shop.run("spend", "--by", "task").stdout.splitlines()
        if line[:5] in ("chat ", "total")
    ]
    assert chat.endswith("+25%")
    assert total.endswith("+25%")


def test_a_trend_is_unknown_where_a_cost_of_either_period_is(shop: Shop) -> None:
    known = days_of_spend([2] * 13)
    intent, settled = known[-1]
    fill(
        shop.ledger,
        [*known[:-1], (intent, replace(settled, cost_nano_usd=None, cost_source=CostSource.UNKNOWN))],
    )
    (line,) = document(shop.run("spend", "--by", "task", "--json"))["groups"]
    assert (line["per_1k_requests_usd"], line["previous_per_1k_requests_usd"]) == ("2000", None)
    assert "%" not in shop.run("spend", "--by", "task").stdout.replace("25%", "")


@pytest.mark.parametrize(
    ("dollars", "days", "told"),
    [
        ([2] * 27 + [5], 7, " cost $5.00, far above $2.00, its weekday's usual\n"),
        ([2] * 26 + [6, 5], 7, " cost $5.00, far above $2.00, its weekday's usual; 1 more such before it\n"),
        ([2] * 27 + [5], 1, ""),
        ([2] * 28, 7, ""),
    ],
)
def test_spend_says_in_one_line_which_day_of_the_period_was_strange(
    shop: Shop, dollars: list[int], days: int, told: str
) -> None:
    fill(shop.ledger, days_of_spend(dollars))
    done = shop.run("spend", "--by", "task", "--days", str(days))
    assert done.stderr[10:] == told
    assert "far above" not in done.stdout


def test_a_young_ledger_foretells_nothing(shop: Shop) -> None:
    fill(shop.ledger, days_of_spend([2] * 3))
    assert document(shop.run("spend", "--json"))["month_end_usd"] is None
    assert "pace" not in shop.run("spend").stdout


def test_doctor_adds_up_every_row_when_asked_to(shop: Shop) -> None:
    fill(shop.ledger, [call(1, "chat", Usage(input_tokens=10), 1)])
    assert "every sum equals its rows" in shop.run("doctor", "--deep").stdout
    beside_it(shop.ledger, "UPDATE spend_rollup SET requests = 2 WHERE dimension = 'task' AND span = 'day'")
    done = shop.run("doctor", "--deep")
    assert done.exit_code == 1
    assert "1 sums differ from their rows: task chat in the day from" in done.stdout
    assert "sums" not in shop.run("doctor").stdout


@pytest.mark.parametrize(
    "command", ["whatif --policy with-batch", "advise", "report", "export --table calls"]
)
def test_reports_without_a_ledger_are_empty_and_make_no_file(shop: Shop, command: str) -> None:
    done = shop.run(*command.split())
    assert done.exit_code == 0, done.output
    assert not shop.ledger.exists()
