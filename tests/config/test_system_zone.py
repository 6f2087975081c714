from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from router.config.system_zone import system_zone

BERLIN = ZoneInfo("Europe/Berlin")


def test_tz_names_the_zone() -> None:
    assert system_zone({"TZ": "Europe/Berlin"}) == BERLIN
    assert system_zone({"TZ": ":Europe/Berlin"}) == BERLIN


def test_a_link_into_the_zone_database_names_it_too(tmp_path: Path) -> None:
    database = tmp_path / "zoneinfo" / "Europe"
    database.mkdir(parents=True)
    (database / "Berlin").write_bytes(b"")
    (tmp_path / "localtime").symlink_to(database / "Berlin")
    assert system_zone({}, tmp_path / "localtime") == BERLIN


def test_a_zone_knows_summer_and_winter_and_not_only_today() -> None:
    zone = system_zone({"TZ": "Europe/Berlin"})
    offsets = {datetime(2026, month, 1, tzinfo=zone).utcoffset() for month in (1, 7)}
    assert len(offsets) == 2


def test_what_names_no_zone_is_utc(tmp_path: Path) -> None:
    assert system_zone({"TZ": "CET-1CEST"}) is UTC
    assert system_zone({"TZ": "../../etc/passwd"}) is UTC
    assert system_zone({}, tmp_path / "missing") is UTC
    (tmp_path / "junk").write_bytes(b"no zone")
    assert system_zone({}, tmp_path / "junk") is UTC
