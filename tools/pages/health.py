"""docs/health.md, written from the table of moves: the diagram cannot say what the code does not do.

`make snap` writes the page; `tests/test_docs.py` compares it.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from router.core.health.clock_steps import COUNTED_MS
from router.core.health.rate_limits import BELIEVED_MS
from router.core.health.states import FORGIVE_MS, JITTER, LOADED_MS, LONGEST_S, MOVES, HealthSignal
from router.core.records.health import Health
from router.core.settings.policy import Policy
from router.engine.shared_state import LEASE_MARGIN_MS, MOST_WAITING

PAGE = Path(__file__).parents[2] / "docs" / "health.md"
HEAD = """# Health and limits

Written from the code by `make snap`.

What an attempt shows is kept per **scope**: the deployment and its model, the credential (two providers with
one key share it), the endpoint, and the free tier of an account. So one dead key rests every deployment that
uses it, and is asked once. Health lives in the ledger: all processes share it, and a restart forgets nothing.
`cockpit tiers` shows it, `cockpit tiers clear NAME` ends a rest by hand.

## How a scope moves
"""
TAIL = """
An empty cell changes nothing. `success` is the first content or a whole answer; `neutral` tells nothing
(a bad request, refused content, a cancelled call); `failure` counts toward the breaker; `cool` and
`disable` put to rest; `probe` is the one request that may ask whether a scope is back; `clear` is a
person, or a changed configuration.

- **Length of a rest**: what the server says (`Retry-After` in every spelling), else ten seconds, doubled
  with each strike, {longest:.0f} s at most, and up to {jitter:.0%} more by chance. {forgive} minutes of
  health forgive a strike. `allowed_fails` ({allowed_fails}) failures within `fail_window`
  ({fail_window_s:.0f} s) rest it for `cooldown` ({cooldown_s:.0f} s) at least.
- **A rest never gets shorter** by another failure, and nobody is asked before its end.
- **One probe**: when a rest is over, one attempt over all processes gets a slot, with its row, in one
  transaction. Its first content ends the rest. The slot runs out {margin} s after the deployment's
  `first_token` time-out, so that a probe that hangs keeps nobody away. Calls that began before the rest
  prove nothing.
- **Disabled** is a dead key, a spent account or a model that is gone: it ends with another key, another
  model, a clear, or on the date that the provider named.
- **A clock that is set**, forward or back, neither ends a rest nor prolongs it: what has up to
  {counted} minutes to go was counted in seconds and moves with the clock, over all processes; what is
  longer is a date and stays, {loaded} hours at most. Limits a minute forget what was written before the
  clock was set back; budgets and limits a day do not.

## Limits

The `limits` of a deployment (`rpm`, `tpm`, `rpd`, `tpd`, `parallel`) are counted from the ledger's own
rows when an attempt is admitted, so they hold over all processes. Minutes slide; days begin in
`reset_timezone`, UTC unless said. What answers tell in their headers is learned and believed for
{believed} days; of a configured and a learned limit the smaller one holds. Of a rate that a
[stress test](stress.md) met, four fifths are used.

- An attempt that does not fit is not sent. Another deployment that costs nothing serves instead; where
  the choice is to pay or to fail, the request waits for `queue` ({queue_s:.0f} s) at most, {waiting}
  requests at once in a process.
- Answers with 429, 503 or 529 while several calls run halve how many may run at once; each ten healthy
  seconds allow one more. First content later than `slow` ({slow_s:.0f} s) does so too, where many run.
"""


def page() -> str:
    """Return the whole page."""
    return f"{HEAD}\n{_diagram()}\n\n{_table()}\n{_tail()}"


def _diagram() -> str:
    lines = ["```mermaid", "stateDiagram-v2", f"    [*] --> {Health.AVAILABLE}"]
    for before, moves in MOVES.items():
        for after in Health:
            signs = [sign for sign in HealthSignal if moves[sign] is after]
            if signs and after is not before:
                lines.append(f"    {before} --> {after}: {', '.join(signs)}")
    return "\n".join([*lines, "```"])


def _table() -> str:
    head = ["| | " + " | ".join(HealthSignal) + " |", "|---" * (len(HealthSignal) + 1) + "|"]
    return "\n".join([*head, *_rows()])


def _rows() -> Iterator[str]:
    for before, moves in MOVES.items():
        cells = ("" if moves[sign] is before else moves[sign].value for sign in HealthSignal)
        yield f"| **{before}** | " + " | ".join(cells) + " |"


def _tail() -> str:
    policy = Policy()
    return TAIL.format(
        longest=LONGEST_S,
        jitter=JITTER,
        forgive=FORGIVE_MS // 60_000,
        margin=LEASE_MARGIN_MS // 1000,
        loaded=LOADED_MS // 3_600_000,
        believed=BELIEVED_MS // 86_400_000,
        counted=COUNTED_MS // 60_000,
        waiting=MOST_WAITING,
        allowed_fails=policy.allowed_fails,
        fail_window_s=policy.fail_window_s,
        cooldown_s=policy.cooldown_s,
        queue_s=policy.queue_s,
        slow_s=policy.slow_s,
    )


def main() -> None:
    """Write the page."""
    PAGE.write_text(page())


if __name__ == "__main__":
    main()
