"""An answer that its reader found poor: one tier up is asked, by the route's rules, and it counts."""

from __future__ import annotations

from collections.abc import Awaitable
from dataclasses import replace

import pytest

from router.core.request import FoundPoor
from router.core.settings.checks import Check, CheckKind
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment, QualityPriors
from router.core.settings.routes import Climb
from router.engine.events import Answer, RouteEvent
from router.engine.virtual_time import run_virtual
from router.providers.scripted import Script
from tests.configs import CLIMB, small_config
from tests.engine.test_engine import ASK, LIMITED, Bench, answer_of

POOR = FoundPoor("r1", "T0", "Lyon")
AGAIN = replace(ASK, session=None, tags=(), instead_of=POOR)
PARIS = Script(("Paris",))


def climbed(bench: Bench, poor: FoundPoor = POOR) -> Answer:
    async def run() -> Answer:
        return answer_of(await bench.ask(replace(AGAIN, instead_of=poor)))

    return run_virtual(run())


def everyone(config: RouterConfig | None = None) -> Bench:
    return Bench({"free": [PARIS], "local": [PARIS], "paid": [PARIS]}, config)


def test_one_tier_up_answers_and_gets_the_poor_answer_and_the_verdict() -> None:
    bench = everyone()
    answer = climbed(bench)
    assert (answer.text, bench.called) == ("Paris", ["local"])
    asked, poor, wish = bench.upstream.calls[0].messages
    assert (asked, poor.role, poor.content) == (ASK.messages[0], "assistant", "Lyon")
    assert "the user found it poor" in wish.content


def test_the_ledger_and_the_reasons_show_it_as_a_climb_and_the_answer_is_rated_bad() -> None:
    bench = everyone()
    answer = climbed(bench)
    assert "one tier up from T0: the user found the answer of request r1 poor" in answer.why
    assert "free (T0) skipped: stands on T0; the climb from T0 allows what stands higher" in answer.why
    [row] = run_virtual(bench.rows())
    assert row.intent.tags == (("climbed_from", "r1"),)
    assert bench.ledger.connection.execute("SELECT request_id, good FROM rating").fetchall() == [
        ("r1", False)
    ]


def test_an_answer_that_nobody_has_any_more_is_spoken_of_and_not_made_up() -> None:
    bench = everyone()
    climbed(bench, replace(POOR, answer=None))
    [asked] = bench.upstream.calls[0].messages
    assert asked.text.startswith(ASK.messages[0].text)
    assert "An earlier answer to this is not at hand. It was not accepted:" in asked.text


def test_it_goes_to_the_lowest_tier_that_can_serve_and_no_further_when_that_fails() -> None:
    bench = Bench({"local": [LIMITED], "paid": [PARIS]})
    answer = climbed(bench)
    assert bench.called == ["local"]
    assert answer.error
    assert bench.called == ["local"]
    off = replace(small_config().deployments["local"], off="not here")
    above = everyone(small_config(changes={"local": off}))
    assert climbed(above).text == "Paris"
    assert above.called == ["paid"]


def test_a_route_that_declares_no_climb_to_paid_refuses_and_says_why() -> None:
    bench = everyone(small_config(climb=Climb()))
    error = climbed(bench, replace(POOR, tier="T1")).error
    assert error
    assert "paid: costs money and route auto does not declare climb: free_to_paid" in error.message
    assert bench.called == []


def test_a_climb_s_cap_and_the_end_of_the_ladder_refuse_too() -> None:
    capped = everyone(small_config(climb=replace(CLIMB, max_cost_nano=1)))
    error = climbed(capped, replace(POOR, tier="T1")).error
    assert error
    assert error.over_budget
    top = climbed(everyone(), replace(POOR, tier="T2")).error
    assert top
    assert "paid: stands on T2; the climb from T2 allows what stands higher" in top.message


def test_nobody_below_stands_in_where_nobody_above_is_switched_on() -> None:
    config = small_config()
    off = {name: replace(config.deployments[name], off="not here") for name in ("local", "paid")}
    bench = everyone(small_config(changes=off))
    assert climbed(bench).error
    assert bench.called == []


def test_the_answer_from_above_is_handed_over_whatever_the_route_s_checks_say() -> None:
    config = small_config()
    checked = replace(config.routes["auto"], checks=(Check("json", CheckKind.JSON),))
    bench = everyone(replace(config, routes={"auto": checked}))
    answer = climbed(bench)
    assert (answer.text, bench.called) == ("Paris", ["local"])
    assert "local failed json" in answer.why


def known(name: str, quality: float) -> dict[str, Deployment]:
    deployment = small_config().deployments[name]
    return {name: replace(deployment, quality=QualityPriors(quality))}


def test_a_rung_that_is_known_to_answer_worse_is_passed_over() -> None:
    bench = everyone(small_config(changes=known("local", 0.1)))
    answer = climbed(bench, replace(POOR, deployment="free"))
    assert (answer.text, bench.called) == ("Paris", ["paid"])
    assert "local (T1) skipped: is no better: quality 0.10, that of free is 0.50" in answer.why


def test_where_nobody_above_is_better_it_says_so_and_pays_nothing() -> None:
    bench = everyone(small_config(changes={**known("local", 0.1), **known("paid", 0.4)}))
    error = climbed(bench, replace(POOR, deployment="free")).error
    assert error
    assert "paid: is no better: quality 0.40, that of free is 0.50" in error.message
    assert bench.called == []


@pytest.mark.parametrize("name", ["T0", "free"])
def test_who_chose_a_tier_or_a_deployment_by_hand_climbs_the_ladder_from_there(name: str) -> None:
    bench = everyone()
    run = bench.ask(replace(AGAIN, name=name))
    answer = run_virtual(_answered(run))
    assert (answer.text, answer.route, bench.called) == ("Paris", "auto", ["local"])


async def _answered(run: Awaitable[list[RouteEvent]]) -> Answer:
    return answer_of(await run)
