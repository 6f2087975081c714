"""Values to rows of `token_spend` and back. A column is called what the value's field is called."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import fields
from enum import StrEnum
from typing import Any, TypeVar

from router.core.money import CostSource
from router.core.records.admission import Hold
from router.core.records.entries import Entry, EntryStatus, Intent, Settlement
from router.core.records.usage import Usage
from router.ledger.sqlite.driver import Connection
from router.ledger.sqlite.owners import job_of, job_owner
from router.ledger.sqlite.sums import ENDED, EndedRow, Sums

Row = dict[str, str | int | None]
Tags = tuple[tuple[str, str], ...]

USAGE_COLUMNS = tuple(field.name for field in fields(Usage))
INTENT_COLUMNS = tuple(field.name for field in fields(Intent) if field.name not in {"tags", "job"})
SETTLED_COLUMNS = (
    *(field.name for field in fields(Settlement) if field.name not in {"request_id", "attempt", "usage"}),
    *USAGE_COLUMNS,
)
ENTRY_COLUMNS = (*INTENT_COLUMNS, *SETTLED_COLUMNS, "owner")

_FIGURES = frozenset(
    field.name
    for of in (Intent, Settlement, Usage)
    for field in fields(of)
    if str(field.type).startswith("int")
)
"""The columns of whole numbers; all others hold text."""
_LARGEST = 10**15
"""Figures come from the wire. One above this (a million dollars, a quadrillion tokens) is no figure; it is
kept as unknown, so that a sum over the ledger always fits into SQLite's 64 bits."""

_INSERT = (
    f"INSERT INTO token_spend ({', '.join(INTENT_COLUMNS)}, owner, status) "
    f"VALUES ({', '.join(f':{name}' for name in INTENT_COLUMNS)}, :owner, 'open') "
    "ON CONFLICT (request_id, attempt) DO NOTHING"
)
_SETTLE = (
    f"UPDATE token_spend SET {', '.join(f'{name} = :{name}' for name in SETTLED_COLUMNS)} "
    f"WHERE request_id = :request_id AND attempt = :attempt AND status = 'open' RETURNING {ENDED}"
)
_ADD_ENDED = (
    f"INSERT INTO token_spend ({', '.join(ENTRY_COLUMNS)}) "
    f"VALUES ({', '.join(f':{name}' for name in ENTRY_COLUMNS)}) "
    f"ON CONFLICT (request_id, attempt) DO NOTHING RETURNING {ENDED}"
)
_TAG = "INSERT OR IGNORE INTO request_tag (request_id, key, value) VALUES (?, ?, ?)"
_TAGS = "tags"
"""Under which a row outside the ledger carries its request's tags, as JSON."""
_RAISE = """
UPDATE token_spend SET held_nano_usd = coalesce(?, held_nano_usd),
  soft_held_nano_usd = coalesce(?, soft_held_nano_usd)
WHERE request_id = ? AND attempt = ? AND status = 'open'"""
_E = TypeVar("_E", bound=StrEnum)


def insert_intent(connection: Connection, intent: Intent, owner: str) -> bool:
    """Write the open row and its request's tags. Return False when that attempt has a row already."""
    row = _intent_row(intent, owner)
    if connection.execute(_INSERT, row).rowcount == 0:
        return False
    _write_tags(connection, row["request_id"], intent.tags)
    return True


def carried_row(intent: Intent, owner: str) -> Row:
    """Return what a row needs beside its settlement to be written into another file than its intent was."""
    return _intent_row(intent, owner) | {_TAGS: json.dumps(intent.tags, default=str)}


def carried_from(values: Mapping[str, Any], owner: str) -> Row:
    """Return the same from the fields of an intent."""
    row: Row = {name: storable(name, values.get(name)) for name in INTENT_COLUMNS}
    row["owner"] = owner if values.get("job") is None else job_owner(str(values["job"]))
    return row | {_TAGS: json.dumps(values.get("tags") or [])}


def add_open(connection: Connection, row: Row) -> None:
    """Write the open row of an attempt from what was carried, if the attempt has no row yet."""
    if connection.execute(_INSERT, row).rowcount == 1:
        _write_tags(connection, row["request_id"], json.loads(str(row[_TAGS])))


