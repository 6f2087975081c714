"""What processes know of the deployments in the simulation, and must therefore leave alone.

A process knows what it was told at once; all processes know what the ledger has committed. What only a
process that died knew, nobody knows.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from tests.simulation.bills import Served

ROUNDING_S = 2e-3
"""Rests are kept in whole milliseconds."""


@dataclass(slots=True)
class Known:
    """What one process, or the ledger, knows. Moments are on the clock that never steps."""

    rests: dict[str, float] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    """Deployments that are gone, and keys that are dead."""

    def learn(self, call: Served) -> None:
        """Take in what a call's answer said."""
        if call.hint_until_s is not None:
            self.rests[call.deployment] = max(call.hint_until_s, self.rests.get(call.deployment, 0.0))
        if call.status == 404:
            self.gone.add(call.deployment)
        elif call.status == 401:
            self.gone.add(call.key)

    def objection(self, deployment: str, key: str, now_s: float) -> str | None:
        """Return why nobody may be sent there now, or None."""
        until_s = self.rests.get(deployment, 0.0)
        if {deployment, key} & self.gone:
            return f"{deployment} was asked at {now_s:.3f} s after it had refused for good"
        if now_s < until_s - ROUNDING_S:
            return f"{deployment} was asked at {now_s:.3f} s and had asked for rest until {until_s:.3f} s"
        return None


@dataclass(slots=True)
class Probes:
    """Deployments whose rest is not proven over: one caller at a time may try."""

    unproven: set[str] = field(default_factory=set)
    trying: dict[str, str] = field(default_factory=dict)
    """The prompt that tries a deployment."""

    def started(self, deployment: str, prompt: str, now_s: float) -> str | None:
        """Note an admission; return what is wrong with it, or None."""
        if deployment not in self.unproven:
            return None
        if deployment in self.trying:
            return f"{deployment} was probed by two at once at {now_s:.3f} s"
        self.trying[deployment] = prompt
        return None

    def proven(self, deployment: str, prompt: str) -> None:
        """Note that the one that tries is answered: others may come while it still listens."""
        if self.trying.get(deployment) == prompt:
            self.unproven.discard(deployment)
            del self.trying[deployment]

    def ended(self, deployment: str, prompt: str) -> None:
        """Note that a call is over, however."""
        if self.trying.get(deployment) == prompt:
            del self.trying[deployment]
