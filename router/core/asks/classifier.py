"""Who says what kind of work an ask is, where the built-in classifier is not to."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class EmbeddingsClassifier:
    """Who is asked for embeddings instead of the built-in classifier."""

    deployment: str
    timeout_s: float = 0.5
    """After this the built-in one decides."""
    margin: float = 0.02
    """How much nearer the task must lie than the next one, of 2 at most."""
