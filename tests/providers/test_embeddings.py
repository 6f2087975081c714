"""Embeddings on the two wires that make them: what is asked and what is made of the answers."""

from __future__ import annotations

import json
from typing import Any

import pytest

from router.core.failures.classify import classify
from router.core.failures.exchange import StreamEnd
from router.core.message import Message
from router.core.records.diagnosis import FailureClass
from router.core.records.usage import Usage
from router.engine.ports import UpstreamEvent
from router.providers.embeddings import OLLAMA, OPENAI, EmbeddingsDialect
from router.providers.reading import AnswerReading
from tests.providers.calls import KEY, a_call, ending, pieces, usage

TWO = a_call("http://127.0.0.1:9/v1", messages=(Message("user", "one"), Message("user", "two")))


def read(dialect: EmbeddingsDialect, body: object, status: int = 200) -> list[UpstreamEvent]:
    reading = AnswerReading(TWO, dialect.decoder(), dialect.reader())
    reading.head(status, {})
    raw = json.dumps(body).encode()
    events = [event for at in range(0, len(raw), 7) for event in reading.feed(raw[at : at + 7])]
    return events + reading.finish(StreamEnd.EOF)


def openai(*embeddings: tuple[int, Any]) -> dict[str, Any]:
    data = [{"object": "embedding", "index": place, "embedding": vector} for place, vector in embeddings]
    return {"model": "m-1", "data": data, "usage": {"prompt_tokens": 8, "total_tokens": 8}}


def test_the_texts_are_put_as_each_wire_reads_them() -> None:
    for dialect, url in (
        (OPENAI, "http://127.0.0.1:9/v1/embeddings"),
        (OLLAMA, "http://127.0.0.1:9/v1/api/embed"),
    ):
        request = dialect.request(TWO)
        assert (request.method, request.url) == ("POST", url)
        assert dict(request.headers)["authorization"] == f"Bearer {KEY}"
        assert json.loads(request.body) == {"model": "some-model", "input": ["one", "two"]}


def test_vectors_come_in_the_order_of_the_texts_with_what_they_took() -> None:
    events = read(OPENAI, openai((1, [0.5, 2]), (0, [1.0, 0.0])))
    [(kind, text)] = pieces(events)
    assert (kind, json.loads(text)) == ("vectors", [[1.0, 0.0], [0.5, 2]])
    assert usage(events) == Usage(input_tokens=8, output_tokens=0)
    assert classify(ending(events), 0).failure_class is FailureClass.OK


def test_ollama_s_vectors_and_its_count_are_read() -> None:
    events = read(OLLAMA, {"model": "e", "embeddings": [[1.0], [2.0]], "prompt_eval_count": 5})
    assert json.loads(pieces(events)[0][1]) == [[1.0], [2.0]]
    assert usage(events) == Usage(input_tokens=5, output_tokens=0)


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"data": "none"},
        openai((0, "AAAA")),
        openai((0, [])),
        openai((0, [1.0, None])),
        openai((0, [True])),
        openai((0, [1.0]), (0, [2.0])),
        openai((1, [1.0])),
    ],
)
def test_what_holds_no_vectors_is_no_answer(body: dict[str, Any]) -> None:
    events = read(OPENAI, body)
    assert pieces(events) == []
    assert classify(ending(events), 0).failure_class is not FailureClass.OK


def test_an_error_is_one() -> None:
    events = read(OPENAI, {"error": {"message": "no such model", "code": "model_not_found"}}, 404)
    assert classify(ending(events), 0).failure_class is FailureClass.GONE
