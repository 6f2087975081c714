"""Closing everything that sends, also when something in it has gone wrong."""

from __future__ import annotations

import asyncio
import logging
from pathlib import Path

import pytest

from router.app import app as opening

CONFIG = """\
version: 1
providers: {there: {wire: openai, billing: local, base_url: "http://127.0.0.1:9"}}
tiers: {T0: {label: local}}
deployments: {small: {tier: T0, provider: there, model: m, context_window: 1000}}
routes: {auto: {use: [small]}}
"""


async def test_a_job_that_died_is_logged_and_does_not_raise_at_exit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    async def dies(*_: object) -> None:
        raise OverflowError("too large for the ledger")

    monkeypatch.setattr(opening, "sweep_forever", dies)
    config = tmp_path / "config.yaml"
    config.write_text(CONFIG)
    with caplog.at_level(logging.ERROR):
        async with opening.open_app(config=config, ledger=tmp_path / "ledger.db"):
            await asyncio.sleep(0)
    assert "a job had died: OverflowError('too large for the ledger')" in caplog.text
