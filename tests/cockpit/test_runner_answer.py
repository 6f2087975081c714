from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.screens.runner.answer import wrap

texts = st.text(st.sampled_from("ab c\n\t漢é😀-"), max_size=120)
widths = st.integers(2, 30)


@given(texts, texts, widths)
def test_wrapping_the_last_row_with_what_follows_is_wrapping_the_whole(
    head: str, tail: str, width: int
) -> None:
    *before, last = wrap(head, width)
    assert before + wrap(last + tail, width) == wrap(head + tail, width)


@given(texts, widths)
def test_no_row_is_wider_than_the_pane_but_for_spaces_that_hang_over(text: str, width: int) -> None:
    assert all(cell_len(row.rstrip(" ")) <= width for row in wrap(text, width))


@given(texts, widths)
def test_wrapping_loses_nothing_but_line_ends(text: str, width: int) -> None:
    kept = "".join(wrap(text, width)).replace(" ", "")
    assert kept == text.replace("\n", "").replace("\t", "").replace(" ", "")


def test_words_stay_whole_where_they_fit() -> None:
    assert wrap("one two three", 8) == ["one two ", "three"]
    assert wrap("unbreakable", 4) == ["unbr", "eaka", "ble"]
    assert wrap("a\n\nb\n", 8) == ["a", "", "b", ""]
    assert wrap("\tx", 8) == ["    x"]
