"""Makes calls by one caller and says what they cost: a case a line on standard input, an answer a line back.

`python driver.py NAME URL`, where NAME is a file of this folder with `async def opened(url, until)`. Standard
library only, for peers are run by interpreters of their own.
"""

from __future__ import annotations

import asyncio
import gc
import importlib
import json
import sys
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from pathlib import Path

Call = Callable[[str, str, bool], Awaitable[None]]
"""Asks a model with a prompt, for a stream or not, and reads the answer to its end."""


async def measured(call: Call, case: dict[str, int]) -> dict[str, float]:
    """Return processor time a call, all threads of the process, and the middle and slow ends of waiting."""
    pieces, size = case["pieces"], case["bytes"]
    model = f"pieces-{pieces}" if pieces else "plain"
    words = "please read this text about the weather in May, and say in one line what it means. "
    text = words * (size // len(words) + 1)
    took: list[float] = []
    numbers = iter(range(case["calls"]))

    async def work() -> None:
        for n in numbers:
            prompt = f"{n} {text[: size - 5 - n % 7]}"  # none is like another
            started = time.perf_counter()
            await call(model, prompt, pieces > 0)
            took.append(time.perf_counter() - started)

    gc.collect()
    before = time.process_time()
    await asyncio.gather(*(work() for _ in range(case["at_once"])))
    spent = time.process_time() - before
    took.sort()
    return {
        "cpu_us": spent * 1e6 / len(took),
        "p50_ms": took[len(took) // 2] * 1000,
        "p99_ms": took[len(took) * 99 // 100] * 1000,
    }


async def main(name: str, url: str) -> None:
    """Serve cases until standard input ends."""
    caller = importlib.import_module(name)
    async with AsyncExitStack() as opened:
        call = await caller.opened(url, opened)
        loop = asyncio.get_running_loop()
        while line := await loop.run_in_executor(None, sys.stdin.readline):
            sys.stdout.write(json.dumps(await measured(call, json.loads(line))) + "\n")
            sys.stdout.flush()


if __name__ == "__main__":
    sys.path[0:0] = [str(Path(__file__).parent)]
    asyncio.run(main(*sys.argv[1:3]))
