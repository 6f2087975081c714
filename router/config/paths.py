"""Where files live: configuration, ledger, log, themes, keys.

Reads no variable by itself: the environment is an argument. Imports neither pydantic nor yaml, so that asking
for a path is cheap. Creates nothing.
"""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import platformdirs

APP = "tier-cockpit"
_OWN_PLACES = ("darwin", "win32")


@dataclass(frozen=True, slots=True)
class Paths:
    """The places in use."""

    config: Path
    """Where the user's own configuration belongs; `find_config` says whether one is in use."""
    ledger: Path
    log: Path
    themes: Path
    """The folder of the user's own themes."""
    gateway_key: Path
    """The file that holds the gateway's bearer key."""
    centroids: Path
    """The folder of what was fitted for embeddings."""
    prices: Path
    """The user's own price catalogue; most have none."""
    reports: Path
    """The folder of what screens have exported."""

    @classmethod
    def of(cls, environ: Mapping[str, str], *, ledger: Path | None = None) -> Paths:
        """Work the places out; `ledger` (from the command line) wins over `$COCKPIT_LEDGER`."""
        config = _folder(
            environ, "XDG_CONFIG_HOME", ".config", platformdirs.user_config_path(APP, appauthor=False)
        )
        data = _folder(
            environ, "XDG_DATA_HOME", ".local/share", platformdirs.user_data_path(APP, appauthor=False)
        )
        state = _folder(
            environ, "XDG_STATE_HOME", ".local/state", platformdirs.user_state_path(APP, appauthor=False)
        )
        named = environ.get("COCKPIT_LEDGER")
        return cls(
            config=config / "config.yaml",
            ledger=ledger or (Path(named) if named else data / "ledger.db"),
            log=state / "cockpit.log",
            themes=config / "themes",
            gateway_key=data / "gateway.key",
            centroids=data / "centroids",
            prices=data / "prices.json",
            reports=data / "reports",
        )


def _folder(environ: Mapping[str, str], variable: str, under_home: str, platform: Path) -> Path:
    """Return our folder: under an absolute `$XDG_...`, else under `$HOME`, else `platform`.

    macOS and Windows have places of their own, which platformdirs knows: `platform`.
    """
    base = Path(environ.get(variable, ""))
    if base.is_absolute():
        return base / APP
    home = environ.get("HOME")
    if home and sys.platform not in _OWN_PLACES:
        return Path(home) / under_home / APP
    return platform


def find_config(explicit: Path | None, environ: Mapping[str, str]) -> Path | None:
    """Return the configuration to use: named, `$COCKPIT_CONFIG`, the user's own; None: the built-in.

    A file that was named is returned whether it exists or not: its absence is the loader's to tell.
    """
    if explicit is not None:
        return explicit
    if named := environ.get("COCKPIT_CONFIG"):
        return Path(named)
    own = Paths.of(environ).config
    return own if own.exists() else None


def sample_config() -> Path:
    """Return the documented sample, the built-in default: beside this module in a wheel, or at the top."""
    packaged = Path(__file__).with_name("sample_config.yaml")
    return packaged if packaged.exists() else Path(__file__).parents[2] / "sample_config.yaml"
