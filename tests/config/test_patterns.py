"""Regular expressions of a configuration: those that could run for ever are refused."""

from __future__ import annotations

import pytest

from router.config.patterns import MAX_LENGTH, compile_pattern


@pytest.mark.parametrize(
    ("pattern", "text", "found"),
    [
        (r"^\d+$", "123", True),
        (r"^\d+$", "12 3", False),
        ("(?i)paris", "In PARIS", True),
        (r"\{5\}", "{5}", True),
        (r"^.{2,5}$", "abcdef", False),
        ("é", "café", True),
    ],
)
def test_a_pattern_is_looked_for_anywhere_in_the_text(pattern: str, text: str, found: bool) -> None:
    assert compile_pattern(pattern).occurs_in(text) is found


@pytest.mark.parametrize(
    ("pattern", "said"),
    [
        ("(", "unclosed group"),
        ("(?=a)", "look-around"),
        (r"(a)\1", "backreferences"),
        ("a{1001}", "repeats more than 1000"),
        ("a{1001,}", "repeats more than 1000"),
        ("((a{20}){20}){20}", "repeats more than 1000"),
        ("a" * (MAX_LENGTH + 1), "longer than"),
        (r"(\p{L}\w){1000}", "size limit"),
    ],
)
def test_a_pattern_that_cannot_run_safely_is_refused_with_the_reason(pattern: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        compile_pattern(pattern)


def test_two_patterns_are_equal_when_their_texts_are() -> None:
    assert compile_pattern("a+") == compile_pattern("a+")
    assert compile_pattern("a+") != compile_pattern("a*")
