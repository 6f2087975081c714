"""Fitting a configured embeddings deployment to the labelled asks: it sends, so it stands on what sends."""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from router.config.paths import Paths
from router.errors import NoVectors

if TYPE_CHECKING:
    from router.classifier.centroid_fitting import Accuracy
    from router.core.classify.centroids import Vector

PATIENCE_S = 60.0
"""How long one call with many texts may take, and how long a limit is waited for."""


@dataclass(frozen=True, slots=True)
class Fitted:
    """What was fitted, and how good it is."""

    deployment: str
    model: str
    accuracy: Accuracy


async def fit_centroids(*, config: Path | None, ledger: Path | None) -> Fitted:
    """Fit the deployment that `classifier.embeddings` names and keep the outcome.

    Raises ConfigError, LedgerError, and NoVectors when a call brings none: then nothing is kept.
    """
    from router.app.app import open_app  # the wires load only here
    from router.classifier import centroid_file, centroid_fitting

    async with open_app(config=config, ledger=ledger) as app:
        asked, embeddings = app.engine.config.classifier, app.engine.embeddings()
        if asked is None:
            raise NoVectors("the configuration names no `classifier: {embeddings: DEPLOYMENT}`")
        deployment = app.engine.config.deployments[asked.deployment]

        async def embed(texts: Sequence[str]) -> tuple[Vector, ...]:
            try:
                return await embeddings.vectors(texts, None, PATIENCE_S)
            except NoVectors as error:  # a limit of calls a minute is worth waiting for, a day's is not
                wait_s = ((error.back_at_ms or 0) - app.clock.now_ms()) / 1000
                if not 0 < wait_s <= PATIENCE_S + 1:
                    raise
            await asyncio.sleep(wait_s)
            return await embeddings.vectors(texts, None, PATIENCE_S)

        try:
            found = await centroid_fitting.fit(deployment.model, embed)
            accuracy = await centroid_fitting.measure(found, asked.margin, embed)
        except ValueError as error:
            raise NoVectors(str(error)) from None
        centroid_file.write(centroid_file.path_for(Paths.of(os.environ).centroids, deployment), found)
        await app.ledger.flush()
        return Fitted(deployment.name, deployment.model, accuracy)
