"""`cockpit stress`: whether deployments can be relied on, found out by trying."""

from __future__ import annotations

import asyncio
import sys
from collections.abc import Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass, field, replace
from decimal import Decimal

import click

from cockpit.asking import Usd
from cockpit.commands.stress_history import print_comparisons, print_history
from cockpit.format import seconds
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from cockpit.screens.stress.words import (
    document,
    edit_command,
    edit_words,
    evidence_words,
    plan_words,
    quota_words,
    shot_words,
    verdict_words,
)
from router.app.app import App, open_app
from router.core.money import to_nano, usd
from router.core.records.stress import Load, LoadPattern, StressResult
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.stress.change import Advice, recommended
from router.core.stress.history import by_deployment, is_structural
from router.core.stress.plan import (
    RAMP_REQUESTS,
    StressPlan,
    can_be_tried,
    refusal,
    stress_plan,
    usual_targets,
)
from router.core.stress.result import TargetRun, result_of
from router.engine.engine import Engine
from router.engine.stress import StressTest
from router.engine.stress_events import ShotEnded, StressEvent, TargetEnded, TargetWaiting
from router.services.daily_quotas import read_daily_quotas

REPORTS = {"history": print_history, "compare": print_comparisons}
HEAD = ("deployment", "requests", "ok", "t/o", "429", "err", "ttft p50", "p50", "verdict", "why")
REFUSED, NOBODY, INTERRUPTED = 3, 4, 130
EARLIER = 20
"""How many earlier results of a deployment decide whether its trouble lasts."""


@dataclass(frozen=True, slots=True)
class Done:
    """What a run came to."""

    plan: StressPlan
    results: tuple[StressResult, ...]
    structural: frozenset[str] = frozenset()
    changes: Mapping[str, Advice] = field(default_factory=dict)
    """What the configuration would better say, by deployment."""
    refused: str | None = None
    out_of_money: bool = False
    interrupted: bool = False

    @property
    def exit_code(self) -> int:
        """Return 0 when all are kept."""
        if self.interrupted:
            return INTERRUPTED
        if not self.plan.targets:
            return NOBODY
        if any(result.verdict and not result.verdict.keep for result in self.results):
            return 1
        if self.refused or self.out_of_money:
            return REFUSED
        return 0 if all(result.verdict for result in self.results) else 1


