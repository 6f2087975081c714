"""What providers offer, kept for all processes."""

from __future__ import annotations

from contextlib import closing
from decimal import Decimal
from pathlib import Path

from router.core.records.offers import Allowance, Asked, ListedModel, Listing, OfferReading, Offers
from router.ledger.private_files import prepare
from router.ledger.sqlite.driver import open_for_writing
from router.ledger.sqlite.offers import REMEMBERED_MS, all_offers, write_allowance, write_listing, write_tried
from router.ledger.sqlite.schema import migrate

A = ListedModel("a", Decimal("0.12"), None, 8192)
B = ListedModel("b")


def test_a_list_is_kept_with_when_each_model_came_and_went(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        migrate(connection, path)
        write_listing(connection, "p", [A, B], 1000)
        write_listing(connection, "p", [ListedModel("a", Decimal(0), Decimal(0)), ListedModel("c")], 2000)
        write_tried(connection, "p", Asked.MODELS, "answered 503", 3000)
        found = all_offers(connection)
        assert found.readings == {("p", Asked.MODELS): OfferReading(3000, 2000, "answered 503")}
        models = {
            "a": ListedModel("a", Decimal(0), Decimal(0), None, 1000),
            "c": ListedModel("c", first_seen=2000),
        }
        assert found.listings == {"p": Listing(models, {"b": 1000})}
        write_listing(connection, "p", [A], 2000 + REMEMBERED_MS)
        assert all_offers(connection).listings["p"].gone == {"c": 2000}
        assert all_offers(connection).readings["p", Asked.MODELS].problem is None


def test_an_allowance_is_the_newest_and_none_is_none(tmp_path: Path) -> None:
    path = tmp_path / "ledger.db"
    prepare(path)
    with closing(open_for_writing(path)) as connection:
        assert all_offers(connection) == Offers()  # a ledger from before there were any
        migrate(connection, path)
        write_allowance(connection, "p", Allowance(17, 50), 1000)
        write_allowance(connection, "p", Allowance(18, 50), 2000)
        write_allowance(connection, "q", Allowance(1, 2), 2000)
        assert all_offers(connection).allowances == {"p": Allowance(18, 50, 2000), "q": Allowance(1, 2, 2000)}
        write_allowance(connection, "p", None, 3000)
        assert set(all_offers(connection).allowances) == {"q"}
        assert all_offers(connection).readings["p", Asked.ALLOWANCE] == OfferReading(3000, 3000)
