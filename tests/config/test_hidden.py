"""What a difference shows of a configuration: everything but its secrets, line for line."""

from __future__ import annotations

import pytest

from router.config.hidden import HIDDEN, hidden


@pytest.mark.parametrize(
    "text",
    [
        'a: {api_key: "sk-SECRET", b: 1}',
        "a:\n  api_key: sk-SECRET\n  b: 1",
        'a:\n  "api_key":\n    sk-SECRET\n  b: 1',
        "a:\n  api_key: >-\n    sk-\n    SECRET\n  b: 1",
        "a:\n  api_key: |\n    sk-SECRET\n  b: 1",
        'hooks:\n  - {events: [budget], url: "https://hooks.example/SECRET"}',
        "hooks:\n  - url:\n      https://hooks.example/SECRET\n    events: [budget]",
        "gateway:\n  key: SECRET",
        "a: 1 # api_key: SECRET",
        "# hooks: [{url: https://hooks.example/SECRET}]\na: 1",
        "model_list: [{litellm_params: {api_key: SECRET}}]",
    ],
)
def test_a_secret_is_hidden_however_it_is_written_and_lines_stay_lines(text: str) -> None:
    shown = hidden(text)
    assert "SECRET" not in shown
    assert HIDDEN in shown
    assert shown.count("\n") == text.count("\n")


@pytest.mark.parametrize(
    "text",
    [
        'a: {api_key: "${GEMINI_API_KEY}", base_url: "https://a.example"}',
        'hooks: [{url: "${HOOK}"}]',
        "a: {api_key: os.environ/OPENAI_API_KEY}",
        "a: {api_key: }\n# keys come from the environment",
        "api_key_name: x\nlimits: {rpm: 9}\n",
    ],
)
def test_what_is_no_secret_is_shown_as_it_is(text: str) -> None:
    assert hidden(text) == text
