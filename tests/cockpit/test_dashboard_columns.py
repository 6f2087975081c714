from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from cockpit.screens.dashboard.live_calls import COLUMNS as CALLS
from cockpit.screens.dashboard.tier_table import PANEL
from cockpit.ui.columns import Column, fit, place
from cockpit.ui.table import column_of

TIERS = tuple(column_of(one) for one in PANEL)

column_lists = st.lists(
    st.builds(Column, st.just("x"), st.integers(1, 12), st.integers(0, 5), st.booleans(), st.just(0)),
    min_size=1,
)


@given(column_lists, st.integers(0, 120))
def test_columns_keep_their_figures_whole_and_go_in_their_order(columns: list[Column], width: int) -> None:
    widths = fit(columns, width)
    assert list(widths) == sorted(widths)
    assert all(widths[i] >= columns[i].width for i in widths)
    gone = [columns[i].spare for i in range(len(columns)) if i not in widths]
    kept = [columns[i].spare for i in widths]
    assert all(spare > 0 for spare in gone)
    if gone:
        assert min(gone) >= max(kept, default=0)


@given(st.sampled_from([CALLS, TIERS]), st.integers(56, 200))
def test_our_tables_fit_from_sixty_columns_on(columns: tuple[Column, ...], width: int) -> None:
    widths = fit(columns, width)
    assert sum(widths.values()) + len(widths) - 1 <= width


@pytest.mark.parametrize(("width", "heads"), [(58, 6), (77, 8), (158, 13)])
def test_live_calls_show_more_where_there_is_more_room(width: int, heads: int) -> None:
    assert len(fit(CALLS, width)) == heads


@given(st.text(st.sampled_from("ab漢😀…")), st.integers(0, 12), st.booleans())
def test_a_text_takes_exactly_its_place(text: str, width: int, right: bool) -> None:
    assert cell_len(place(text, width, right=right)) == width
