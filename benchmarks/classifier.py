"""What a classification costs: loading the model, a short ask, a long one, a pasted 100 kB, a long session.

Run with `python -m benchmarks.classifier`. What we claim: rules under 1 ms, everything under 50 ms, loading
under 50 ms.
"""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from functools import partial

from router.classifier.model_file import load_model
from router.core.classify.task_rules import first_match
from router.core.classify.tasks import classify
from router.core.classify.view import view
from router.core.message import Message
from tools.classifier.examples import read_asks

LOADING = (
    "import time; from router.classifier.model_file import load_model; "
    "begun = time.perf_counter(); load_model();"
    "print((time.perf_counter() - begun) * 1000)"
)
PARAGRAPH = "The harvest was late that year and the mill stood still until October. "
REMINDER = f"<system-reminder>\n{PARAGRAPH * 20}\n</system-reminder>\n"


def main() -> None:
    model = load_model()
    asks = [ask.text for ask in read_asks("held_out")]
    session = tuple(
        Message(role, REMINDER + PARAGRAPH) for _ in range(100) for role in ("user", "assistant", "tool")
    )
    print("| what | median | slowest |")
    print("|---|---|---|")
    loads = [float(subprocess.check_output([sys.executable, "-c", LOADING])) for _ in range(5)]
    _row("load the model (once per process)", loads)
    _row("rules alone, an ask", [_ms(partial(_rules, ask)) for ask in asks])
    _row("an ask", [_ms(partial(classify, (Message("user", ask),), model)) for ask in asks])
    long_text = f"Summarize this:\n\n{PARAGRAPH * 1500}\nThree sentences, please."
    code = "Review this:\n" + "def f(x):\n    return {'a': [x], 'b': (x + 1)}\n\n" * 2500
    tags = "<file>" * 17_000
    for name, text in (
        ("100 kB of prose", long_text),
        ("100 kB of code", code),
        ("100 kB of open tags", tags),
    ):
        messages = (Message("user", text),)
        _row(name, [_ms(partial(classify, messages, model)) for _ in range(20)])
    _row("a session of 300 messages", [_ms(partial(classify, session, model)) for _ in range(20)])


def _rules(ask: str) -> object:
    return first_match(view(ask))


def _ms(work: Callable[[], object]) -> float:
    begun = time.perf_counter()
    work()
    return (time.perf_counter() - begun) * 1000


def _row(name: str, times_ms: list[float]) -> None:
    print(f"| {name} | {statistics.median(times_ms):.2f} ms | {max(times_ms):.2f} ms |")


if __name__ == "__main__":
    main()
