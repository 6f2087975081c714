"""An event that is the one before with other words says what parsing it would say."""

from __future__ import annotations

import json
from collections.abc import Sequence

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from router.core.dialects.framing import ServerSentEvent
from router.core.failures.exchange import StreamEnd
from router.engine.ports import Content, UpstreamEvent
from router.providers.anthropic_wire import AnthropicDialect
from router.providers.openai_wire import OpenAiDialect
from router.providers.reading import Alike, AnswerReading
from router.providers.streaming import Dialect
from tests.providers.calls import a_call

WORDS = st.sampled_from(
    [
        "Par",
        " is",
        "m",
        "stop",
        "assistant",
        "",
        '"',
        "\\",
        "a\\n",
        "\n",
        "ü",
        "{}",
        "null",
        "0",
        "usage",
        "\u2028",
    ]
)


def openai(**delta: object) -> str:
    choice = {"index": 0, "delta": delta, "finish_reason": delta.pop("finish", None)}
    return json.dumps({"id": "c", "model": "m", "choices": [choice], "usage": delta.pop("usage", None)})


def anthropic(kind: str, text: str) -> str:
    return json.dumps({"type": "content_block_delta", "index": 0, "delta": {"type": kind, kind[:-6]: text}})


OPENAI = st.one_of(
    st.builds(lambda words: openai(content=words), WORDS),
    st.builds(lambda words: openai(content=words), WORDS),
    st.builds(lambda words: openai(content=words, finish="stop"), WORDS),
    st.builds(lambda words: openai(reasoning_content=words), WORDS),
    st.builds(lambda words: openai(content=words, usage={"prompt_tokens": 3, "completion_tokens": 4}), WORDS),
    st.builds(lambda words: json.dumps({"error": {"message": words}}), WORDS),
    st.builds(lambda words: '{"choices":[{"delta":{"content":"' + words + '"}}]}', WORDS),
    st.sampled_from(["[DONE]", "", "{}", '{"choices":[]}', "no json"]),
)
ANTHROPIC = st.one_of(
    st.builds(lambda words: anthropic("text_delta", words), WORDS),
    st.builds(lambda words: anthropic("text_delta", words), WORDS),
    st.builds(lambda words: anthropic("thinking_delta", words), WORDS),
    st.sampled_from(['{"type":"ping"}', '{"type":"message_stop"}', '{"type":"message_delta","delta":{}}']),
)


class Never(Alike):
    """Parses every event."""

    def words(self, event: ServerSentEvent) -> str | None:
        return None


def read(dialect: Dialect, events: Sequence[str], alike: Alike) -> list[UpstreamEvent]:
    reading = AnswerReading(a_call(), dialect.decoder(), dialect.reader())
    reading._alike = alike
    reading.head(200, {})
    told = [said for event in events for said in reading.feed(f"data: {event}\n\n".encode())]
    return told + reading.finish(StreamEnd.EOF)


@pytest.mark.parametrize(("dialect", "events"), [(OpenAiDialect(), OPENAI), (AnthropicDialect(), ANTHROPIC)])
@settings(max_examples=300, deadline=None)
@given(data=st.data())
def test_a_stream_says_the_same_with_and_without_parsing_each_event(
    dialect: Dialect, events: st.SearchStrategy[str], data: st.DataObject
) -> None:
    sent = data.draw(st.lists(events, max_size=12))
    assert read(dialect, sent, Alike()) == read(dialect, sent, Never())


def test_plain_words_need_no_parsing_and_keep_their_bytes() -> None:
    alike = Alike()
    told = read(OpenAiDialect(), [openai(content=words) for words in ("Par", "is", " is", " it")], alike)
    assert [(e.text, e.raw) for e in told if isinstance(e, Content)] == [
        (words, f"data: {openai(content=words)}\n\n".encode()) for words in ("Par", "is", " is", " it")
    ]
    assert alike.words(ServerSentEvent(openai(content="!"))) == "!"
    assert alike.words(ServerSentEvent(openai(content="!", finish="stop"))) is None
