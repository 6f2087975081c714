"""`make snap`: pictures of the real screens: the real engine over scripted answers and a made-up week."""

from __future__ import annotations

import asyncio
import difflib
import random
import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from contextvars import ContextVar
from dataclasses import replace
from datetime import UTC
from html import unescape
from pathlib import Path

from textual.events import Paste
from textual.pilot import Pilot

from cockpit.app import CockpitApp, Look
from cockpit.opening import DEFAULT_THEME
from cockpit.themes import load_themes, shipped_themes, to_textual
from router.app.configuration import load_config
from router.config.paths import sample_config
from router.core.cost.cost import CallFacts, cost
from router.core.cost.settling import PLANS
from router.core.money import CostSource
from router.core.records.entries import EntryStatus, Intent, Settlement
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing
from router.core.settings.secret import Secret
from router.core.usage import Usage, UsageReading
from router.engine.chance import SeededChance
from router.engine.clock import ManualClock
from router.engine.dependencies import Dependencies
from router.engine.engine import Engine
from router.engine.ports import Call, UpstreamEvent
from router.ledger.memory import MemoryLedger
from router.providers.scripted import Script, ScriptedUpstream

FOLDER = Path(__file__).parents[2] / "docs" / "pictures"
FIRST = "$0.041"
"""What the first screen shows when the ledger is read: what was spent today."""
PATIENCE_S = 60.0
STILL = 3
"""So many looks in a row must show the same."""
CELL = 12.2
"""The width of a character in a picture."""
_TEXT = re.compile(r'<text class="[^"]*" x="([\d.]+)" y="[^"]*" [^>]*-line-(\d+)\)">(.*?)</text>', re.DOTALL)
_NAME = re.compile(r"terminal-\d+")
_taken_s: ContextVar[float] = ContextVar("_taken_s", default=0.0)
"""How long the answer under way has taken."""
SHARES = {"gemini-flash": 30, "smollm": 25, "gemma-free": 15, "deepseek-flash": 20, "sonnet": 6, "opus": 1}
STEP_S = 0.17
"""What each event of an answer takes."""
QUESTION = "Explain WAL mode in one paragraph"
SMALL, LARGE = (80, 24), (160, 50)
PICTURES = {
    "dashboard-80x24": (SMALL, (), "810ms free"),
    "dashboard-160x50": (LARGE, (), "810ms free"),
    "runner-80x24": (SMALL, ("2", QUESTION, "enter"), "done"),
    "runner-160x50": (LARGE, ("2", QUESTION, "enter"), "done"),
    "stress-80x24": (SMALL, ("3", "s", "j"), "18 answered"),
    "stress-160x50": (LARGE, ("3", "s", "j"), "37/50"),
}
"""How large each picture is, what is pressed on the way to it, and what it shows when all is there."""
DAY_MS = 86_400_000
ANSWER = (
    "WAL mode writes changes to a separate log file, so readers keep seeing the last committed state",
    " while one writer appends. A checkpoint later copies the pages back to the main file.\n\n",
    "    PRAGMA journal_mode = WAL;\n\n",
    "Readers never block the writer, and the writer never blocks readers.",
)


class PictureClock(ManualClock):
    """A clock that stands still, but for who asks a model: there it shows how far the answer has come.

    So a picture shows the same times whatever runs beside the answer, and however often the clock is read.
    """

    def monotonic(self) -> float:
        """Return the moment, later by what the answer under way has taken."""
        return self.ms / 1000 + _taken_s.get()


class PictureUpstream(ScriptedUpstream):
    """Scripted answers, each of whose events takes as long as any other."""

    async def stream(self, call: Call) -> AsyncGenerator[UpstreamEvent, None]:
        """Play the next script of the call's deployment."""
        async with aclosing(super().stream(call)) as events:
            async for event in events:
                _taken_s.set(_taken_s.get() + STEP_S)
                yield event


async def week(ledger: MemoryLedger, config: RouterConfig, clock: ManualClock) -> None:
    """Fill a ledger with a believable week and the one before, the same ones each time."""
    chance = random.Random(7)
    names = chance.choices(list(SHARES), weights=list(SHARES.values()), k=420)
    ages = sorted((chance.random() * 13 * DAY_MS for _ in names), reverse=True)
    for n, (name, age) in enumerate(zip(names, ages, strict=True)):
        intent = intended(config.deployments[name], f"{n:012x}", clock.now_ms() - round(age))
        await ledger.admit(intent)
        ledger.settle(settled(intent, config.deployments[name], chance))


