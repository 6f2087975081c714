"""`cockpit explain`: the decision and the estimates, before anything is sent."""

from __future__ import annotations

from decimal import Decimal

import click

from cockpit.asking import Ask, asking_options
from cockpit.format import money
from cockpit.options import Options, common_options
from cockpit.plain import print_json, print_table, say
from router.core.money import usd
from router.core.selection import Plan
from router.core.why import tell
from router.wiring import planning


@click.command(help="Show who would serve a prompt, why, and at what cost. Sends nothing, writes nothing.")
@asking_options
@common_options
@click.pass_obj
def command(
    options: Options,
    name: str,
    task: str | None,
    max_tokens: int | None,
    max_cost: Decimal | None,
    session: str | None,
    tag: tuple[tuple[str, str], ...],
    prompt: str | None,
) -> None:
    """Plan the request and print the plan."""
    request = Ask(name, task, max_tokens, max_cost, session, tag, prompt).request()
    plan = planning(config=options.config).plan(request)
    if options.json:
        print_json(document(plan))
        return
    rows = [
        (
            "→" if candidate is plan.chosen else "",
            candidate.deployment,
            candidate.tier,
            money(candidate.estimate_nano_usd),
            money(candidate.bound_nano_usd),
            candidate.reason,
        )
        for candidate in plan.candidates
    ]
    print_table(("", "deployment", "tier", "expected", "at most", "why"), rows, right=("expected", "at most"))
    say(tell(plan))


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
                "reason": candidate.reason,
                "score": candidate.score,
                "estimate_usd": usd(candidate.estimate_nano_usd),
                "bound_usd": usd(candidate.bound_nano_usd),
            }
            for candidate in plan.candidates
        ],
        "why": tell(plan),
    }
