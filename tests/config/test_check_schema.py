"""Checks in a configuration: what each becomes, how they are named and shown."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.config.loader import load
from router.config.show import shown
from router.core.checks.judge import Draft, judge
from router.core.settings.checks import Check, CheckCommand, CheckKind
from router.errors import ConfigError

FILE = Path(__file__).parents[1] / "data" / "config" / "good_checks.yaml"


def checks() -> dict[str, Check]:
    return {check.name: check for check in load(FILE, {}).routes["auto"].checks}


def test_every_kind_of_check_is_read_in_order_and_each_has_a_name_of_its_own() -> None:
    assert list(checks()) == [
        *("empty", "cut", "refusal", "json", "json_schema", "regex", "regex/2"),
        *("min_length", "brief", "command", "lint"),
    ]
    assert {check.kind for check in checks().values()} == set(CheckKind)


def test_a_check_keeps_what_its_kind_needs() -> None:
    found = checks()
    assert found["brief"].length == 500
    assert found["command"].command == CheckCommand(("python", "check.py"), 3.0)
    assert found["lint"].command == CheckCommand(("lint",), 10.0)


@pytest.mark.parametrize(
    ("check", "good", "bad"),
    [
        ("json_schema", '{"city": "Paris"}', '{"city": "paris"}'),
        ("regex", "Paris", "Lyon"),
        ("regex/2", "France", "Spain"),
    ],
)
def test_patterns_and_schemas_of_a_file_judge_answers(check: str, good: str, bad: str) -> None:
    assert judge(checks()[check], Draft(good, "stop")).passed
    assert not judge(checks()[check], Draft(bad, "stop")).passed


def test_programs_run_only_where_the_file_says_that_they_may(tmp_path: Path) -> None:
    text = FILE.read_text().replace("allow_commands: true", "allow_commands: false")
    (tmp_path / "config.yaml").write_text(text)
    with pytest.raises(ConfigError, match="allow_commands: true") as refused:
        load(tmp_path / "config.yaml", {})
    assert len(refused.value.problems) == 2


def test_checks_are_shown_as_they_were_written() -> None:
    routes = shown(load(FILE, {}))["routes"]
    assert isinstance(routes, dict)
    route = routes["auto"]
    assert isinstance(route, dict)
    found = route["checks"]
    assert isinstance(found, list)
    assert {"name": "regex", "kind": "regex", "pattern": "Paris", "length": 0} in found


def test_the_same_file_read_twice_is_equal_so_that_a_reload_sees_only_changes() -> None:
    assert load(FILE, {}) == load(FILE, {})
