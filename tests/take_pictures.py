"""`make snap`: pictures of the real screens: the real engine over scripted answers and a made-up week."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import UTC
from pathlib import Path

from cockpit.app import CockpitApp, Look
from cockpit.opening import DEFAULT_THEME
from cockpit.themes import load_themes, shipped_themes, to_textual
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
from router.ledger.memory import MemoryLedger
from router.providers.scripted import Script, ScriptedUpstream
from router.wiring.configuration import load_config
from tests.conftest import KEYS

PICTURES = Path(__file__).parent.parent / "docs" / "pictures"
SHARES = {"gemini-flash": 30, "smollm": 25, "gemma-free": 15, "deepseek-flash": 20, "sonnet": 6, "opus": 1}
DAY_MS = 86_400_000
QUESTION = "Explain WAL mode in one paragraph"
ANSWER = (
    "WAL mode writes changes to a separate log file, so readers keep seeing the last committed state",
    " while one writer appends. A checkpoint later copies the pages back to the main file.\n\n",
    "    PRAGMA journal_mode = WAL;\n\n",
    "Readers never block the writer, and the writer never blocks readers.",
)


class SteppingClock(ManualClock):
    """A clock whose stopwatch runs on by a fixed step each time it is read, so that pictures are the same."""

    steps = 0

    def monotonic(self) -> float:
        """Return the moment, a little later than the last time."""
        self.steps += 1
        return self.ms / 1000 + self.steps * 0.085


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


async def picture(name: str, size: tuple[int, int], *keys: str) -> None:
    """Run the cockpit at `size`, press `keys`, and write what it shows to docs/pictures."""
    config = load_config(None, dict.fromkeys(KEYS, "for the picture"))
    clock, ledger = SteppingClock(), MemoryLedger()
    await week(ledger, config, clock)
    reading = UsageReading(Usage(input_tokens=14, output_tokens=71))
    scripts = {d: [Script(ANSWER, usage=reading)] for d in config.deployments}
    upstream = ScriptedUpstream(scripts)
    wires = {deployment.provider.wire: upstream for deployment in config.deployments.values()}
    engine = Engine(config, Dependencies(wires, ledger, clock, SeededChance(), Secret("picture")))
    colours, _ = load_themes([shipped_themes()])
    look = Look([to_textual(theme) for theme in colours], DEFAULT_THEME)
    app = CockpitApp(engine, ledger, clock, UTC, look)
    async with app.run_test(size=size) as pilot:
        await pilot.pause(1.5)
        for key in keys:
            await pilot.press(*(list(key) if " " in key else [key]))
            await pilot.pause(0.3)
        PICTURES.mkdir(parents=True, exist_ok=True)
        (PICTURES / f"{name}.svg").write_text(app.export_screenshot(title="Tier Cockpit"))


async def take_all() -> None:
    """Take every picture."""
    for size in ((80, 24), (160, 50)):
        await picture(f"dashboard-{size[0]}x{size[1]}", size)
        await picture(f"runner-{size[0]}x{size[1]}", size, "2", QUESTION, "enter")
        await picture(f"stress-{size[0]}x{size[1]}", size, "3", "s", "j")


if __name__ == "__main__":
    asyncio.run(take_all())
