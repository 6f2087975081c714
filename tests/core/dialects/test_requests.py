"""Requests of every dialect: what is written is read as it was, what clients send comes out as it came in."""

from __future__ import annotations

import json
from pathlib import Path
from types import ModuleType

import pytest
from hypothesis import given

from router.core.dialects import anthropic, chat
from router.core.dialects.fitting import fit
from router.core.prompt import Prompt
from tests.core.dialects.conversations import prompts

DIALECTS: list[ModuleType] = [chat, anthropic]
by_name = pytest.mark.parametrize("dialect", DIALECTS, ids=lambda dialect: dialect.NAME)


@by_name
@given(prompt=prompts)
def test_what_is_written_is_read_as_it_was(dialect: ModuleType, prompt: Prompt) -> None:
    fitted, _ = fit(prompt, dialect.NAME)
    if fitted.messages:
        body = json.loads(json.dumps(dialect.write_request(fitted)))
        assert dialect.read_request(body) == fitted


@by_name
@given(prompt=prompts)
def test_a_prompt_that_fits_is_changed_by_no_rule(dialect: ModuleType, prompt: Prompt) -> None:
    fitted, _ = fit(prompt, dialect.NAME)
    assert fit(fitted, dialect.NAME) == (fitted, ())


RECORDED = Path(__file__).parents[2] / "data" / "requests"
"""Bodies that real clients sent, long texts shortened."""
PATHS = {
    "/v1/chat/completions": chat,
    "/v1/messages": anthropic,
    "/v1/messages/count_tokens": anthropic,
}
recorded = [
    pytest.param(dialect, case["body"], id=file.stem)
    for file in sorted(RECORDED.glob("*.json"))
    if (dialect := PATHS.get((case := json.loads(file.read_text()))["path"]))
]


@pytest.mark.parametrize(("dialect", "body"), recorded)
def test_what_a_client_sent_comes_out_as_it_went_in(dialect: ModuleType, body: dict[str, object]) -> None:
    if dialect is anthropic:
        body.setdefault("max_tokens", 4096)  # who counts tokens limits no answer
        body.setdefault("stream", False)
    if body.get("tools") == []:
        del body["tools"]  # none are as good as not mentioned
    prompt = dialect.read_request(body)
    assert dialect.write_request(prompt) == with_plain_texts(body)
    # Behind one recorded turn stood a server that calls tools without a thought, which Anthropic refuses.
    assert set(fit(prompt, dialect.NAME)[1]) <= {"thinking-where-it-may"}


def with_plain_texts(value: object) -> object:
    """Return a body with one text block alone as the string that it is."""
    match value:
        case {"content": [{"type": "text", "text": str(text), **rest}], **others} if not rest:
            return {**others, "content": text}
        case dict():
            return {name: with_plain_texts(inner) for name, inner in value.items()}
        case list():
            return [with_plain_texts(inner) for inner in value]
        case _:
            return value
