"""The shape of a rule that judges an exchange: its conditions, its outcome, and the evidence it leaves.

Owns how a row of `table.py` is matched. Which waiting time and ledger outcome follow is worked out in
`classify.py`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Container, Iterator
from enum import StrEnum

from router.core.failures.error_body import ErrorBody, is_an_api_error
from router.core.failures.exchange import Exchange, Fault, StreamEnd
from router.core.records.diagnosis import Action, FailureClass, HealthScope, Lacking, LedgerOutcome
from router.core.value import dataclass


class Rest(StrEnum):
    """What ends a rest."""

    NONE = "none"
    HINT = "hint"
    """The server's hint, else the outcome's `default_s`."""
    CHANGE = "change"
    """Nothing but a change of the configuration, a key or a plan."""
    STATED = "stated"
    """The date the server states, else a change."""
    MONTH = "month"
    """The date the server states, else the end of the month in UTC."""
    UTC_DAY = "utc_day"
    """The server's hint, else midnight in UTC."""
    LOADING = "loading"
    """The server's hint, else about as long as a few seconds of loading need to be asked about again."""
    PACIFIC_DAY = "pacific_day"
    """Midnight in California, whatever shorter hint came along."""


@dataclass(frozen=True, slots=True)
class Outcome:
    """What a rule concludes."""

    failure_class: FailureClass
    action: Action
    scope: HealthScope = HealthScope.NONE
    rest: Rest = Rest.NONE
    default_s: float = 10.0
    """The first strike's length, without jitter or policy."""
    soft: bool = False
    """Too mild to count toward the breaker."""
    ledger: LedgerOutcome | None = None
    """None where how far the exchange got decides."""
    also: HealthScope = HealthScope.NONE
    """Whom the cooldown concerns beside `scope`."""
    lacking: Lacking = Lacking.NOTHING
    probe_s: float = 3600.0
    """When a rest that only a change ends is first probed all the same."""


@dataclass(frozen=True, slots=True)
class Findings:
    """What rules look at: the exchange, its error object as read, and the status that counts."""

    exchange: Exchange
    error: ErrorBody
    status: int | None
    """The head's; for an error inside a 2xx answer the one it would have come with."""

    @property
    def message(self) -> str:
        """The error's text in lower case.

        What the provider behind an aggregator said counts only about the request: its key and its balance
        are not ours.
        """
        return f"{self.error.message}\n{self.error.raw}" if self.status == 400 else self.error.message

    @property
    def whole(self) -> bool:
        """Whether the answer arrived to its end: a finish reason, the wire's last word or a whole body."""
        answer = self.exchange
        plain_body = not answer.streamed and answer.end is StreamEnd.EOF and answer.content_seen
        return answer.parsed and (answer.finish_reason is not None or answer.done or plain_body)

    @property
    def said_by_the_api(self) -> bool:
        """Whether the error stands in a form that an API gives it, and not in some page on the way."""
        return is_an_api_error(self.exchange.error)

    @property
    def is_a_page(self) -> bool:
        """Whether the body is a page for people, which no API sends."""
        return not self.exchange.error and self.exchange.text.lstrip().startswith("<")

    @property
    def answered(self) -> bool:
        """Whether anything but reasoning arrived."""
        return self.exchange.content_seen and not self.exchange.reasoning_only

    @property
    def finish(self) -> str:
        """The finish reason in lower case; a body without one finished by arriving."""
        return (self.exchange.finish_reason or "stop").lower()


@dataclass(frozen=True, slots=True)
class FailureRule:
    """One row: every condition it names must hold, except that `words` and `text` stand for each other."""

    name: str
    outcome: Outcome
    faults: frozenset[Fault] = frozenset()
    status: Container[int] | None = None
    vendors: frozenset[str] = frozenset()
    words: str | None = None
    """A pattern for a whole machine word of the error (code, type, error_type, reason)."""
    text: str | None = None
    """A pattern to be found in the error's message."""
    when: Callable[[Findings], bool] | None = None

    def evidence(self, found: Findings) -> str | None:
        """Return which fields made it fit, or None when it does not; quotes no text of the provider's."""
        if self.faults and found.exchange.fault not in self.faults:
            return None
        if self.status is not None and found.status not in self.status:
            return None
        if self.vendors and found.exchange.vendor not in self.vendors:
            return None
        if self.when is not None and not self.when(found):
            return None
        said = self._said(found)
        if said is None:
            return None
        return "; ".join(part for part in (self.name, *_circumstances(found), said) if part)

    def _said(self, found: Findings) -> str | None:
        """Return the field that `words` or `text` found; empty where the rule asks for neither."""
        if self.words is None and self.text is None:
            return ""
        for word in found.error.words:
            if self.words is not None and re.fullmatch(self.words, word):
                key = found.exchange.api_key
                ours = key is not None and word in key.reveal().lower()
                plain = re.fullmatch(r"[a-z_.]{1,60}", word) and not ours
                return f"error word {word}" if plain else "an error word"
        if self.text is not None and re.search(self.text, found.message):
            return "the error's message"
        return None


def _circumstances(found: Findings) -> Iterator[str]:
    exchange = found.exchange
    if exchange.fault:
        yield f"connection: {exchange.fault}"
    elif exchange.status is None:
        yield "no answer"
    elif found.status != exchange.status:
        yield f"HTTP {exchange.status} with an error that means {found.status}"
    else:
        yield f"HTTP {exchange.status}"
    if exchange.status is not None and not found.whole and not exchange.error and exchange.status < 300:
        yield f"body ended by {exchange.end} and was not whole"