def intended(deployment: Deployment, request_id: str, at_ms: int) -> Intent:
    """Return one call's first half."""
    return Intent(
        request_id=request_id,
        attempt=1,
        started_at=at_ms,
        source="cockpit",
        route="auto",
        tier=deployment.tier.name,
        deployment=deployment.name,
        provider=deployment.provider.name,
        model_requested=deployment.model,
        billing=deployment.billing.value,
    )


def settled(intent: Intent, deployment: Deployment, chance: random.Random) -> Settlement:
    """Return its second half: a free one is refused now and then, a paid one costs what its price says."""
    end = Settlement(intent.request_id, 1, intent.started_at + 1500, EntryStatus.FAILED, duration_ms=310)
    if deployment.billing is Billing.FREE and chance.random() < 0.08:
        return replace(
            end,
            failure_class="quota_until_time",
            http_status=429,
            cost_nano_usd=0,
            budget_nano_usd=0,
            cost_source=CostSource.FREE,
        )
    reading = UsageReading(
        Usage(input_tokens=chance.randrange(80, 6000), output_tokens=chance.randrange(20, 900))
    )
    found = cost(reading, deployment.price, end.settled_at, CallFacts(plan=PLANS.get(deployment.billing)))
    return replace(
        end,
        status=EntryStatus.OK,
        http_status=200,
        usage=reading.usage,
        cost_nano_usd=found.nano,
        budget_nano_usd=found.nano,
        cost_source=found.source,
        ttft_ms=chance.randrange(120, 1400),
        duration_ms=chance.randrange(1400, 9000),
    )


async def picture(name: str) -> str:
    """Run the cockpit, press the keys of one of `PICTURES`, and return what it shows as SVG.

    Raises TimeoutError when the screen never shows what it should.
    """
    size, keys, shows = PICTURES[name]
    config = load_config(None, dict.fromkeys(_named_keys(), "for the picture"))
    clock, ledger = PictureClock(), MemoryLedger()
    await week(ledger, config, clock)
    reading = UsageReading(Usage(input_tokens=14, output_tokens=71))
    scripts = {d: [Script(ANSWER, usage=reading)] for d in config.deployments}
    upstream = PictureUpstream(scripts)
    wires = {deployment.provider.wire: upstream for deployment in config.deployments.values()}
    engine = Engine(config, Dependencies(wires, ledger, clock, SeededChance(), Secret("picture")))
    colours, _ = load_themes([shipped_themes()])
    look = Look([to_textual(theme) for theme in colours], DEFAULT_THEME)
    app = CockpitApp(engine, ledger, clock, UTC, look)
    async with app.run_test(size=size) as pilot:
        await _settled(pilot, FIRST)
        for key in keys:
            if key == QUESTION:
                app.post_message(Paste(key))
            else:
                await pilot.press(key)
            await pilot.pause()
        return await _settled(pilot, shows)


async def _settled(pilot: Pilot[None], shows: str) -> str:
    """Return the picture once it shows a text and has stayed as it is."""
    taken, since = "", 0
    async with asyncio.timeout(PATIENCE_S):
        while since < STILL or shows not in "\n".join(lines_of(taken)):
            await pilot.pause(0.05)
            before, taken = taken, pilot.app.export_screenshot(title="Tier Cockpit")
            since = since + 1 if taken == before else 0
    return taken


def _named_keys() -> list[str]:
    """Return the variables that the sample configuration reads keys from."""
    return re.findall(r"\$\{(\w+)\}", sample_config().read_text())


def lines_of(svg: str) -> list[str]:
    """Return the lines of text that a picture shows."""
    lines: dict[int, list[str]] = {}
    for x, line, text in _TEXT.findall(svg):
        row = lines.setdefault(int(line), [])
        row.extend(" " * (round(float(x) / CELL) - len(row)))
        row.extend(unescape(text).replace("\xa0", " ").rstrip("\n"))
    return ["".join(row).rstrip() for _, row in sorted(lines.items())]


def difference(kept: str, made: str) -> str:
    """Return in which lines a picture differs from the kept one; nothing where they are the same."""
    texts = difflib.unified_diff(lines_of(kept), lines_of(made), "kept", "made", lineterm="", n=1)
    if found := "\n".join(texts):
        return found
    before, after = (_NAME.sub("", svg).splitlines() for svg in (kept, made))
    return "\n".join(difflib.unified_diff(before, after, "colours kept", "colours made", lineterm="", n=0))


def path_of(name: str) -> Path:
    """Return where a picture is kept."""
    return FOLDER / f"{name}.svg"


async def take_all() -> None:
    """Take every picture and keep it."""
    for name in PICTURES:
        path_of(name).write_text(await picture(name))


if __name__ == "__main__":
    asyncio.run(take_all())
