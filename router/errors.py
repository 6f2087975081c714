"""Every error this package raises.

    RouterError                 message, hint
    ├── ConfigError             problems: every one of them, with file, line and column
    ├── UnknownName             a route, tier, deployment or alias nobody defined; nearest: the names to try
    ├── LedgerError             the ledger cannot be opened, read or written
    ├── NoVectors               the configured embeddings bring none; back_at_ms: when they may be asked again
    └── TransportError          a connection failed; fault, end (raised by transports, caught by adapters)

A failure of a provider is not among them: inside the engine it is a value (`core.records.diagnosis`), and
the caller reads it off the answer.
"""

from __future__ import annotations

from dataclasses import dataclass

from router.core.failures.exchange import Fault, StreamEnd


class RouterError(Exception):
    """Base of all: `message` says what and where, `hint` what to do now."""

    def __init__(self, message: str, *, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message}. {self.hint}" if self.hint else self.message


@dataclass(frozen=True, slots=True, order=True)
class Problem:
    """One thing wrong with a file."""

    path: str
    line: int
    """From 1; 0 when the problem is the file itself."""
    column: int
    message: str
    """What, where, what now."""

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}:{self.column}" if self.line else self.path
        return f"{place}: {self.message}"


class ConfigError(RouterError):
    """A file that cannot be used; `problems` lists all of what is wrong with it, sorted by place."""

    def __init__(self, problems: list[Problem]) -> None:
        super().__init__("\n".join(str(problem) for problem in sorted(problems)))
        self.problems = sorted(problems)


class UnknownName(RouterError):
    """Somebody asked for a name that the configuration does not define."""

    def __init__(self, name: str, nearest: tuple[str, ...]) -> None:
        hint = f"Did you mean {' or '.join(nearest)}?" if nearest else "`cockpit tiers` lists them"
        super().__init__(f"no route, tier, deployment or alias is called {name!r}", hint=hint)
        self.name = name
        self.nearest = nearest


class LedgerError(RouterError):
    """The ledger cannot be opened, read or written; nothing was sent that is not in it."""


class TransportError(RouterError):
    """A connection failed: before the answer's head (`fault`) or in its body (`end`)."""

    def __init__(self, message: str, *, fault: Fault | None = None, end: StreamEnd | None = None) -> None:
        super().__init__(message)
        self.fault = fault
        self.end = end


class NoVectors(RouterError):
    """There are no embeddings; the message says why."""

    def __init__(self, message: str, back_at_ms: int | None = None) -> None:
        super().__init__(message)
        self.back_at_ms = back_at_ms
        """When it may be asked again, where that is known."""
