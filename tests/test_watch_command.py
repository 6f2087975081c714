"""`cockpit watch` over real HTTP: what a provider's list says of a configuration."""

from __future__ import annotations

import json
from pathlib import Path

from tests.fake_provider import answer, fake_provider
from tests.test_commands import cockpit

CONFIG = """
version: 1
providers: {{far: {{wire: openai, base_url: "{url}", api_key: sk-quiet, billing: free}}}}
tiers: {{T0: {{label: free}}}}
deployments:
  kept: {{tier: T0, provider: far, model: "kept:free"}}
  lost: {{tier: T0, provider: far, model: "lost:free"}}
  paid: {{tier: T0, provider: far, model: "paid:free"}}
routes: {{auto: {{ladder: [T0]}}}}
"""
FREE = {"prompt": "0", "completion": "0"}
LIST = {
    "data": [
        {"id": "kept:free", "pricing": FREE},
        {"id": "paid", "pricing": {"prompt": "0.000001", "completion": "0.000002"}},
        {"id": "other\u001b[31m:free", "pricing": FREE, "context_length": 131072},
    ]
}


async def test_what_a_list_says_is_told_with_what_to_do(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    async with fake_provider(answer(json.dumps(LIST).encode())) as server:
        path.write_text(CONFIG.format(url=server.url))
        read = await cockpit(tmp_path, "watch", "--now", "--json", "--config", str(path))
    told = [(one["kind"], one["model"], one["deployment"]) for one in read.json()["news"]]
    assert told == [
        ("gone", "lost:free", "lost"),
        ("not_free", "paid:free", "paid"),
        ("free", "other\x1b[31m:free", None),
    ]
    assert read.json()["news"][1]["output_usd_per_mtok"] == "2"
    later = await cockpit(tmp_path, "watch", "--config", str(path))  # another process, from the ledger
    assert later.code == 0
    assert "cockpit drop lost" in later.out
    assert "\x1b" not in later.out
    assert "131k" in later.out
    assert "sk-quiet" not in read.out + read.err + later.out + later.err
