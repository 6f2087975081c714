"""The file of last resort."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.ledger.sqlite.rows import Row, settled_row
from router.ledger.sqlite.spool import ROOM, Spool
from tests.ledger.samples import TOO_LONG, settlement


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "spool")
    spool.prepare()
    return spool


def row(name: str) -> Row:
    return settled_row(settlement(name))


def test_it_takes_its_room_in_advance_and_keeps_it(spool: Spool) -> None:
    sizes = [spool.path.stat().st_size]
    spool.append([row("a")])
    sizes.append(spool.path.stat().st_size)
    with spool.emptied():
        pass
    sizes.append(spool.path.stat().st_size)
    assert sizes == [ROOM] * 3


def test_rows_come_back_in_order_and_are_then_forgotten(spool: Spool) -> None:
    assert spool.is_empty()
    spool.append([row("a"), row("b")])
    spool.append([row("c")])
    assert not spool.is_empty()
    with spool.emptied() as rows:
        assert rows == [row("a"), row("b"), row("c")]
    assert spool.is_empty()


def test_rows_stay_when_they_could_not_be_used(spool: Spool) -> None:
    spool.append([row("a")])
    with pytest.raises(ZeroDivisionError), spool.emptied():
        raise ZeroDivisionError
    with spool.emptied() as rows:
        assert rows == [row("a")]


def test_it_grows_beyond_its_room_and_shrinks_again(spool: Spool) -> None:
    many = [settled_row(TOO_LONG)] * 8
    spool.append(many)
    assert spool.path.stat().st_size > ROOM
    with spool.emptied() as rows:
        assert rows == many
    assert spool.path.stat().st_size == ROOM


@pytest.mark.parametrize(
    "damage", [b'{"request_id": "b", "att', b"[1]\n", b'{"request_id": []}\n', b"\xff\n"]
)
def test_a_torn_end_is_dropped_and_written_over(spool: Spool, damage: bytes) -> None:
    spool.append([row("a")])
    text = spool.path.read_bytes().rstrip(b"\0")
    spool.path.write_bytes((text + damage).ljust(ROOM, b"\0"))
    spool.append([row("c")])
    with spool.emptied() as rows:
        assert rows == [row("a"), row("c")]


def test_a_spool_that_was_removed_is_empty_and_made_anew(spool: Spool) -> None:
    spool.path.unlink()
    assert spool.is_empty()
    spool.append([row("a")])
    assert spool.path.stat().st_mode & 0o777 == 0o600
    with spool.emptied() as rows:
        assert rows == [row("a")]
