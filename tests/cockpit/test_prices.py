from __future__ import annotations

import json
from pathlib import Path

from click.testing import CliRunner, Result

from cockpit.commands.prices import check_deployments, command
from router.core.cost.price_config import price_from_config
from router.core.cost.price_guard import Sanity
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.providers import Billing, Provider, Wire
from router.prices.catalogue import load_catalogue

CASES = json.loads((Path(__file__).parent.parent / "data" / "price_sanity.json").read_text())
NOW = 1_795_348_800_000


def run(*args: str, stdin: str = "") -> Result:
    return CliRunner().invoke(command, list(args), input=stdin)


def test_the_guard_answers_a_line_with_a_line() -> None:
    result = run("check", "--jsonl", stdin="\n".join(map(json.dumps, CASES)))
    assert result.exit_code == 0, result.stderr
    answers = {line["id"]: line for line in map(json.loads, result.stdout.splitlines())}
    assert {case["id"]: answers[case["id"]]["verdict"] for case in CASES} == {
        case["id"]: case["expected"] for case in CASES
    }
    assert answers["one-field-only"]["fields"] == ["output_mtok"]


def test_a_line_that_is_no_case_is_named() -> None:
    result = run("check", "--jsonl", stdin='{"id": "x"}\n{\n')
    assert result.exit_code == 2
    assert "line 1: a case is a JSON object with a config_price" in result.stderr
    assert "line 2: " in result.stderr
    assert result.stdout == ""


def test_only_prices_that_someone_configured_are_judged() -> None:
    provider = Provider("mine", Wire.OPENAI, Billing.METERED, catalogue="openai")

    def deployment(name: str, model: str, written: dict[str, object] | None) -> Deployment:
        price = price_from_config(written) if written else load_catalogue().lookup("openai", model, NOW)
        return Deployment(name, Tier("T0", "", 0), provider, model, Billing.METERED, price)

    verdicts = check_deployments(
        [
            deployment("listed", "gpt-4o", None),
            deployment("slip", "gpt-4o", {"input_mtok": "25", "output_mtok": "10"}),
            deployment("unlisted", "in-house", {"input_mtok": "1", "output_mtok": "2"}),
        ]
    )
    assert {name: verdict.sanity for name, verdict in verdicts.items()} == {
        "slip": Sanity.FLAG,
        "unlisted": Sanity.ACCEPT_UNVERIFIED,
    }


def test_the_list_shows_every_price_of_a_vendor() -> None:
    result = run("list", "deepseek", "--json")
    assert result.exit_code == 0, result.stderr
    rows = json.loads(result.stdout)
    assert {row["vendor"] for row in rows} == {"deepseek"}
    chat = [row for row in rows if row["model"] == "deepseek-chat"]
    assert [row["price"]["input_mtok"] for row in chat] == ["0.27", "0.28"]
    assert all(row["source"] and row["checked"] for row in rows)
    assert "deepseek-flash" in run("list").stdout
    assert run("list", "nobody").exit_code == 2
