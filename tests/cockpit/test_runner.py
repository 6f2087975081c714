"""The prompt runner by keys alone: type, Enter, read, stop, override; and what hostile text cannot do."""

from __future__ import annotations

import pytest
from textual.events import Paste
from textual.pilot import Pilot

from cockpit.screens.runner.answer import Answer
from cockpit.screens.runner.prompt import Prompt
from router.core.records.answers import CachedResponse
from router.core.request import FoundPoor
from tests.cockpit.scripted import cockpit, screen_lines, screen_text, until

SIZES = [(60, 16), (80, 24), (160, 50)]


async def ask(pilot: Pilot[None], words: str) -> None:
    await pilot.press("2", *words, "enter")


@pytest.mark.parametrize("size", SIZES)
async def test_a_prompt_is_answered_with_its_figures_and_appears_on_the_dashboard(
    size: tuple[int, int],
) -> None:
    world = cockpit()
    async with world.app.run_test(size=size) as pilot:
        await ask(pilot, "hi")
        text = await until(pilot, "✓ done")
        for shown in ("you> hi", "WAL keeps readers and one writer apart.", "T1 smollm", "ttft 410ms"):
            assert shown in text
        for shown in ("in 9", "out 4", "$0 local", "✓ T1 smollm used", "auto → T1"):
            assert shown in text
        await pilot.press("escape")
        await pilot.press("1")
        text = await until(pilot, "12:00:00")
        assert "smollm" in text
        assert "✓ ok" in text
    assert world.engine.sent[0].messages[0].content == "hi"
    assert world.engine.sent[0].source == "cockpit"


async def test_a_long_wait_says_what_is_waited_for_and_for_how_long() -> None:
    world = cockpit()
    world.engine.waiting, world.engine.piece_s = "starting the embedded model", 30.0
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        await until(pilot, "starting the embedded model 0s")
        world.clock.advance(3)
        world.app._tick()
        text = await until(pilot, "starting the embedded model 3s")
        assert "T1 smollm" in text
        assert "Esc stop" in text


async def test_escape_stops_a_stream_and_its_row_is_settled() -> None:
    world = cockpit()
    world.engine.hangs = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        await until(pilot, "▸ streaming")
        assert "one writer apart." in screen_text(world.app)
        await pilot.press("escape")
        await until(pilot, "■ stopped")
        assert "by you" in screen_text(world.app)
        text = await until(pilot, "$0 local")  # what the ledger settled of it
        assert "in 9" in text
        await pilot.press("escape")
        await pilot.press("1")
        await until(pilot, "■ stopped")
    (entry,) = await world.ledger.recent(5)
    assert entry.status.value == "cancelled"


async def test_quitting_during_a_stream_settles_its_row() -> None:
    world = cockpit()
    world.engine.hangs = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        await until(pilot, "▸ streaming")
        await pilot.press("ctrl+q")
    (entry,) = await world.ledger.recent(5)
    assert entry.status.value == "cancelled"
    assert world.app.return_code == 0


async def test_a_second_prompt_while_one_runs_is_refused_and_kept() -> None:
    world = cockpit()
    world.engine.hangs = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "a")
        await until(pilot, "▸ streaming")
        await pilot.press("b", "enter")
        await until(pilot, "one prompt at a time: Esc stops the one that runs")
        assert world.app.query_one(Prompt).text == "b"
        assert len(world.engine.sent) == 1


async def test_the_override_is_shown_where_one_types_and_goes_with_the_prompt() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        await until(pilot, "tier: auto")
        await pilot.press("ctrl+t", "ctrl+t", "ctrl+t", "ctrl+t")
        await until(pilot, "tier: T3")
        await pilot.press("h", "enter")
        await until(pilot, "✓ T3 deepseek used")
        await pilot.press("ctrl+t")
        await until(pilot, "tier: auto")
    assert [request.name for request in world.engine.sent] == ["T3"]


async def test_a_failure_is_told_in_the_answer_and_the_next_prompt_works() -> None:
    world = cockpit()
    world.engine.error = "everyone is away"
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        text = await until(pilot, "failed: everyone is away")
        assert "Try again in 30 s." in text
        assert "503 transient" in text
        world.engine.error = ""
        await pilot.press("x", "enter")
        await until(pilot, "✓ done")


async def test_one_key_asks_one_tier_up_with_the_poor_answer_along() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "ctrl+g")
        await until(pilot, "there is no answer to ask one tier up about")
        await ask(pilot, "hi")
        await until(pilot, "✓ done")
        await pilot.press("ctrl+g")
        await until(pilot, "one tier up from T1: you found that answer poor")
        await until(pilot, "✓ done")
    first, again = world.engine.sent
    assert (first.instead_of, again.name, again.messages) == (None, "auto", first.messages)
    assert again.instead_of == FoundPoor("r0001", "T1", "", "smollm")


async def test_a_kept_answer_is_shown_as_one() -> None:
    world = cockpit()
    world.engine.kept = CachedResponse("k", "WAL, as I said.", "smollm", world.clock.now_ms())
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        text = await until(pilot, "✓ done, a kept answer")
        assert "WAL, as I said." in text
        assert "nobody can serve: this is what smollm answered" in text


