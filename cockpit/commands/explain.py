"""`cockpit explain`: the decision and the estimates, before anything is sent."""

from __future__ import annotations

import asyncio
from decimal import Decimal

import click

from cockpit.asking import Ask, asking_options
from cockpit.format import money
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.app.planning import open_planning
from router.core.money import usd
from router.core.request import Request
from router.core.retry.why import describe, score_inputs
from router.core.routing.selection import Candidate, Plan

INPUTS = ("cost", "quality", "health", "budget")
"""What a score is made of; `budget` is the highest used fraction of the budgets that apply."""


@click.command(help="Show who would serve a prompt, why, and at what cost. Sends nothing, writes nothing.")
@asking_options
@common_options
@click.pass_obj
def command(
    options: Options,
    name: str | None,
    task: str | None,
    level: str | None,
    language: str | None,
    max_tokens: int | None,
    thinking: int | None,
    max_cost: Decimal | None,
    session: str | None,
    tag: tuple[tuple[str, str], ...],
    climb: str | None,
    prompt: str | None,
) -> None:
    """Plan the request and print the plan."""
    asked = Ask(name, task, level, language, max_tokens, thinking, max_cost, session, tag, climb, prompt)
    plan = asyncio.run(_plan(options, asked.request(options.ledger)))
    if options.json:
        print_json(document(plan))
        return
    head = ("", "deployment", "tier", "score", *INPUTS, "expected", "at most", "why")
    rows = [_row(candidate, chosen=candidate is plan.chosen) for candidate in plan.candidates]
    print_table(head, rows, right=("score", *INPUTS, "expected", "at most"))
    say(describe(plan))


async def _plan(options: Options, request: Request) -> Plan:
    async with open_planning(config=options.config, ledger=options.ledger) as app:
        return app.planner.plan(request)


def _row(candidate: Candidate, *, chosen: bool) -> tuple[str | None, ...]:
    """Return a candidate's line; behind its quality stands how many observations that rests on, if any."""
    score, seen = candidate.score, candidate.quality_count
    inputs = (score.cost, score.quality, score.health, score.pressure) if score else (None,) * len(INPUTS)
    figures = ["?" if value is None else f"{value:.2f}" for value in inputs]
    figures[1] += f" ({seen})" if seen else ""
    clamped = f"; {candidate.clamped}" if candidate.clamped else ""
    learned = f"; estimate learned from {candidate.learned_from} calls" if candidate.learned_from else ""
    return (
        "→" if chosen else "",
        candidate.deployment,
        candidate.tier,
        f"{score.total:.2f}" if score else None,
        *figures,
        money(candidate.estimate_nano_usd),
        money(candidate.bound_nano_usd),
        candidate.reason + clamped + learned,
    )


def document(plan: Plan) -> dict[str, object]:
    """Return the JSON of `explain --json`."""
    return {
        "route": plan.route,
        "task": plan.task,
        "level": plan.level,
        "language": plan.language,
        "candidates": [
            {
                "deployment": candidate.deployment,
                "tier": candidate.tier,
                "chosen": candidate is plan.chosen,
                "eligible": candidate.eligible,
                "reason": candidate.reason,
                "score": round(candidate.score.total, 4) if candidate.score else None,
                "score_inputs": score_inputs(candidate.score),
                "quality_count": candidate.quality_count,
                "estimate_usd": usd(candidate.estimate_nano_usd),
                "bound_usd": usd(candidate.bound_nano_usd),
                "learned_from_calls": candidate.learned_from,
                "max_tokens": candidate.max_tokens,
                "thinking_tokens": candidate.thinking_tokens,
                "clamped": candidate.clamped,
                "full": candidate.full,
                "back_in_s": candidate.back_in_s,
            }
            for candidate in plan.candidates
        ],
        "notes": list(plan.notes),
        "why": describe(plan),
    }
