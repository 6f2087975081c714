from __future__ import annotations

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cockpit.sanitize import MAX_MARKS, one_line, sanitize

any_text = st.text(st.characters(exclude_categories=()), max_size=200)  # lone surrogates too
hostile = st.text(
    st.sampled_from(
        "ab\n\t\x00\x07\x1b]52;c\\\x7f\x85\x9b\u202e\u2066\u200f\u061c\U000e0041\ud800\u0301\u2028"
    ),
    max_size=80,
)
FORBIDDEN = {
    *"\u200e\u200f\u061c\u2028\u2029",
    *map(chr, range(0x202A, 0x202F)),
    *map(chr, range(0x2066, 0x206A)),
}


@given(any_text | hostile)
def test_nothing_a_terminal_would_obey_comes_out(text: str) -> None:
    clean = sanitize(text)
    assert all(char in "\n\t" or unicodedata.category(char) not in {"Cc", "Cs"} for char in clean)
    assert not FORBIDDEN & set(clean)
    assert not any(0xE0000 <= ord(char) < 0xE0080 for char in clean)


@given(any_text | hostile)
def test_cleaning_twice_is_cleaning_once(text: str) -> None:
    assert sanitize(sanitize(text)) == sanitize(text)
    assert one_line(one_line(text, 20), 20) == one_line(text, 20)


@given(hostile, st.data())
def test_a_sequence_split_over_two_chunks_is_as_harmless_as_a_whole_one(
    text: str, data: st.DataObject
) -> None:
    cut = data.draw(st.integers(0, len(text)))
    joined = sanitize(text[:cut]) + sanitize(text[cut:])
    assert sanitize(joined) == sanitize(text)


@given(st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E) | st.sampled_from("\n\té漢字😀")))
def test_ordinary_text_is_left_as_it_is(text: str) -> None:
    assert sanitize(text) == text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b]52;c;aGk=\x07", "␛]52;c;aGk=␇"),
        ("\x1b[2J", "␛[2J"),
        ("\x9b31m", "\ufffd31m"),
        ("a\r\nb", "a␍\nb"),
        ("\x00\x7f", "␀␡"),
        ("abc\u202edef", "abc\ufffddef"),
        ("x\U000e0068\U000e0069y", "xy"),
        ("\ud83d", "\ufffd"),
        ("a" + "\u0301" * 50 + "b", "a" + "\u0301" * MAX_MARKS + "b"),
        ("[/] [@click=app.quit]x", "[/] [@click=app.quit]x"),
    ],
)
def test_what_is_dangerous_is_shown_as_a_picture_of_itself(raw: str, shown: str) -> None:
    assert sanitize(raw) == shown


@given(any_text | hostile, st.integers(2, 40))
def test_a_place_of_one_line_gets_one_line_of_at_most_its_length(text: str, limit: int) -> None:
    line = one_line(text, limit)
    assert len(line) <= limit
    assert not {"\n", "\t"} & set(line)


def test_a_cut_is_shown() -> None:
    assert one_line("model\nname", 20) == "model␊name"
    assert one_line("a" * 30, 10) == "a" * 9 + "…"