async def test_a_refusal_by_the_engine_itself_is_text_and_no_crash() -> None:
    world = cockpit()
    world.engine.refuses = True
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        await until(pilot, "no route, tier, deployment or alias is called")
        assert "✗ failed" in screen_text(world.app)


async def test_an_unknown_cost_is_a_question_mark_and_not_zero() -> None:
    world = cockpit()
    world.engine.cost_nano = None
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        assert "? unknown" in await until(pilot, "✓ done")


async def test_escape_leaves_the_prompt_for_the_keys_and_i_comes_back() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "1", "q")
        assert world.app.query_one(Prompt).text == "1q"
        await pilot.press("escape")
        await until(pilot, "i type")
        await pilot.press("i")
        await until(pilot, "Enter send")
        await pilot.press("escape", "1")
        await until(pilot, "[1 Dash]")


async def test_a_paste_with_line_ends_is_text_and_sends_nothing() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        world.app.query_one(Prompt).post_message(Paste("one\r\ntwo\x1b[2J\n"))
        text = await until(pilot, "two␛[2J")
        assert "one" in text
        assert world.app.query_one(Prompt).text == "one\ntwo␛[2J\n"
        await pilot.press("ctrl+j", "x")
        assert world.app.query_one(Prompt).text.endswith("\n\nx")
        assert world.engine.sent == []


async def test_the_arrows_bring_back_earlier_prompts_and_the_one_being_typed() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2")
        for words in ("one", "two"):
            await pilot.press(*words, "enter")
            await until(pilot, f"you> {words}")
            await until(pilot, "✓ done")
        prompt = world.app.query_one(Prompt)
        seen = []
        await pilot.press("d")
        for key in ("up", "up", "up", "down", "down", "down"):
            await pilot.press(key)
            seen.append(prompt.text)
        assert seen == ["two", "one", "one", "two", "d", "d"]


async def test_an_empty_prompt_is_not_sent() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "space", "enter")
        await pilot.pause()
        assert world.engine.sent == []


async def test_the_price_on_every_tier_is_told_before_sending() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await pilot.press("2", "h")
        await until(pilot, "auto → T1   T0 –   T1 T2 $0   T3 ~$0.00041")


async def test_a_long_answer_is_followed_until_one_scrolls_and_again_at_its_end() -> None:
    world = cockpit()
    world.engine.pieces = tuple(f"line {n}\n" for n in range(60))
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        await until(pilot, "✓ done")
        await until(pilot, "line 59")
        await pilot.press("escape", "g")
        assert "line 59" not in await until(pilot, "you> hi")
        answer = world.app.query_one(Answer)
        answer.grow("more\n")
        await pilot.pause()
        assert "you> hi" in screen_text(world.app)
        await pilot.press("G")
        await until(pilot, "more")
        answer.grow("and more")
        await until(pilot, "and more")


async def test_y_copies_the_last_answer() -> None:
    world = cockpit()
    async with world.app.run_test(size=(80, 24)) as pilot:
        await ask(pilot, "hi")
        await until(pilot, "✓ done")
        await pilot.press("escape", "y")
        await until(pilot, "sent to the terminal's clipboard")
        assert world.app.clipboard == "WAL keeps readers and one writer apart."


HOSTILE = (
    "\x1b]52;c;aGFjaw==\x07",
    "\x1b[2J\x1b[H",
    "\x9b31m\x90",
    "\u202edrowssap\u2066",
    "[/] [@click=app.quit]x[/] [red]",
    "\x1b]8;;http://evil\x1b",
    "\\link",
    "a\r\x08\x7f\x00b",
    "\U000e0041",
    "\ud83d",
    "漢" * 90,
)


@pytest.mark.parametrize("size", SIZES)
async def test_hostile_text_reaches_the_screen_as_pictures_and_nothing_else(size: tuple[int, int]) -> None:
    world = cockpit()
    world.engine.pieces = HOSTILE
    world.engine.error = "bad [/] \x1b]0;title\x07 \u202e"
    world.engine.waiting = "[/nope] \x1b[2J"
    async with world.app.run_test(size=size) as pilot:
        await ask(pilot, "hi")
        await until(pilot, "✗ failed")
        shown = screen_text(world.app)
        await pilot.press("escape", "1")
        await until(pilot, "[1 Dash]")
        await pilot.press("enter")
        await pilot.pause()
        shown += screen_text(world.app)
    assert not set(shown) & {*map(chr, range(0x20)), *map(chr, range(0x7F, 0xA0))} - {"\n"}
    assert not set(shown) & set("\u202e\u2066\U000e0041\ud83d")
    assert "bad [/]" in shown


async def test_no_line_is_wider_than_the_terminal_whatever_the_answer_holds() -> None:
    world = cockpit()
    world.engine.pieces = ("漢字😀" * 200, "\tx\n", "a" * 500)
    async with world.app.run_test(size=(60, 16)) as pilot:
        await ask(pilot, "hi")
        await until(pilot, "✓ done")
        strips = world.app.screen._compositor.render_strips()
        assert {strip.cell_length for strip in strips} == {60}
        assert len(screen_lines(world.app)) == 16
