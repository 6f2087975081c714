"""Answers of every dialect, whole and streamed: written, accepted by its grammar, and read as they were."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import replace
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.dialects import anthropic, chat
from router.core.dialects.fitting import fit_reply
from router.core.dialects.reply import ApiError, Broke, ErrorKind, Finished, Piece, Reply, ReplyEvent, gather
from router.core.message import ToolCall
from tests.core.dialects.conversations import replies, streams
from tests.core.dialects.grammars import GRAMMARS, run

DIALECTS: list[ModuleType] = [chat, anthropic]
by_name = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.NAME)
cuts = st.lists(st.integers(1, 40), max_size=12)


def written(dialect: ModuleType, events: Iterable[ReplyEvent]) -> bytes:
    writer = dialect.Writer()
    return b"".join(writer.write(event) for event in events)


def read(dialect: ModuleType, stream: bytes, sizes: list[int] | None = None) -> list[ReplyEvent]:
    reader, decoder, told = dialect.Reader(), dialect.decoder(), list[ReplyEvent]()
    for size in sizes or []:
        for event in decoder.feed(stream[:size]):
            told += reader.feed(event)
        stream = stream[size:]
    for event in (*decoder.feed(stream), *decoder.flush()):
        told += reader.feed(event)
    told += reader.close()
    return told


def whole(dialect: ModuleType, reply: Reply) -> Reply:
    body = json.loads(json.dumps(dialect.write_answer(fit_reply(reply, dialect.NAME))))
    found = dialect.read_answer(body)
    assert isinstance(found, Reply)
    return found


@by_name
@given(reply=replies)
def test_a_whole_answer_is_read_as_it_was_written(dialect: ModuleType, reply: Reply) -> None:
    fitted = fit_reply(reply, dialect.NAME)
    found = whole(dialect, reply)
    assert (found.parts, found.id, found.model) == (fitted.parts, fitted.id, fitted.model)
    assert (found.usage.input_tokens, found.usage.output_tokens) == (
        reply.usage.input_tokens,
        reply.usage.output_tokens,
    )
    assert whole(dialect, found) == found


@by_name
@given(stream=streams())
def test_a_stream_is_accepted_and_makes_the_answer_that_is_sent_whole(
    dialect: ModuleType, stream: tuple[Reply, list[ReplyEvent]]
) -> None:
    reply, events = stream
    sent = written(dialect, events)
    assert run(GRAMMARS[dialect.NAME], sent) == "done"
    found = gather(read(dialect, sent))
    assert isinstance(found, Reply)
    sent_whole = whole(dialect, reply)
    assert fit_reply(replace(found, dialect=dialect.NAME), dialect.NAME) == replace(sent_whole, extra=None)


@by_name
@given(stream=streams(), sizes=cuts)
def test_however_a_stream_is_cut_the_events_are_the_same(
    dialect: ModuleType, stream: tuple[Reply, list[ReplyEvent]], sizes: list[int]
) -> None:
    sent = written(dialect, stream[1])
    assert read(dialect, sent, sizes) == read(dialect, sent)


@by_name
@given(stream=streams(), at=st.integers(1, 30))
def test_a_stream_that_breaks_never_ends_tidily(
    dialect: ModuleType, stream: tuple[Reply, list[ReplyEvent]], at: int
) -> None:
    _, events = stream
    kept = [event for event in events[:at] if not isinstance(event, Finished)]
    sent = written(dialect, [*kept, Broke(ApiError(ErrorKind.OVERLOADED, "too much"))])
    assert run(GRAMMARS[dialect.NAME], sent) == "error"
    assert read(dialect, sent)[-1] == Broke(ApiError(ErrorKind.SERVER, "too much"))
    assert isinstance(read(dialect, written(dialect, kept))[-1], Broke)


@by_name
@given(stream=streams())
def test_places_never_fall_and_a_call_has_its_name_in_its_first_piece_alone(
    dialect: ModuleType, stream: tuple[Reply, list[ReplyEvent]]
) -> None:
    pieces = [event for event in read(dialect, written(dialect, stream[1])) if isinstance(event, Piece)]
    places = [piece.place for piece in pieces]
    assert places == sorted(places)
    named = [p.place for p in pieces if isinstance(p.part, ToolCall) and p.part.name]
    assert len(named) == len(set(named))


@by_name
@pytest.mark.parametrize("kind", list(ErrorKind))
def test_an_error_is_read_as_it_was_written(dialect: ModuleType, kind: ErrorKind) -> None:
    status, body = dialect.write_error(ApiError(kind, "so it is"))
    assert dialect.read_error(status, json.loads(json.dumps(body))) == ApiError(kind, "so it is")
    assert 400 <= status < 600
