"""The stress screen by keys alone: plan, run, verdict, history, the change to the file, and the way out."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC

import pytest

from cockpit.screens.stress.keys import WHILE_PLANNING
from cockpit.screens.stress.report import report
from cockpit.screens.stress.session import History
from cockpit.screens.stress.state import StressState, begun, ended, laid_out, toggled
from cockpit.screens.stress.targets import COLUMNS, target_row
from cockpit.session import Reload
from cockpit.ui.hint_bar import HintBar
from router.core.catalog.quotas import DailyQuota, QuotaSource
from router.core.cost.price_config import price_from_config
from router.core.records.stress import Load
from router.core.settings.edits import ConfigEdit, Drop, Proposal, SetLimit
from router.engine.stress_events import ShotStarted
from tests.cockpit.scripted import (
    DEPLOYMENTS,
    Cockpit,
    ScriptedControls,
    cockpit,
    config,
    screen_lines,
    until,
)
from tests.cockpit.stress_events import result, told

SIZES = [(60, 16), (80, 24), (160, 50)]
DAY_MS = 86_400_000
LEFT_TODAY = [column.head for column in COLUMNS].index("left today")
ROW = "gemma-free"


@dataclass
class FileControls(ScriptedControls):
    """Keeps what was proposed, written and exported."""

    proposed: list[Sequence[ConfigEdit]] = field(default_factory=list)
    written: list[Proposal] = field(default_factory=list)
    exported: list[str] = field(default_factory=list)

    async def propose(self, edits: Sequence[ConfigEdit]) -> Proposal:
        self.proposed.append(edits)
        return Proposal(
            "config.yaml", "gemma-free dropped", "-use: [gemma-free]\n+use: []\n", "before", "after"
        )

    async def propose_undo(self) -> Proposal:
        return Proposal("config.yaml", "undo", "+use: [gemma-free]\n", "after", "before", undoes=True)

    async def apply(self, proposal: Proposal) -> Reload:
        self.written.append(proposal)
        return Reload("new configuration: route auto changed")

    async def export(self, name: str, text: str) -> str:
        self.exported.append(text)
        return f"/reports/{name}.md"


def stressed() -> tuple[Cockpit, FileControls]:
    world = cockpit(controls=FileControls)
    assert isinstance(world.controls, FileControls)
    return world, world.controls


@pytest.mark.parametrize("size", SIZES)
async def test_the_plan_comes_first_and_sends_nothing(size: tuple[int, int]) -> None:
    world, _ = stressed()
    async with world.app.run_test(size=size) as pilot:
        await pilot.press("3")
        text = await until(pilot, "6 requests each")
        assert "1 target, 6 requests" in text
        assert "[x] gemma-free" in text
        assert "[ ] deepseek" in text
        assert "s start" in screen_lines(world.app)[-1]
        assert world.engine.tested == []


@pytest.mark.parametrize("size", SIZES)
async def test_a_run_shows_a_letter_per_request_and_the_verdict(size: tuple[int, int]) -> None:
    world, _ = stressed()
    world.engine.test = told(ROW, "ootXoo")
    async with world.app.run_test(size=size) as pilot:
        await pilot.press("3", "j", "s")
        text = await until(pilot, "ootXoo")
        assert "drop" in text
        assert "6 of 6 sent, 4 answered" in text
        assert [plan.requests for plan in world.engine.tested] == [6]


PRICED = [
    replace(d, price=price_from_config({"input_mtok": "1", "output_mtok": "2"}))
    if d.name == "deepseek"
    else d
    for d in DEPLOYMENTS
]


@pytest.mark.parametrize(("answer", "sent"), [(["escape"], 0), ([*"no", "enter"], 0), ([*"yes", "enter"], 1)])
async def test_what_costs_money_is_sent_after_a_typed_yes_to_its_price(answer: list[str], sent: int) -> None:
    world = cockpit(deployments=PRICED)
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "j", "j", "space", "s")
        await until(pilot, "deepseek would cost money, at most $0.00")
        assert world.engine.tested == []
        await pilot.press(*answer)
        await pilot.pause()
        assert len(world.engine.tested) == sent


async def test_a_yes_to_one_price_sends_no_plan_of_another() -> None:
    world = cockpit(deployments=PRICED)
    dearer = price_from_config({"input_mtok": "50", "output_mtok": "100"})
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "j", "j", "space", "s")
        await until(pilot, "deepseek would cost money")
        world.controls.file = config([replace(d, price=dearer) if d.price else d for d in PRICED])
        await until(pilot, "new configuration", seconds=4)
        await pilot.press(*"yes", "enter")
        await until(pilot, "the plan is another one now")
        assert world.engine.tested == []


async def test_a_configuration_that_changed_under_a_run_is_gone_by_after_it() -> None:
    world, _ = stressed()
    world.engine.test = [ShotStarted(ROW, 1)]
    world.engine.hangs = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "s")
        await until(pilot, ">.....")
        world.controls.file = config([d for d in DEPLOYMENTS if d.name != "deepseek"])
        await until(pilot, "new configuration", seconds=4)
        await pilot.press("escape")
        text = await until(pilot, "stopped ─╯")
        assert "deepseek" not in text


async def test_what_has_no_known_price_is_never_sent() -> None:
    world, _ = stressed()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "j", "j", "space", "s")
        await until(pilot, "the price of deepseek is unknown")
        assert world.engine.tested == []


async def test_escape_stops_a_run_and_says_so() -> None:
    world, _ = stressed()
    world.engine.test = [ShotStarted(ROW, 1)]
    world.engine.hangs = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "s")
        await until(pilot, ">.....")
        assert "Esc stop" in screen_lines(world.app)[-1]
        await pilot.press("e")
        await until(pilot, "a test is under way: Esc stops it")
        await pilot.press("escape")
        await until(pilot, "stopped ─╯")
        assert world.app.query_one(HintBar).line.hints == WHILE_PLANNING


async def test_q_asks_while_a_test_is_under_way() -> None:
    world, _ = stressed()
    world.engine.test = [ShotStarted(ROW, 1)]
    world.engine.hangs = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "s")
        await until(pilot, ">.....")
        await pilot.press("q")
        await until(pilot, "Stop it, keep what it has found")
        await pilot.press("escape")
        await until(pilot, ">.....")
        assert world.app.is_running
        await pilot.press("q", *"yes", "enter")
        await pilot.pause()
    assert not world.app.is_running


async def test_keys_change_the_plan() -> None:
    world, _ = stressed()
    async with world.app.run_test(size=(160, 50)) as pilot:
        await pilot.press("3", "plus")
        await until(pilot, "7 requests each")
        await pilot.press("minus", "minus")
        await until(pilot, "5 requests each")
        await pilot.press("e")
        await until(pilot, "ramp, one more a minute")
        await pilot.press("space")  # smollm, under the cursor
        await until(pilot, "2 targets")
        await pilot.press("space", "j", "space")
        await until(pilot, "no target is chosen")
        await pilot.press("s")
        assert world.engine.tested == []


async def test_a_writes_what_the_verdict_asks_for_once_it_is_agreed_to_and_u_takes_it_back() -> None:
    world, controls = stressed()
    world.engine.test = told(ROW, "tttttt")
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "j", "s")
        await until(pilot, "a  drop gemma-free from every route")
        await pilot.press("a")
        await until(pilot, "+use: []")
        await pilot.press("escape")
        await pilot.pause()
        assert controls.written == []
        await pilot.press("a")
        await until(pilot, "+use: []")
        await pilot.press("enter")
        await until(pilot, "route auto changed")
        assert [proposal.title for proposal in controls.written] == ["gemma-free dropped"]
        assert controls.proposed[0] == [Drop(ROW, "stress test: congested")]
        await pilot.press("u", "enter")
        await until(pilot, "route auto changed")
        assert controls.written[-1].undoes


async def test_a_learned_limit_is_what_a_writes() -> None:
    world, controls = stressed()
    world.engine.test = told(ROW, "ooooX")
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "j", "s")
        await until(pilot, "a  set limits.rpm of gemma-free to 3")
        await pilot.press("a")
        await until(pilot, "+use: []")
    assert controls.proposed == [[SetLimit(ROW, "rpm", 3)]]


async def test_a_sound_target_has_nothing_to_apply() -> None:
    world, controls = stressed()
    world.engine.test = told(ROW, "oooooo")
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "j", "s")
        await until(pilot, "keep healthy")
        await pilot.press("a")
        await until(pilot, "this verdict asks for no change")
    assert controls.proposed == []


async def test_h_shows_the_events_where_there_is_room_for_one_pane() -> None:
    world, _ = stressed()
    world.engine.test = told(ROW, "oooooo")
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "s")
        assert "Events" not in await until(pilot, "keep healthy")
        await pilot.press("h")
        await until(pilot, "gemma-free #6 o 200")


async def test_earlier_runs_are_shown_with_how_the_last_one_stands_to_them() -> None:
    world, _ = stressed()
    now = world.clock.now_ms()
    for run, (days, letters) in enumerate([(3, "oooooo"), (2, "tttttt"), (1, "ttt")]):
        world.ledger.note(result(ROW, letters, run_id=f"run{run}", started_ms=now - days * DAY_MS))
    async with world.app.run_test(size=(160, 50)) as pilot:
        await pilot.press("3", "j")
        text = await until(pilot, "structural: failed on several days")
        assert "kept 1 of 3" in text
        assert "was: drop congested" in text


def test_what_is_left_today_is_the_allowance_that_deployments_share() -> None:
    """An account's free models draw from one allowance, so each shows what is left for all."""
    shared = DailyQuota("openrouter", ("smollm", ROW), 8, 50, QuotaSource.PROVIDER, 0, None)
    history = History(tanks={"smollm": shared, ROW: shared})
    state = laid_out(StressState(), DEPLOYMENTS)
    left = [target_row(view, state, history).cells[LEFT_TODAY][0] for view in state.targets]
    assert left == ["42/50", "42/50", "", ""]


