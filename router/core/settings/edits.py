"""What a command or a key may change in a configuration's file, and what the file would become.

Values only: the file is read and written by `config/edit.py`.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Literal, TypeAlias


@dataclass(frozen=True, slots=True)
class Drop:
    """Take a deployment out of a route, or out of every route and tier; the lists that name it stay."""

    deployment: str
    reason: str
    """In words for who reads the file later; the day is put before it."""
    route: str | None = None
    """None: every route and tier."""


@dataclass(frozen=True, slots=True)
class Restore:
    """Put a dropped deployment back where it was: into one route, or everywhere it was dropped from."""

    deployment: str
    route: str | None = None


LimitName: TypeAlias = Literal["rpm", "tpm", "rpd", "tpd", "parallel"]


@dataclass(frozen=True, slots=True)
class SetLimit:
    """Say what a provider allows one of its deployments."""

    deployment: str
    limit: LimitName
    value: int | None
    """1 or more; None takes the limit away."""


@dataclass(frozen=True, slots=True)
class SetCooldown:
    """Say how long a deployment rests after repeated failures."""

    deployment: str
    seconds: int | None
    """1 or more; None: as long as the policy says."""


ConfigEdit: TypeAlias = Drop | Restore | SetLimit | SetCooldown


@dataclass(frozen=True, slots=True)
class Change:
    """One entry of the file, as it is written before and after."""

    steps: tuple[str, ...]
    """The keys from the top to it."""
    was: str | None
    """None: it was not there."""
    now: str | None
    """None: it is taken away."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a file would become; nothing is written yet."""

    path: str
    title: str
    """In a line, as it stands in the list of what can be undone."""
    diff: str
    """Unified, keys hidden; empty when the file says all of it already."""
    before: str = field(repr=False)
    """The whole text it was made for; a file that has changed since is not written over."""
    after: str = field(repr=False)
    changes: tuple[Change, ...] = ()
    undoes: bool = False
    """It takes back the newest change instead of making one."""
