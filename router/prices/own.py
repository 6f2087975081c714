"""The user's own price catalogue, laid over the one that ships with a release.

Owns the file in the data directory: how it is read, and how another takes its place, whole or not at all. A
model's price is looked for in the own one first; what that does not know, at that moment, is the release's.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from collections.abc import Iterator, Mapping
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from router.core.settings.prices import Price
from router.prices.catalogue import Catalogue, ModelPrices, load_catalogue

MOST_BYTES = 8 * 1024 * 1024
"""The release's own catalogue has about a hundred kilobytes."""


class Layers:
    """The release's catalogue, under the user's own one where there is one."""

    def __init__(self, shipped: Catalogue, own: Catalogue | None = None, problem: str | None = None) -> None:
        self.shipped = shipped
        self.own = own
        self.problem = problem
        """Why the own file is not used, though there is one."""

    @property
    def version(self) -> str:
        """The versions in use."""
        return f"{self.own.version} over {self.shipped.version}" if self.own else self.shipped.version

    def lookup(self, vendor: str, model: str, when_ms: int) -> Price | None:
        """Return the price that held at `when_ms`, or None where it is not known."""
        found = self.own.lookup(vendor, model, when_ms) if self.own else None
        return found or self.shipped.lookup(vendor, model, when_ms)

    def __iter__(self) -> Iterator[ModelPrices]:
        """Walk every record, the own ones first; what they hide is left out."""
        hidden = set()
        for record in self.own or ():
            hidden.add((record.vendor, record.model))
            yield record
        yield from (record for record in self.shipped if (record.vendor, record.model) not in hidden)


def catalogue(own: Path) -> Layers:
    """Return the prices in use; `own` need not exist, and one that cannot be used is told in `problem`."""
    try:
        return _layers(own, own.stat().st_mtime_ns)
    except FileNotFoundError:
        return Layers(load_catalogue())
    except OSError as error:
        return Layers(load_catalogue(), problem=_unused(own, error.strerror or str(error)))


@lru_cache(maxsize=1)
def _layers(own: Path, changed_ns: int) -> Layers:
    """Read the own file again when it has changed."""
    try:
        written = parsed(own.read_bytes())
        return Layers(load_catalogue(), Catalogue(written))
    except ValueError as error:
        return Layers(load_catalogue(), problem=_unused(own, str(error)))


def _unused(own: Path, reason: str) -> str:
    return f"your own prices in {own} are not used: {reason}; install them again or remove the file"


def parsed(text: bytes) -> dict[str, Any]:
    """Return a catalogue file's content, every price in it read. Raises ValueError naming what is wrong."""
    if len(text) > MOST_BYTES:
        raise ValueError(f"this is no price catalogue: it has more than {MOST_BYTES:,} bytes")
    try:
        written: dict[str, Any] = json.loads(text)
    except ValueError as error:
        raise ValueError(f"this is no JSON: {error}") from error
    read = Catalogue(written)
    _as_date(read.checked)
    for record in read:
        _in_order(record)
        _as_date(record.checked)
    return written


def _as_date(checked: str) -> None:
    try:
        date.fromisoformat(checked)
    except ValueError as error:
        raise ValueError(f"checked is the date somebody looked, such as 2026-11-20; not {checked}") from error


def _in_order(record: ModelPrices) -> None:
    """Raise ValueError where there is no price, or two hold at once: which one, nobody could say."""
    if not record.prices:
        raise ValueError(f"{record.vendor} {record.model}: it has no price")
    for earlier, later in zip(record.prices, record.prices[1:], strict=False):
        ended, begun = earlier.valid_to_ms, later.valid_from_ms
        if ended is None or begun is None or begun < ended:
            raise ValueError(f"{record.vendor} {record.model}: two of its prices hold at the same time")


def install(own: Path, written: Mapping[str, Any]) -> Catalogue:
    """Put a catalogue in place of the own one, which is kept as `.bak`; return it as it is now read.

    Its version is made from its content, so that a ledger row tells which prices it was booked at. Raises
    OSError; then nothing has changed.
    """
    body = json.dumps(written["vendors"], sort_keys=True).encode()
    version = f"own-{written['checked']}-{hashlib.sha256(body).hexdigest()[:8]}"
    own.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    if own.exists():
        _replace(own.with_suffix(".json.bak"), own.read_bytes())
    installed = {**written, "version": version}
    _replace(own, json.dumps(installed, ensure_ascii=False, indent=1).encode())
    return Catalogue(installed)


def _replace(path: Path, content: bytes) -> None:
    """Write a file, 0600, that others see whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)  # mkstemp makes it 0600
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(path)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
