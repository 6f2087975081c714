"""Kept answers as a user meets them: another process finds them, marks them, and forgets them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.fake_provider import FakeProvider, fake_provider
from tests.test_commands import LIMITED, QUESTION, cockpit, stream

CONFIG = """
version: 1
providers: {{free: {{wire: openai, base_url: "{url}/v1", billing: free}}}}
tiers: {{T0: {{label: free}}}}
deployments: {{gemma: {{tier: T0, provider: free, model: m}}}}
routes: {{auto: {{ladder: [T0], cache: true}}}}
"""


def config(home: Path, provider: FakeProvider) -> str:
    path = home / "cockpit.yaml"
    path.write_text(CONFIG.format(url=provider.url))
    return str(path)


@pytest.mark.slow
async def test_the_answer_of_an_earlier_command_stands_in_until_it_is_forgotten(tmp_path: Path) -> None:
    async with fake_provider(*stream("Par", "is")) as up:
        first = await cockpit(tmp_path, "ask", "--config", config(tmp_path, up), QUESTION)
        assert (first.code, first.out) == (0, "Paris\n")
    async with fake_provider(LIMITED) as limited:
        ask = ("ask", "--config", config(tmp_path, limited))
        again = await cockpit(tmp_path, *ask, QUESTION)
        assert (again.code, again.out) == (0, "Paris\n")
        assert "nobody can serve: this is what gemma answered to exactly this at" in again.err
        told = (await cockpit(tmp_path, *ask, "--json", QUESTION)).json()
        assert (told["text"], told["cached"], told["deployment"]) == ("Paris", True, None)
        assert told["cached_at"].endswith("Z")
        assert (await cockpit(tmp_path, *ask, QUESTION + " Now?")).code == 4
        doctor = await cockpit(tmp_path, "doctor")
        assert "1 with 5 bytes of text, for routes with `cache: true`" in doctor.out
        assert (await cockpit(tmp_path, "forget", "--json")).json() == {"forgotten": 1}
        assert (await cockpit(tmp_path, *ask, QUESTION)).code == 4
