"""Cutting into YAML texts: one entry changes, everything beside it stays as it was, to the byte."""

from __future__ import annotations

import difflib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.config.paths import sample_config
from router.config.positions import parse
from router.config.splice import put, source, written

SAMPLE = sample_config().read_text()
SMALL = """\
deployments:        # who serves
  one:
    tier: T0
    limits:   {rpm: 1}   # a guess

  # the second
  two: {tier: T1, limits: {rpm: 2, rpd: 3}, dropped: "long ago"}
routes:
    all:
        use: [one,
              two]
        without: {two: 'why'}
    none: {ladder: [T0]}   # nothing
"""
PLACES = [
    *(("deployments", name, "limits", kind) for name in ("one", "two") for kind in ("rpm", "parallel")),
    *(("deployments", name, "dropped") for name in ("one", "two")),
    *(("routes", name, "without", one) for name in ("all", "none") for one in ("two", "a:free", "true")),
    ("nothing", "yet"),
]


def at(text: str, steps: tuple[str, ...]) -> object:
    value: object = parse(text, "file").value
    for step in steps:
        value = value.get(step) if isinstance(value, dict) else None
    return value


def differing(before: str, after: str) -> list[str]:
    lines = difflib.ndiff(before.splitlines(keepends=True), after.splitlines(keepends=True))
    return [line for line in lines if line[0] in "+-"]


@given(st.lists(st.tuples(st.sampled_from(PLACES), st.integers(1, 10**9) | st.text(max_size=40)), max_size=4))
def test_what_was_put_stands_there_and_taking_it_back_leaves_the_text_as_it_was(
    puts: list[tuple[tuple[str, ...], int | str]],
) -> None:
    text, undo = SMALL, []
    for steps, value in puts:
        undo.append((steps, source(text, steps)))
        text = put(text, steps, written(value))
        shown = value if isinstance(value, int) else "".join(c if c.isprintable() else " " for c in value)
        assert at(text, steps) == shown
        assert source(text, steps) == written(value)
    assert len(differing(SMALL, text)) <= 2 * len(puts)
    for steps, was in reversed(undo):
        text = put(text, steps, was)
    assert text == SMALL


@pytest.mark.parametrize("steps", [("deployments", "glm", "dropped"), ("routes", "auto", "without", "opus")])
def test_in_the_sample_a_line_is_added_and_nothing_else_is_another(steps: tuple[str, ...]) -> None:
    after = put(SAMPLE, steps, '"why"')
    [added] = differing(SAMPLE, after)
    assert added.startswith("+ ")
    assert put(after, steps, None) == SAMPLE


A = ("a", "b")


@pytest.mark.parametrize(
    ("before", "value", "after"),
    [
        pytest.param("a:\n  x: 1\nz: 2\n", "9", "a:\n  x: 1\n  b: 9\nz: 2\n", id="block"),
        pytest.param(
            "a:\n    x: 1   # why\n\nz: 2\n", "9", "a:\n    x: 1   # why\n    b: 9\n\nz: 2\n", id="a comment"
        ),
        pytest.param("a: {x:  1}  # one\n", "9", "a: {x:  1, b: 9}  # one\n", id="braces"),
        pytest.param("a: {}\n", "9", "a: {b: 9}\n", id="empty braces"),
        pytest.param(
            "a: {x: 1,\n    y: 2,\n}\n", "9", "a: {x: 1,\n    y: 2, b: 9,\n}\n", id="a comma behind the last"
        ),
        pytest.param("z: 1\n", "9", "z: 1\na: {b: 9}\n", id="a mapping that is missing"),
        pytest.param(
            "a:\n  b:   '8'  # old\n  c: 1\n", "9", "a:\n  b:   9  # old\n  c: 1\n", id="another value"
        ),
        pytest.param("a:\r\n  x: 1\r\nz: 2\r\n", "9", "a:\r\n  x: 1\r\n  b: 9\r\nz: 2\r\n", id="CRLF"),
        pytest.param("a:\n  x: 1", "9", "a:\n  x: 1\n  b: 9", id="no line break at the end"),
        pytest.param(
            "a:\n  x: |\n    text\n\n\nz: 1\n",
            "9",
            "a:\n  x: |\n    text\n  b: 9\n\n\nz: 1\n",
            id="a block of text",
        ),
        pytest.param(
            "a:\n  x:\n    - 1\n    - y: 2  # last\nz: 1\n",
            "9",
            "a:\n  x:\n    - 1\n    - y: 2  # last\n  b: 9\nz: 1\n",
            id="a list",
        ),
        pytest.param(
            "\ufeffa: {x: é🎈}  # ü\n", "9", "\ufeffa: {x: é🎈, b: 9}  # ü\n", id="a mark and wide characters"
        ),
        pytest.param("a:\n  x: 1\n  b: 9\n  c: 1\n", None, "a:\n  x: 1\n  c: 1\n", id="a line goes"),
        pytest.param("a: {b: 9, c: 1}\n", None, "a: {c: 1}\n", id="the first in braces goes"),
        pytest.param("a: {c: 1, b: 9}\n", None, "a: {c: 1}\n", id="the last in braces goes"),
        pytest.param("z: 1\na: {b: 9}\n", None, "z: 1\n", id="an empty mapping goes too"),
        pytest.param("a:\n  x: 1\n  b: 9", None, "a:\n  x: 1", id="the last line goes"),
        pytest.param("a: {x: 1}\n", None, "a: {x: 1}\n", id="what is not there"),
    ],
)
def test_each_style_of_writing_is_kept(before: str, value: str | None, after: str) -> None:
    assert put(before, A, value) == after


def test_keys_that_yaml_would_read_otherwise_are_quoted() -> None:
    for key in ("true", "1", "a: b", "it's", "x:free", "#"):
        assert at(put("a: {x: 1}\n", ("a", key), "9"), ("a", key)) == 9


def test_durations_are_written_bare_and_other_texts_in_quotes() -> None:
    assert [written(value) for value in ("300s", "9", "true", 9)] == ["300s", '"9"', '"true"', "9"]
