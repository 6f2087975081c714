"""Two programs on one ledger, killed and started again; `make soak` does the same for ten minutes."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest

from tests.soak import soak


@pytest.mark.slow
@pytest.mark.skipif(sys.platform == "win32", reason="processes are killed by a signal")
def test_two_writers_for_twenty_seconds_lose_nothing_and_pass_no_budget(tmp_path: Path) -> None:
    outcome = soak(20, tmp_path)
    assert outcome.promised > 500
    assert outcome.kills >= 4
    assert outcome.unknown > 0
    assert outcome.looks > 20
