from __future__ import annotations

from decimal import Decimal
from fractions import Fraction

import pytest

from cockpit.format import in_currency, percent, rate_note
from cockpit.plain import markdown_table
from router.core.settings.display import Display

EURO = Display("EUR", Decimal("0.92"), "2026-11-20")


@pytest.mark.parametrize(
    ("nano", "shown"),
    [
        (None, "?"),
        (0, "EUR 0"),
        (3_120_000_000, "EUR 2.87"),
        (1_234_567_000_000_000, "EUR 1,135,801.64"),
        (16_400_000, "EUR 0.015"),
        (100, "<EUR 0.000001"),
        (-3_120_000_000, "-EUR 2.87"),
    ],
)
def test_an_amount_is_converted_at_the_rate_and_never_shown_as_nothing(nano: int | None, shown: str) -> None:
    assert in_currency(nano, EURO) == shown


def test_the_rate_is_shown_with_its_date() -> None:
    assert rate_note(EURO) == "EUR at 0.92 to the dollar, the rate of 2026-11-20"


@pytest.mark.parametrize(
    ("share", "shown"),
    [
        (None, "–"),
        (Fraction(0), "0%"),
        (Fraction(1, 3), "33%"),
        (Fraction(1, 10_000), "0.1%"),
        (Fraction(1), "100%"),
    ],
)
def test_a_share_above_nothing_is_never_nothing(share: Fraction | None, shown: str) -> None:
    assert percent(share) == shown


def test_a_cell_cannot_end_its_row_or_column() -> None:
    page = markdown_table(("a", "b"), [("x|y\nz", None), ("\\|", 1)], right=("b",))
    assert page.splitlines() == ["| a | b |", "| --- | --: |", "| x\\|y z |  |", "| \\\\\\| | 1 |"]
