"""Server-sent events and JSON lines, whole and cut anywhere."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.dialects.framing import NdjsonDecoder, ServerSentEvent, SseDecoder, TooLong
from router.providers.reading import Decoder


def told(decoder: Decoder, *chunks: bytes) -> list[tuple[str, str]]:
    return [(event.event, event.data) for chunk in chunks for event in decoder.feed(chunk)]


def everything(decoder: Decoder, *chunks: bytes) -> list[ServerSentEvent]:
    return [event for chunk in chunks for event in decoder.feed(chunk)] + decoder.flush()


@pytest.mark.parametrize(
    ("stream", "expected"),
    [
        (b"data: a\n\n", [("", "a")]),
        (b"data: a\r\n\r\n", [("", "a")]),
        (b"data: a\r\r", [("", "a")]),
        (b"data: a\r\n\ndata: b\r\r\n", [("", "a"), ("", "b")]),
        (b"data:a\n\n", [("", "a")]),
        (b"data:  a\n\n", [("", " a")]),
        (b"data\n\n", [("", "")]),
        (b"data: a\ndata: b\n\n", [("", "a\nb")]),
        (b"event: ping\ndata: {}\n\n", [("ping", "{}")]),
        (b"data: a: b\n\n", [("", "a: b")]),
        (b"\xef\xbb\xbfdata: a\n\n", [("", "a")]),
        (b"data: \xef\xbb\xbfa\n\n", [("", "\ufeffa")]),
        (b": comment\n\n: another\ndata: a\n\n", [("", "a")]),
        (b"event: lost\n\ndata: a\n\n", [("", "a")]),
        (b"id: 7\nretry: 10\nnonsense: x\ndata: a\n\n", [("", "a")]),
        (b"\n\n\n", []),
        (b'{"error": "no stream at all"}\n\n', []),
        (b"data: \xff\n\n", [("", "\ufffd")]),
        (b"data: unfinished\n", []),
    ],
)
def test_the_format_is_read_as_it_is_written(stream: bytes, expected: list[tuple[str, str]]) -> None:
    assert told(SseDecoder(), stream) == expected


def test_the_raw_bytes_are_the_lines_of_the_event_without_comments() -> None:
    [event] = SseDecoder().feed(b": hush\r\nevent: e\r\nid: 1\r\ndata: \xc3\xa9\r\n\r\n")
    assert event.raw == b"event: e\nid: 1\ndata: \xc3\xa9\n\n"


def test_what_stands_there_at_the_end_is_told_as_incomplete() -> None:
    assert everything(SseDecoder(), b"data: a\n\ndata: b\ndata: [DO") == [
        ServerSentEvent("a", raw=b"data: a\n\n"),
        ServerSentEvent("b\n[DO", raw=b"data: b\ndata: [DO\n\n", complete=False),
    ]


LINES = st.sampled_from(
    [
        b"data: x",
        b"data:",
        b"data: \xe2\x82\xac\xf0\x9f\x98\x80",
        b"event: e",
        b": c",
        b"",
        b"",
        b"id: 1",
        b"\xef\xbb\xbfdata: y",
    ]
)
STREAMS = st.lists(st.tuples(LINES, st.sampled_from([b"\n", b"\r\n", b"\r"]))).map(
    lambda lines: b"".join(line + end for line, end in lines)
)


@given(STREAMS, st.data())
def test_a_stream_cut_anywhere_gives_the_same_events(stream: bytes, data: st.DataObject) -> None:
    whole = everything(SseDecoder(), stream)
    assert everything(SseDecoder(), *(stream[i : i + 1] for i in range(len(stream)))) == whole
    at = data.draw(st.integers(0, len(stream)))
    assert everything(SseDecoder(), stream[:at], b"", stream[at:]) == whole


@given(st.binary())
def test_no_bytes_at_all_break_the_decoders(stream: bytes) -> None:
    assert everything(SseDecoder(), stream) == everything(SseDecoder(), *(bytes([byte]) for byte in stream))
    assert everything(NdjsonDecoder(), stream) == everything(
        NdjsonDecoder(), *(bytes([byte]) for byte in stream)
    )


@pytest.mark.parametrize("decoder", [SseDecoder, NdjsonDecoder])
@pytest.mark.parametrize("piece", [1, 7, 1000])
def test_a_line_without_an_end_is_given_up(decoder: type[SseDecoder | NdjsonDecoder], piece: int) -> None:
    small = decoder(max_bytes=100)
    with pytest.raises(TooLong):
        told(small, *[b"[" * piece] * 1000)


def test_an_event_without_an_end_is_given_up() -> None:
    small = SseDecoder(max_bytes=100)
    with pytest.raises(TooLong):
        told(small, *[b"data: x\n"] * 1000)


def test_comments_without_an_end_are_not_kept() -> None:
    small = SseDecoder(max_bytes=100)
    assert told(small, *[b": keep-alive\n\n"] * 1000, b"data: a\n\n") == [("", "a")]


def test_json_lines_are_events_without_a_name() -> None:
    assert everything(NdjsonDecoder(), b'{"a":', b"1}\r\n\n  \n", b'{"b":2}') == [
        ServerSentEvent('{"a":1}', raw=b'{"a":1}\n'),
        ServerSentEvent('{"b":2}', raw=b'{"b":2}\n', complete=False),
    ]