def add_ended(connection: Connection, row: Row, sums: Sums) -> None:
    """Write the row of an ended attempt, if `row` carries its intent and the attempt has no row yet."""
    if not row.keys() >= {"owner", _TAGS}:
        return
    known: Row = dict.fromkeys(ENTRY_COLUMNS) | row
    ended = connection.execute(_ADD_ENDED, known).fetchall()
    if ended:
        _write_tags(connection, row["request_id"], json.loads(str(row[_TAGS])))
    sums.ended(connection, map(EndedRow._make, ended))


def _intent_row(intent: Intent, owner: str) -> Row:
    row: Row = {name: storable(name, getattr(intent, name)) for name in INTENT_COLUMNS}
    row["owner"] = storable("owner", owner if intent.job is None else job_owner(intent.job))
    return row


def _write_tags(connection: Connection, request_id: object, tags: Iterable[tuple[str, str]]) -> None:
    connection.executemany(_TAG, [(request_id, str(key), str(value)) for key, value in tags])


def raise_hold(connection: Connection, place: tuple[str, int], hold: Hold) -> bool:
    """Hold so much for an open row from now on. Return False when there is none."""
    return connection.execute(_RAISE, (hold.bound_nano, hold.expected_nano, *place)).rowcount == 1


def settled_row(settlement: Settlement) -> Row:
    """Return what a settlement writes, by column, with the two columns that find the row."""
    names = ("request_id", "attempt", *SETTLED_COLUMNS)
    return {
        name: storable(name, getattr(settlement.usage if name in USAGE_COLUMNS else settlement, name))
        for name in names
    }


def place_of(row: Row) -> tuple[str, int]:
    """Return which attempt of which request a settlement's row is of."""
    return str(row["request_id"]), int(row["attempt"] or 0)


def settle_row(connection: Connection, row: Row, sums: Sums | None = None) -> bool:
    """Settle an open row. Return False when there is none: who comes second changes nothing.

    What it adds is added to `sums`, which are the caller's to write; written at once where there are none.
    """
    known: Row = dict.fromkeys(SETTLED_COLUMNS) | row
    ended, added = connection.execute(_SETTLE, known).fetchall(), Sums() if sums is None else sums
    added.ended(connection, map(EndedRow._make, ended))
    if sums is None:
        added.write(connection)
    return bool(ended)


def entry(row: Sequence[Any], tags: Tags) -> Entry:
    """Return the entry of a row that was selected as `ENTRY_COLUMNS`."""
    values = dict(zip(ENTRY_COLUMNS, row, strict=True))
    job = job_of(values["owner"])
    intent = Intent(**{name: values[name] for name in INTENT_COLUMNS}, tags=tags, job=job)
    if values["status"] == EntryStatus.OPEN:
        return Entry(intent, None)
    settled = {name: values[name] for name in SETTLED_COLUMNS if name not in USAGE_COLUMNS}
    settled["status"] = _known(EntryStatus, values["status"], EntryStatus.UNKNOWN)
    settled["cost_source"] = _known(CostSource, values["cost_source"], CostSource.UNKNOWN)
    usage = Usage(**{name: values[name] for name in USAGE_COLUMNS})
    return Entry(intent, Settlement(intent.request_id, intent.attempt, **settled, usage=usage))


def _known(kind: type[_E], word: str | None, otherwise: _E) -> _E:
    """Return the member spelled `word`; a newer cockpit may have written one we do not know."""
    return next((member for member in kind if member.value == word), otherwise)


def storable(name: str, value: object) -> str | int | None:
    """Return what column `name` holds of a value, so that nothing a provider sends makes a row unwritable."""
    if value is None:
        return None
    if name in _FIGURES:
        return figure(value)
    text = value.decode(errors="backslashreplace") if isinstance(value, bytes) else str(value)
    return text.encode("utf-8", "backslashreplace").decode()  # half a surrogate pair is no UTF-8


def figure(value: object) -> int | None:
    """Return a whole number; None, unknown, for what is none or too large to be one."""
    return int(value) if isinstance(value, int) and abs(value) <= _LARGEST else None
