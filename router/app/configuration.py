"""The configuration in use: which file, with prices laid over it, and what this machine lacks told."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import replace
from datetime import tzinfo
from pathlib import Path
from zoneinfo import ZoneInfo

from router.config.loader import built_in, converted, load
from router.config.paths import Paths, find_config
from router.config.system_zone import system_zone
from router.core.cost.price_config import Listed
from router.core.cost.price_guard import priced
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.engine.clock import SystemClock
from router.prices.own import catalogue
from router.providers.local_servers import lacking


def load_config(path: Path | None, environ: Mapping[str, str] = os.environ) -> RouterConfig:
    """Load the configuration in use, or the built-in one, with prices and with what is missing here told.

    Raises ConfigError with every problem.
    """
    found = find_config(path, environ)
    now_ms = SystemClock().now_ms()
    listed = _listed_at(now_ms, environ)
    loaded = built_in(environ) if found is None else load(found, environ, listed)
    deployments = {name: _completed(deployment, listed) for name, deployment in loaded.deployments.items()}
    return replace(loaded, deployments=deployments)


def convert_config(path: Path, environ: Mapping[str, str] = os.environ) -> str:
    """Return a LiteLLM file in our format, with comments. Raises ConfigError with every problem."""
    return converted(path, environ, _listed_at(SystemClock().now_ms(), environ))


def zone_of(config: RouterConfig) -> tzinfo:
    """Return the zone days are counted in: the configured one, else the system's."""
    if config.display.timezone:
        return ZoneInfo(config.display.timezone)
    return system_zone()


def _listed_at(now_ms: int, environ: Mapping[str, str]) -> Listed:
    prices = catalogue(Paths.of(environ).prices)
    return lambda vendor, model: prices.lookup(vendor, model, now_ms)


def _completed(deployment: Deployment, listed: Listed) -> Deployment:
    """Give it its price, and say what this machine lacks."""
    deployment = priced(deployment, listed(deployment.provider.vendor, deployment.model))
    return deployment if deployment.off else replace(deployment, off=lacking(deployment))
