"""How long a text is: near what a slow and careful look at each word says, whatever it is made of."""

from __future__ import annotations

import base64
import random
import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.text_size import LONG, text_size

WORDS = re.compile(r"\b[^\W\d_]+\b|\s+")
NOISE = random.Random(1).randbytes(3_000)
SAMPLES = {
    "prose": "Please read this text about the weather in May, and say in one line what it means. " * 40,
    "code": "def add_up(values: list[int]) -> int:\n    return sum(value for value in values if value > 0)\n"
    * 40,
    "base64": base64.b64encode(NOISE).decode(),
    "hex": NOISE.hex(),
    "german": "Die Größe übertrifft alle Erwartungen – für jeden von uns. " * 40,
    "russian": "Сегодня хорошая погода, пойдём гулять в парк. " * 40,
    "json": '{"id":12345,"name":"x","values":[1,2,3],"ok":true}' * 40,
    "log": "2026-11-22T12:00:00Z INFO engine [req-a8f3c] GET /v1/models 200 12ms\n" * 40,
    "chinese": "今天天气很好，我们去公园散步吧。" * 40,
}


def carefully(text: str) -> float:
    """Return the sixths of tokens by a look at each word: letters between spaces, and everything else."""
    size, rest = len(text.encode()), len(WORDS.sub("", text).encode())
    return (size - rest) * 1.5 + rest * 4


@pytest.mark.parametrize("name", SAMPLES)
def test_a_few_passes_over_the_bytes_say_what_a_look_at_each_word_says(name: str) -> None:
    for text in (SAMPLES[name], SAMPLES[name] * (2 * LONG // len(SAMPLES[name]))):
        most, sixths = text_size(text)
        assert most >= len(text.encode())
        assert 0.75 <= sixths / carefully(text) <= 1.25


def test_half_prose_and_half_noise_is_seen_as_such_however_long() -> None:
    mixed = SAMPLES["prose"] * 40 + SAMPLES["base64"] * 33
    assert 0.8 <= text_size(mixed)[1] / carefully(mixed) <= 1.2


@given(st.text())
def test_any_text_lies_between_words_alone_and_no_words_at_all(text: str) -> None:
    size = len(text.encode(errors="surrogatepass"))
    most, sixths = text_size(text)
    assert most >= size
    assert size * 3 // 2 <= sixths <= size * 4
