"""Exports of what is not a call: tanks, alerts and advice, on a real ledger."""

from __future__ import annotations

import csv
import io
from contextlib import closing
from pathlib import Path
from typing import Any

import pytest

from router.core.records.alerts import Alert
from router.core.records.health import LearnedLimit, LimitKind, LimitSource
from router.core.records.usage import Usage
from router.core.settings.hooks import Event
from router.engine.clock import SystemClock
from router.ledger.sqlite import alerts
from router.ledger.sqlite import stress as stress_store
from router.ledger.sqlite.driver import open_for_writing, writing
from router.ledger.sqlite.limits import write_limit
from tests.cockpit.booked import Shop, Work, a_day, call, document, fill, shop_in
from tests.cockpit.stress_events import result

DAY_MS = 86_400_000


@pytest.fixture
def shop(tmp_path: Path) -> Shop:
    return shop_in(tmp_path)


def exported(shop: Shop, *arguments: str) -> list[dict[str, Any]]:
    """The rows as JSON, once CSV and Markdown are seen to hold the same."""
    rows: list[dict[str, Any]] = document(shop.run("export", *arguments, "--format", "json"))
    lines = list(csv.reader(io.StringIO(shop.run("export", *arguments).stdout)))
    assert [list(row) for row in rows] == [lines[0]] * len(rows)
    cells = [["" if value is None else str(value) for value in row.values()] for row in rows]
    assert [[cell.removeprefix("'") for cell in line] for line in lines[1:]] == cells
    assert len(shop.run("export", *arguments, "--format", "md").stdout.splitlines()) == len(rows) + 2
    return rows


def alarm(shop: Shop, text: str, at_ms: int) -> None:
    connection = open_for_writing(shop.ledger)
    with writing(connection):
        alerts.add(connection, [Alert(next(iter(Event)), text, text, {"spent_usd": "1.5"})], at_ms)
    connection.close()


def test_alerts_are_exported_newest_first_within_the_days_asked_for(shop: Shop) -> None:
    now = SystemClock().now_ms()
    fill(shop.ledger, [call(1, "chat", Usage(), 1)])
    for text, ago in (("last month", 30), ("=SUM(A1)", 2), ("now", 0)):
        alarm(shop, text, now - ago * DAY_MS)
    rows = exported(shop, "--table", "alerts", "--days", "7")
    assert [row["text"] for row in rows] == ["now", "=SUM(A1)"]
    assert (rows[0]["details"], rows[0]["told"], rows[0]["not_told"]) == ('{"spent_usd": "1.5"}', "", "")
    assert ",'=SUM(A1)," in shop.run("export", "--table", "alerts").stdout


def test_advice_is_exported_with_its_dollars_as_the_command_has_it(shop: Shop) -> None:
    fill(shop.ledger, a_day((Work("classify", 40, 2_000, 100),)))
    told = document(shop.run("advise", "--days", "7", "--json"))
    rows = exported(shop, "--table", "advice")
    assert [(row["kind"], row["saving_usd"]) for row in rows] == [
        (one["kind"], one["saving_usd"]) for one in told
    ]
    assert rows


def test_a_tank_is_exported_with_what_is_used_and_no_fraction(shop: Shop) -> None:
    text = shop.config.read_text().replace("model: middle,", "model: middle, limits: {rpd: 50},")
    shop.config.write_text(text)
    fill(shop.ledger, [call(n, "chat", Usage(), 1) for n in range(3)])
    (row,) = exported(shop, "--table", "tanks")
    assert (row["tank"], row["limit"], row["source"]) == ("sonnet", 50, "counted")
    assert row["used"] == document(shop.run("tanks", "--json"))[0]["used"]


@pytest.mark.parametrize("table", ["tanks", "alerts", "advice"])
def test_a_table_without_a_ledger_is_its_head_alone(shop: Shop, table: str) -> None:
    assert exported(shop, "--table", table) == []
    assert not shop.ledger.exists()


def test_budgets_tell_what_is_spent_and_what_has_no_figure(shop: Shop) -> None:
    shop.config.write_text(shop.config.read_text() + 'budgets: [{scope: all, window: day, usd: "5"}]\n')
    fill(shop.ledger, [call(1, None, Usage(input_tokens=9), 1_500_000), call(2, None, Usage(), None)])
    [row] = exported(shop, "--table", "budgets")
    assert (row["budget"], row["mode"], row["limit_usd"]) == ("all spend, day", "hard", "5")
    assert (row["spent_usd"], row["held_usd"], row["unknown_attempts"]) == ("0.0015", "0", 1)


def test_prices_have_a_row_per_deployment_and_are_empty_where_nobody_knows_one(shop: Shop) -> None:
    rows = exported(shop, "--table", "prices")
    assert rows
    assert {row["input_mtok"] is None for row in rows if row["output_mtok"] is None} <= {True}
    assert any(row["input_mtok"] for row in rows)


def test_learned_limits_and_stress_tests_are_exported_as_they_were_found(shop: Shop) -> None:
    now_ms = SystemClock().now_ms()
    found = result("gemma-free", "ooX", started_ms=now_ms - 60_000)
    limit = LearnedLimit("gemma-free", LimitKind.RPM, 2, LimitSource.STRESS, now_ms, 0.5)
    old = result("gemma-free", "ooo", run_id="old", started_ms=now_ms - 30 * DAY_MS)
    fill(shop.ledger, [])
    with closing(open_for_writing(shop.ledger)) as connection, writing(connection):
        write_limit(connection, limit)
        for each in (found, old):
            stress_store.write(connection, each)
    [learned] = exported(shop, "--table", "limits")
    assert (learned["deployment"], learned["kind"], learned["value"]) == ("gemma-free", "rpm", 2)
    [run] = exported(shop, "--table", "stress")
    assert (run["letters"], run["verdict"], run["cause"], run["cost_usd"]) == (
        "ooX",
        "drop",
        "rate_limited",
        "0",
    )
