"""When it is time for a warm-up."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest

from router.core.catalog.due import warm_up_due
from router.core.settings.jobs import WarmUp

ZONE = ZoneInfo("Europe/Amsterdam")


@pytest.mark.parametrize(
    ("at", "now", "run"),
    [
        ("08:00", "2026-11-26T07:59:59", None),
        ("08:00", "2026-11-26T08:00:00", "2026-11-26 08:00"),
        ("08:00", "2026-11-26T08:09:59", "2026-11-26 08:00"),
        ("08:00", "2026-11-26T08:10:00", None),
        ("23:55", "2026-11-27T00:04:59", "2026-11-26 23:55"),
        ("23:55", "2026-11-27T00:05:00", None),
    ],
)
def test_a_warm_up_is_due_for_ten_minutes_a_day(at: str, now: str, run: str | None) -> None:
    now_ms = round(datetime.fromisoformat(now).replace(tzinfo=ZONE).timestamp() * 1000)
    assert warm_up_due(WarmUp(at, ("one",)), now_ms, ZONE) == run
