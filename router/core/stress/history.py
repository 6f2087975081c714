"""What earlier runs say of a target: whether its trouble lasts, and how it has moved.

Pure, over results as the ledger gives them, newest first.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import tzinfo
from itertools import groupby, takewhile

from router.core.records.stress import Cause, StressResult
from router.core.windows import local_date


def by_deployment(results: Iterable[StressResult]) -> dict[str, tuple[StressResult, ...]]:
    """Return every deployment's results, in the order given."""
    ranked = sorted(results, key=lambda result: result.deployment)  # stable: newest stay first
    return {name: tuple(found) for name, found in groupby(ranked, key=lambda result: result.deployment)}


def failed(result: StressResult) -> bool:
    """Whether a run found a fault; a limit that lets something through is none."""
    verdict = result.verdict
    if verdict is None or verdict.keep:
        return False
    return verdict.cause is not Cause.RATE_LIMITED or result.ok == 0


def is_structural(results: Sequence[StressResult], zone: tzinfo) -> bool:
    """Whether one deployment's latest runs, newest first, have failed on two days or more in `zone`.

    A run that passed ends the row; one that was stopped says nothing.
    """
    told = [result for result in results if result.verdict is not None]
    row = takewhile(failed, told)
    return len({local_date(result.started_ms, zone) for result in row}) > 1


@dataclass(frozen=True, slots=True)
class StressComparison:
    """One deployment's latest run beside those before."""

    deployment: str
    latest: StressResult
    before: StressResult | None
    """The run before it; None when there was none."""
    runs: int
    kept: int
    """Of those with a verdict."""

    @property
    def slower_by_ms(self) -> int | None:
        """How much the median moved since the run before; None where either has none."""
        was = self.before.duration_p50_ms if self.before else None
        now = self.latest.duration_p50_ms
        return None if was is None or now is None else now - was

    @property
    def changed(self) -> bool:
        """Whether the verdict is another one than before."""
        if self.before is None or self.before.verdict is None or self.latest.verdict is None:
            return False
        return self.before.verdict.word != self.latest.verdict.word


def compare(results: Sequence[StressResult]) -> StressComparison:
    """Compare one deployment's results, newest first. Raises ValueError when there are none."""
    if not results:
        raise ValueError("there is no run to compare")
    judged = [result.verdict for result in results if result.verdict is not None]
    before = results[1] if len(results) > 1 else None
    kept = sum(verdict.keep for verdict in judged)
    return StressComparison(results[0].deployment, results[0], before, len(judged), kept)
