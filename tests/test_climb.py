"""`ask --climb`: the answer was poor, the tier above is asked, and the ledger shows both."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_provider import fake_provider
from tests.test_commands import QUESTION, cockpit, stream, write_config


@pytest.mark.slow
async def test_a_poor_answer_climbs_by_its_request_s_id_and_is_rated_bad(tmp_path: Path) -> None:
    async with fake_provider(*stream("Lyon")) as first, fake_provider(*stream("Paris")) as second:
        ask = ("ask", "--json", "--config", write_config(tmp_path, first, second))
        key = {"GEMINI_API_KEY": "k"}
        unknown = await cockpit(tmp_path, *ask, "--climb", "last", QUESTION, environ=key)
        assert (unknown.code, second.requests) == (1, [])
        poor = (await cockpit(tmp_path, *ask, QUESTION, environ=key)).json()
        better = (await cockpit(tmp_path, *ask, "--climb", "last", QUESTION, environ=key)).json()
        assert (poor["tier"], better["tier"], better["text"]) == ("T0", "T1", "Paris")
        assert f"the user found the answer of request {poor['request_id']} poor" in better["why"]
        tagged = (await cockpit(tmp_path, "spend", "--json", "--by", "tag")).json()
        assert f"climbed_from={poor['request_id']}" in [group["key"] for group in tagged["groups"]]
        strict = (*ask, "-m", "strict", "--climb", poor["request_id"])
        refused = await cockpit(tmp_path, *strict, QUESTION, environ=key)
        assert refused.code == 4
        assert "does not declare climb: free_to_paid" in refused.json()["error"]["message"]
        top = await cockpit(tmp_path, *ask, "--climb", better["request_id"], QUESTION, environ=key)
        assert top.code == 4
