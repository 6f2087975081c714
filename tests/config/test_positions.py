"""The YAML reader: same values as PyYAML where JSON goes, places of everything, and what it refuses."""

from __future__ import annotations

import json
import string
import time

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from router.config.positions import MAX_PROBLEMS, SourcePosition, parse
from router.errors import ConfigError

TEXTS = st.text(string.ascii_letters + string.digits + " -_:/#'\"{}[],.!&*~%@é→", max_size=12)
FRACTIONS = st.floats(-1e9, 1e9).filter(lambda number: "." in repr(number) and "e" not in repr(number))
SCALARS = st.none() | st.booleans() | st.integers(-(10**18), 10**18) | FRACTIONS | TEXTS
DOCUMENTS = st.dictionaries(
    TEXTS,
    st.recursive(
        SCALARS,
        lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
        max_leaves=12,
    ),
    min_size=1,
    max_size=5,
)


@given(DOCUMENTS)
def test_json_is_read_as_json(document: dict[str, object]) -> None:
    read = parse(json.dumps(document), "f")
    assert read.value == document
    assert read.problems == ()


@given(DOCUMENTS)
def test_what_pyyaml_writes_is_read_as_pyyaml_reads_it(document: dict[str, object]) -> None:
    text = yaml.safe_dump(document, allow_unicode=True)
    assert parse(text, "f").value == yaml.safe_load(text)


@given(DOCUMENTS)
def test_every_key_and_value_has_a_place_inside_the_text(document: dict[str, object]) -> None:
    text = json.dumps(document, indent=1)
    read = parse(text, "f")
    lines = text.split("\n")
    for steps, place in read.keys.items():
        key = json.dumps(steps[-1])
        assert lines[place.line - 1][place.column - 1 :].startswith(key)
    assert set(read.keys) < set(read.values)


@pytest.mark.parametrize(
    "text",
    [
        *("no", "yes", "on", "off", "True", "NULL", "12:30:45", "2026-11-20", ".inf", ".nan"),
        *("1.10", "0x10", "0o17", "010", "1_000", "+1", "-0", "1e3", "1.", ".5"),
    ],
)
def test_what_yaml_would_convert_silently_stays_text(text: str) -> None:
    assert parse(f"a: {text}", "f").value == {"a": text}


@pytest.mark.parametrize(
    ("text", "value"),
    [("true", True), ("null", None), ("~", None), ("", None), ("-7", -7), ("0.5", 0.5), ('"1"', "1")],
)
def test_json_scalars_are_converted(text: str, value: object) -> None:
    assert parse(f"a: {text}", "f").value == {"a": value}


def test_places_count_lines_and_columns_from_one() -> None:
    read = parse("a: 1\nb:\n  - x\n  - {c: 2}\n", "f")
    assert read.keys[("a",)] == SourcePosition(1, 1)
    assert read.values[("b", 0)] == SourcePosition(3, 5)
    assert read.keys[("b", 1, "c")] == SourcePosition(4, 6)
    assert read.values[("b", 1, "c")] == SourcePosition(4, 9)


def test_a_problem_with_something_missing_points_at_what_should_hold_it() -> None:
    read = parse("a:\n  b: {}\n", "f")
    problem = read.problem(("a", "b", "c"), "is missing")
    assert (problem.line, problem.column) == (2, 3)


def test_a_key_given_twice_is_told_at_its_second_place_and_the_first_value_stays() -> None:
    read = parse("budget: 5\nother: 1\nbudget: 500\n", "f")
    assert read.value == {"budget": 5, "other": 1}
    assert [str(problem) for problem in read.problems] == [
        "f:3:1: `budget` is here twice, first on line 1. Keep one of them"
    ]


def test_an_alias_bomb_is_refused_before_it_grows() -> None:
    levels = [f"a{n}: &a{n} [{', '.join([f'*a{n - 1}'] * 1000)}]" for n in range(1, 100)]
    text = "\n".join(["a0: &a0 [x]", *levels])
    started = time.perf_counter()
    with pytest.raises(ConfigError) as refused:
        parse(text, "f")
    assert time.perf_counter() - started < 1
    assert len(refused.value.problems) == MAX_PROBLEMS


@pytest.mark.parametrize("text", ["[" * 100_000, "{a: " * 100_000, "- " * 100_000])
def test_deep_nesting_is_refused_before_it_is_read_to_the_end(text: str) -> None:
    with pytest.raises(ConfigError, match="nested more than 20 deep"):
        parse(text, "f")


@given(st.text(max_size=60))
def test_any_text_is_read_or_refused_and_nothing_else_happens(text: str) -> None:
    try:
        problems = list(parse(text, "f").problems)
    except ConfigError as refused:
        problems = refused.problems
    assert all(problem.message and problem.path == "f" for problem in problems)
