"""Ends the cooldowns of deployments by hand."""

from __future__ import annotations

import os
from pathlib import Path

from router.app.planning import open_planning
from router.config.paths import Paths
from router.core.records.health import Health
from router.engine.health_board import DeploymentState
from router.ledger.sqlite.upkeep import SqliteUpkeep


async def clear_cooldowns(
    *, config: Path | None, ledger: Path | None, name: str | None
) -> list[DeploymentState]:
    """Let what stands behind `name` be asked again, all of it when None; return what was away.

    Raises ConfigError, UnknownName and LedgerError.
    """
    async with open_planning(config=config, ledger=ledger) as app:
        planner = app.planner
        meant = set(planner.config.deployments) if name is None else set(planner.route(name).deployments)
        upkeep = SqliteUpkeep(Paths.of(os.environ, ledger=ledger).ledger)
        await upkeep.clear_cooldowns(None if name is None else planner.scope_keys(name))
        return [
            state for state in planner.deployments() if state.deployment.name in meant and _is_away(state)
        ]


def _is_away(state: DeploymentState) -> bool:
    resting = state.health in (Health.COOLING, Health.PROBING, Health.DISABLED)
    return not state.deployment.off and (resting or state.full)