@click.command(
    help="Send a few requests to deployments and say which to keep. NAME is a route, a tier or a deployment; "
    "without one all that are free, and where none is on, the local ones. "
    "`cockpit stress history [NAME]` lists earlier runs, `cockpit stress compare [NAME]` compares them."
)
@click.argument("names", nargs=-1, metavar="[NAME]...")
@click.option("--requests", type=click.IntRange(1, 100), help="Requests to each.  [default: 6]")
@click.option("--timeout", type=click.FloatRange(0.1, 600), help="Seconds for one.  [default: 20]")
@click.option("--ramp", is_flag=True, help="Go faster with each, up to the first 429: finds the limit.")
@click.option("--burst", type=click.IntRange(1, 100), metavar="N", help="N at once.")
@click.option("--probe", is_flag=True, help="One request.")
@click.option("--yes", is_flag=True, help="Agree to what costs money.")
@click.option("--max-cost", type=Usd(), help="The most all of it may cost; at 0 nothing that could is sent.")
@common_options
@click.pass_obj
def command(
    options: Options,
    names: tuple[str, ...],
    requests: int | None,
    timeout: float | None,
    ramp: bool,
    burst: int | None,
    probe: bool,
    yes: bool,
    max_cost: Decimal | None,
) -> None:
    """Run, print, and exit as the verdicts say."""
    if names and names[0] in REPORTS:
        asyncio.run(REPORTS[names[0]](options, names[1:]))
        return
    if sum((ramp, burst is not None, probe)) > 1:
        raise click.UsageError("choose one of --ramp, --burst and --probe")
    pattern = (
        LoadPattern.RAMP
        if ramp
        else LoadPattern.BURST
        if burst
        else LoadPattern.PROBE
        if probe
        else LoadPattern.SEQUENTIAL
    )
    wanted = Wanted(pattern, burst or (1 if probe else requests), timeout, yes, max_cost)
    done = asyncio.run(_stress(options, names, wanted))
    _print(options, done)
    sys.exit(done.exit_code)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What the options say; None where the configuration decides."""

    pattern: LoadPattern
    requests: int | None
    timeout_s: float | None
    yes: bool
    max_cost: Decimal | None

    def load(self, config: RouterConfig) -> Load:
        """Return what each target gets."""
        usual = RAMP_REQUESTS if self.pattern is LoadPattern.RAMP else config.stress.requests
        return Load(self.pattern, self.requests or usual, self.timeout_s or config.stress.timeout_s)


async def _stress(options: Options, names: Sequence[str], wanted: Wanted) -> Done:
    async with open_app(config=options.config, ledger=options.ledger) as app:
        engine = app.engine
        budget = None if wanted.max_cost is None else to_nano(wanted.max_cost)
        plan = stress_plan(_targets(engine, names), wanted.load(engine.config), budget)
        if not plan.targets:
            return Done(plan, ())
        say(plan_words(plan))
        for line in quota_words(plan, await read_daily_quotas(engine.config, app.reader, app.clock.now_ms())):
            say(line)
        refused = refusal(plan, agreed=wanted.yes)
        if refused:
            return Done(plan, _unsent(plan, refused, app), refused=refused)
        test = engine.stress(plan)
        interrupted = await _follow(test)
        await app.ledger.flush()
        results = _in_order(plan, test.results)
        done = Done(plan, results, out_of_money=test.out_of_money, interrupted=interrupted)
        changes = {r.deployment: edit for r in results if (edit := recommended(r, engine.config))}
        return replace(done, structural=await _structural(app, results), changes=changes)


def _targets(engine: Engine, names: Sequence[str]) -> tuple[Deployment, ...]:
    """Return who is meant and on; say who is meant and off. Raises UnknownName."""
    deployments = engine.config.deployments
    if not names:
        found = usual_targets(deployments.values())
        if not found:
            say("no free or local deployment is on: `cockpit tiers` says what each one lacks")
        return found
    meant = dict.fromkeys(member for name in names for member in engine.route(name).deployments)
    for name in meant:
        if deployments[name].off:
            say(f"{name} is left out, it is off: {deployments[name].off}")
        elif deployments[name].embeds:
            say(f"{name} is left out, it embeds and answers no prompt")
    return tuple(deployments[name] for name in meant if can_be_tried(deployments[name]))


async def _follow(test: StressTest) -> bool:
    """Run the test and say how it goes; return whether it was interrupted."""
    try:
        async with aclosing(test.events()) as events:
            async for event in events:
                _tell(event)
    except asyncio.CancelledError:
        task = asyncio.current_task()
        if task:
            task.uncancel()  # what was found so far is still to be printed
        return True
    return False


def _tell(event: StressEvent) -> None:
    match event:
        case ShotEnded(deployment, shot):
            say(f"{deployment} {shot.end.letter} {shot.n}: {shot_words(shot)}")
        case TargetWaiting(deployment, what, left_s):
            wait = f"waits {seconds(left_s)}: " if left_s else ""
            say(f"{deployment} {wait}{what}")
        case TargetEnded(result):
            say(f"{result.deployment}: {verdict_words(result)}")
        case _:
            pass


async def _structural(app: App, results: Sequence[StressResult]) -> frozenset[str]:
    """Return whose trouble lasts, this run included."""
    earlier = [r for each in results for r in await app.reader.stress_results(EARLIER, each.deployment)]
    found = by_deployment(earlier)
    return frozenset(name for name, runs in found.items() if is_structural(runs, app.zone))


def _unsent(plan: StressPlan, refused: str, app: App) -> tuple[StressResult, ...]:
    now_ms = app.clock.now_ms()
    return tuple(
        result_of("", now_ms, now_ms, plan.load, TargetRun(target, stopped=refused))
        for target in plan.targets
    )


def _in_order(plan: StressPlan, results: Sequence[StressResult]) -> tuple[StressResult, ...]:
    place = {target.deployment.name: n for n, target in enumerate(plan.targets)}
    return tuple(sorted(results, key=lambda result: place[result.deployment]))


def _print(options: Options, done: Done) -> None:
    if options.json:
        print_json([_document(done, result) for result in done.results])
    elif not done.refused:
        print_table(HEAD, [_row(done, result) for result in done.results], right=("ok", "t/o", "429", "err"))
    for change in done.changes.values():
        say(f"{edit_words(change)}: {edit_command(change)}")
    if done.refused:
        say(f"refused, nothing was sent: {done.refused}")


def _document(done: Done, result: StressResult) -> dict[str, object]:
    structural = result.deployment in done.structural
    [target] = [t for t in done.plan.targets if t.deployment.name == result.deployment]
    bound = target.each.bound_nano
    at_most = None if bound is None else usd(bound * done.plan.load.requests)
    change = done.changes.get(result.deployment)
    advice = {"bound_usd": at_most, "change": edit_command(change) if change else None}
    return document(result, structural=structural) | advice


def _row(done: Done, result: StressResult) -> tuple[str | int | None, ...]:
    return (
        result.deployment,
        result.letters,
        result.ok,
        result.timeouts,
        result.rate_limited,
        result.errors,
        seconds(None if result.ttft_p50_ms is None else result.ttft_p50_ms / 1000),
        seconds(None if result.duration_p50_ms is None else result.duration_p50_ms / 1000),
        verdict_words(result),
        evidence_words(result, structural=result.deployment in done.structural),
    )
