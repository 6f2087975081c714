"""Where files live, for any environment."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from router.config.paths import Paths, find_config, sample_config

linux_places = pytest.mark.skipif(
    sys.platform in ("darwin", "win32"), reason="this platform has places of its own"
)


def test_xdg_folders_win_over_home() -> None:
    paths = Paths.of({"HOME": "/h", "XDG_CONFIG_HOME": "/c", "XDG_DATA_HOME": "/d", "XDG_STATE_HOME": "/s"})
    assert paths.config == Path("/c/tier-cockpit/config.yaml")
    assert paths.themes == Path("/c/tier-cockpit/themes")
    assert paths.ledger == Path("/d/tier-cockpit/ledger.db")
    assert paths.gateway_key == Path("/d/tier-cockpit/gateway.key")
    assert paths.log == Path("/s/tier-cockpit/cockpit.log")


@linux_places
@pytest.mark.parametrize("relative", ["", "here", "./here"])
def test_home_stands_in_where_xdg_is_unset_or_not_absolute(relative: str) -> None:
    paths = Paths.of({"HOME": "/h", "XDG_CONFIG_HOME": relative})
    assert paths.config == Path("/h/.config/tier-cockpit/config.yaml")
    assert paths.ledger == Path("/h/.local/share/tier-cockpit/ledger.db")
    assert paths.log == Path("/h/.local/state/tier-cockpit/cockpit.log")


def test_a_named_ledger_wins_over_the_variable_and_the_variable_over_the_default() -> None:
    environ = {"HOME": "/h", "COCKPIT_LEDGER": "/elsewhere/l.db"}
    assert Paths.of(environ).ledger == Path("/elsewhere/l.db")
    assert Paths.of(environ, ledger=Path("/named.db")).ledger == Path("/named.db")


def test_the_configuration_is_the_named_one_then_the_variables_then_the_users_own_then_none(
    tmp_path: Path,
) -> None:
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    assert find_config(None, environ) is None
    own = tmp_path / "tier-cockpit" / "config.yaml"
    own.parent.mkdir()
    own.write_text("version: 1\n")
    assert find_config(None, environ) == own
    assert find_config(None, {**environ, "COCKPIT_CONFIG": "/missing.yaml"}) == Path("/missing.yaml")
    named = Path("/also-missing.yaml")
    assert find_config(named, {**environ, "COCKPIT_CONFIG": "/missing.yaml"}) == named


def test_the_sample_is_found() -> None:
    assert sample_config().is_file()


def test_asking_for_a_path_loads_neither_pydantic_nor_yaml() -> None:
    code = "import sys, router.config.paths; print([m for m in ('pydantic', 'yaml') if m in sys.modules])"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout == "[]\n"
