"""One request on its way: what it began under, and what has happened to it so far.

Holds; decides nothing.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from router.core.records.admission import Refusal
from router.core.request import Request
from router.core.retry.fallback import PastAttempt
from router.core.routing.selection import Selection
from router.core.settings.config import RouterConfig
from router.core.settings.routes import Route
from router.engine.attempt import Attempt
from router.engine.escalating import Escalating
from router.engine.events import AttemptRecord
from router.engine.planned import Planned
from router.engine.planner import Planner
from router.engine.shared_state import SharedState


@dataclass(slots=True)
class Run:
    """The state of one request; its configuration stays the one it began under, whatever is reloaded."""

    first: Planned
    """What was asked at first."""
    planned: Planned
    """What is sent next."""
    config: RouterConfig
    shared: SharedState
    planner: Planner
    answers: Escalating
    request_id: str
    started: float
    selection: Selection
    """Who may serve what is sent next, as things were when that was last asked."""
    attempt: Attempt | None = None
    """The one that is being made."""
    past: list[PastAttempt] = field(default_factory=list)
    records: list[AttemptRecord] = field(default_factory=list)
    refusals: dict[str, Refusal] = field(default_factory=dict)
    """Why the ledger did not admit an attempt, by deployment; nothing was sent there."""
    waited_s: float = 0.0
    """How long it has waited for a deployment's cooldown to end, or for a limit to free."""
    rested: bool = False
    """It has waited since its last attempt."""
    text: str = ""
    kinds: frozenset[str] = frozenset()
    """Which kinds of content the last attempt brought."""

    @property
    def request(self) -> Request:
        """What is sent next: what was asked, with the task, level and language that were found."""
        return self.planned.assigned.request

    @property
    def asked(self) -> Request:
        """What was asked, whatever an attempt has carried along since."""
        return self.first.assigned.request

    @property
    def route(self) -> Route:
        """Who may serve it."""
        return self.planned.assigned.route

    def go_on(self) -> None:
        """Have what was asked at first, with a poor answer and its faults behind it, be what is sent next."""
        self.planned = self.first.carrying(self.answers.carrying(self.asked))
        self.selection = self.planner.select(self.planned)