async def test_x_exports_the_run_and_says_where() -> None:
    world, controls = stressed()
    world.engine.test = told(ROW, "oooooo")
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("3", "x")
        await until(pilot, "no test has ended here yet")
        await pilot.press("s")
        await until(pilot, "keep healthy")
        await pilot.press("x")
        await until(pilot, "written to /reports/stress.md")
    [text] = controls.exported
    assert "| gemma-free | google/gemma-3-27b-it:free | oooooo | 6 | 0 |" in text


def test_a_report_has_a_row_per_target_that_was_tried() -> None:
    state = toggled(laid_out(StressState(Load(requests=2)), DEPLOYMENTS), "smollm")
    state = ended(begun(state, 0.0), [result("smollm", "oo"), result(ROW, "oX")], stopped=False)
    text = report(state, History(structural=frozenset({ROW})), UTC)
    assert text.count("\n| ") == 4
    assert "structural" in text


async def test_hostile_evidence_reaches_the_screen_as_pictures_and_nothing_else() -> None:
    world, _ = stressed()
    world.engine.test = told(ROW, "!!!", evidence="\x1b]52;c;ZXZpbA==\x07[/nope]")
    async with world.app.run_test(size=(160, 50)) as pilot:
        await pilot.press("3", "j", "s")
        text = await until(pilot, "drop gone")
        assert "␛]52;c;ZXZpbA==␇[/nope]" in text
        assert "\x1b" not in text
