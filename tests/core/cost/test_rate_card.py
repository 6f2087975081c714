"""Rate cards say to the nano-dollar what `Decimal` says, whatever a price is made of."""

from __future__ import annotations

from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from router.core.cost.estimate import Cached
from router.core.cost.rate_card import RateCard
from router.core.settings.prices import Hours, Price, Rates, RateTable, RateTier
from tests.core.cost.plain_amounts import bound, expected

RATE = st.one_of(st.none(), st.decimals(0, 100, places=7), st.sampled_from([Decimal(0), Decimal("1E+2")]))
RATES = st.builds(Rates, RATE, RATE, RATE, RATE, RATE)
THRESHOLDS = st.lists(st.tuples(st.integers(1, 2_000), st.booleans(), RATES), max_size=3)
NIGHT = st.builds(Hours, st.just(frozenset(range(1, 8))), st.just(0), st.just(60), RATES)


@st.composite
def prices(draw: st.DrawFn) -> Price:
    tiers = sorted(draw(THRESHOLDS), key=lambda tier: tier[0])
    table = RateTable(draw(RATES), tuple(RateTier(*tier) for tier in tiers))
    return Price(table, hours=tuple(draw(st.lists(NIGHT, max_size=2))), request_usd=draw(RATE))


TOKENS = st.integers(0, 3_000)


@given(prices(), TOKENS, TOKENS, st.builds(Cached, TOKENS, TOKENS, st.booleans()))
def test_a_card_says_what_decimals_say(price: Price, tokens_in: int, tokens_out: int, part: Cached) -> None:
    card = RateCard(price)
    for hour in (False, True):
        assert card.bound(tokens_in, tokens_out, hour=hour) == bound(price, tokens_in, tokens_out, hour=hour)
    found = card.expected(tokens_in, tokens_out, part.read_tokens, part.written_tokens, hour=part.hour)
    assert found == expected(price, tokens_in, tokens_out, part)
