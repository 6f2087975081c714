"""The middles of the labelled asks by an embedding model, in a file: computed once, then kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from pathlib import Path

from router.core.classify.centroids import Centroid, Centroids
from router.core.settings.deployments import Deployment

FORMAT = 1


def path_for(folder: Path, deployment: Deployment) -> Path:
    """Return where the middles by a deployment's model are kept: another model has another file."""
    provider = deployment.provider
    named = f"{provider.wire} {provider.base_url or ''} {deployment.model}"
    return folder / f"{hashlib.sha256(named.encode()).hexdigest()[:16]}.json"


def read(path: Path) -> Centroids | None:
    """Return what is kept at `path`; None where there is nothing that this release can read."""
    try:
        written = json.loads(path.read_text())
        middles = tuple(
            Centroid(str(one["task"]), str(one["level"]), tuple(map(float, one["vector"])))
            for one in written["middles"]
        )
        model, version = str(written["model"]), written["format"]
    except (OSError, ValueError, KeyError, TypeError):
        return None
    alike = len({len(middle.vector) for middle in middles}) == 1
    return Centroids(model, middles) if version == FORMAT and alike else None


def kept_centroids(folder: Path) -> Callable[[Deployment], Centroids | None]:
    """Return a look at what was fitted, which reads each file once, and again after it was written anew."""
    known: dict[tuple[Path, int], Centroids | None] = {}

    def find(deployment: Deployment) -> Centroids | None:
        path = path_for(folder, deployment)
        written = path.stat().st_mtime_ns if path.exists() else 0
        if (path, written) not in known:
            known[path, written] = read(path)
        return known[path, written]

    return find


def write(path: Path, centroids: Centroids) -> None:
    """Keep `centroids` at `path`, whole or not at all."""
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    middles = [{"task": m.task, "level": m.level, "vector": m.vector} for m in centroids.middles]
    draft = path.with_suffix(".new")
    draft.write_text(json.dumps({"format": FORMAT, "model": centroids.model, "middles": middles}))
    draft.replace(path)
