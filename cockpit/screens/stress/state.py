"""A stress test as a value: who is chosen, what each is to get, and how far it has come.

`apply` is a pure reducer over the test's events. What is sent when, and what it shows, is the engine's.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from enum import StrEnum

from cockpit.screens.stress.words import shot_words, verdict_words
from router.core.records.stress import Load, LoadPattern, StressResult
from router.core.settings.deployments import Deployment
from router.core.settings.policy import StressDefaults
from router.core.stress.plan import RAMP_REQUESTS, StressPlan, Target, stress_plan, target, usual_targets
from router.core.stress.shots import Shot
from router.engine.stress_events import ShotEnded, ShotStarted, StressEvent, TargetEnded, TargetWaiting

UNDER_WAY, QUEUED = ">", "."

MOST_NEWS = 200

MOST_REQUESTS = 100


class StressPhase(StrEnum):
    """How far a test has come; the words stand on screen."""

    PLANNED = "nothing is sent until you press s"
    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class TargetView:
    """One deployment: chosen or not, and what has come of it."""

    target: Target
    tier: str
    chosen: bool = False
    planned: int = 0
    """Requests it gets in the test under way, or got in the last one; 0 when it had no part."""
    shots: tuple[Shot, ...] = ()
    under_way: frozenset[int] = frozenset()
    doing: str = ""
    """What its next request waits for."""
    result: StressResult | None = None

    @property
    def name(self) -> str:
        """The deployment's."""
        return self.target.deployment.name

    @property
    def off(self) -> str | None:
        """Why it cannot be tried at all."""
        return self.target.deployment.off

    @property
    def letters(self) -> str:
        """One per request: how it ended, `>` under way, `.` queued."""
        if self.result is not None:
            return self.result.letters
        ended = {shot.n: shot.end.letter for shot in self.shots}
        return "".join(
            ended.get(n, UNDER_WAY if n in self.under_way else QUEUED) for n in range(1, self.planned + 1)
        )


@dataclass(frozen=True, slots=True)
class StressState:
    """The screen's whole state."""

    load: Load = field(default_factory=Load)
    targets: tuple[TargetView, ...] = ()
    phase: StressPhase = StressPhase.PLANNED
    news: tuple[str, ...] = ()
    """What has happened, newest first, not sanitised."""
    began_s: float = 0.0
    error: str = ""

    @property
    def is_running(self) -> bool:
        """Whether requests are under way."""
        return self.phase is StressPhase.RUNNING

    @property
    def plan(self) -> StressPlan:
        """What would be sent now."""
        return stress_plan([view.target.deployment for view in self.targets if view.chosen], self.load)

    def at(self, name: str | None) -> TargetView | None:
        """Return the target called `name`."""
        return next((view for view in self.targets if view.name == name), None)


def laid_out(state: StressState, deployments: Iterable[Deployment]) -> StressState:
    """Return the state over the deployments of a configuration; a target that stays keeps its row.

    On the first call those are chosen that cost nothing, as the command does it. What is off comes last.
    """
    everyone = sorted(
        (each for each in deployments if not each.embeds),
        key=lambda each: (each.off is not None, each.tier.rank),
    )
    usual = {deployment.name for deployment in usual_targets(everyone)} if not state.targets else set()
    views = []
    for deployment in everyone:
        fresh = TargetView(target(deployment), deployment.tier.name, deployment.name in usual)
        known = state.at(deployment.name)
        kept = replace(known, target=fresh.target, tier=fresh.tier) if known else fresh
        views.append(replace(kept, chosen=kept.chosen and kept.off is None))
    return replace(state, targets=tuple(views))


def toggled(state: StressState, name: str) -> StressState:
    """Return the state with a target chosen, or no longer; one that is off cannot be."""
    views = (
        replace(view, chosen=not view.chosen and view.off is None) if view.name == name else view
        for view in state.targets
    )
    return replace(state, targets=tuple(views))


def next_pattern(state: StressState, usual: StressDefaults) -> StressState:
    """Return the state with the next pattern, and as many requests as that usually has."""
    order = list(LoadPattern)
    pattern = order[(order.index(state.load.pattern) + 1) % len(order)]
    requests = {LoadPattern.RAMP: RAMP_REQUESTS, LoadPattern.PROBE: 1}.get(pattern, usual.requests)
    return replace(state, load=replace(state.load, pattern=pattern, requests=requests))


def more(state: StressState, by: int) -> StressState:
    """Return the state with more requests to each, or fewer; a probe is always one."""
    if state.load.pattern is LoadPattern.PROBE:
        return state
    requests = min(MOST_REQUESTS, max(1, state.load.requests + by))
    return replace(state, load=replace(state.load, requests=requests))


def begun(state: StressState, now_s: float) -> StressState:
    """Return the state of a test that starts with what is chosen."""
    views = tuple(
        replace(
            view,
            planned=state.load.requests if view.chosen else 0,
            shots=(),
            under_way=frozenset(),
            doing="",
            result=None,
        )
        for view in state.targets
    )
    return replace(state, targets=views, phase=StressPhase.RUNNING, news=(), began_s=now_s, error="")


def apply(state: StressState, event: StressEvent) -> StressState:
    """Return the state after one event."""
    name = event.result.deployment if isinstance(event, TargetEnded) else event.deployment
    view = state.at(name)
    if view is None:
        return state
    views = tuple(_after(view, event) if each is view else each for each in state.targets)
    told = _told(event)
    return replace(state, targets=views, news=(told, *state.news)[:MOST_NEWS] if told else state.news)


def ended(
    state: StressState, results: Iterable[StressResult], *, stopped: bool, error: str = ""
) -> StressState:
    """Return the state of a test that is over, with what came of each target."""
    for result in results:
        known = state.at(result.deployment)
        if known is not None and known.result is None:
            state = apply(state, TargetEnded(result))
    phase = StressPhase.FAILED if error else StressPhase.STOPPED if stopped else StressPhase.DONE
    return replace(state, phase=phase, error=error)


def _after(view: TargetView, event: StressEvent) -> TargetView:
    match event:
        case ShotStarted():
            return replace(view, under_way=view.under_way | {event.n}, doing="")
        case ShotEnded():
            return replace(view, shots=(*view.shots, event.shot), under_way=view.under_way - {event.shot.n})
        case TargetWaiting():
            return replace(view, doing=event.what)
        case TargetEnded():
            return replace(view, result=event.result, under_way=frozenset(), doing="")


def _told(event: StressEvent) -> str:
    """Return the line for one event; empty for what the target's row says already."""
    match event:
        case ShotEnded():
            return f"{event.deployment} #{event.shot.n} {event.shot.end.letter} {shot_words(event.shot)}"
        case TargetEnded():
            stopped = f", {event.result.stopped}" if event.result.stopped else ""
            return f"{event.result.deployment}: {verdict_words(event.result)}{stopped}"
        case _:
            return ""
