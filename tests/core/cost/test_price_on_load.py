from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from router.core.cost.price_config import price_from_config
from router.core.cost.price_guard import judged, priced
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.providers import Billing, Provider, Wire

LISTED = price_from_config({"input_mtok": "3", "output_mtok": "15", "cache_read_mtok": "0.3"}, version="now")


def deployment(
    written: Mapping[str, object] | None, *, billing: Billing = Billing.METERED, off: str | None = None
) -> Deployment:
    price = price_from_config(written) if written is not None else None
    return Deployment(
        "d", Tier("T0", "", 0), Provider("p", Wire.OPENAI, billing), "m", billing, price, off=off
    )


@pytest.mark.parametrize(
    ("field", "rate", "usable"),
    [
        ("input_mtok", "3", True),
        ("input_mtok", "30", False),
        ("input_mtok", "0.3", False),
        ("output_mtok", "45", True),
        ("output_mtok", "45.01", False),
        ("output_mtok", "4.5", True),
        ("output_mtok", "4.49", False),
        ("cache_read_mtok", "0.03", False),
    ],
)
def test_one_rate_beyond_a_third_or_three_times_the_reference_switches_off(
    field: str, rate: str, usable: bool
) -> None:
    written = {"input_mtok": "3", field: rate}
    found = priced(deployment(written), LISTED)
    assert (found.off is None) is usable
    confirmed = priced(deployment({**written, "confirmed": True}), LISTED)
    assert confirmed.off is None


def test_the_reason_names_rate_reference_and_the_way_out_beside_what_else_is_missing() -> None:
    found = priced(deployment({"input_mtok": "30"}, off="no key: set K"), LISTED)
    assert found.off == (
        "price: input_mtok is 30, the reference is 3; say `confirmed: true` with the price if it is meant; "
        "no key: set K"
    )


def test_the_configured_rates_lie_over_the_catalogues() -> None:
    found = priced(deployment({"input_mtok": "2"}), LISTED).price
    assert found is not None
    assert (found.input_mtok, found.output_mtok) == (Decimal(2), Decimal(15))


@pytest.mark.parametrize("written", [{"input_mtok": "0.000003", "output_mtok": "0.000015"}])
def test_a_rate_per_token_of_a_model_nobody_lists_switches_off(written: dict[str, object]) -> None:
    assert priced(deployment(written), None).off is not None


@pytest.mark.parametrize(
    "written",
    [
        {"input_mtok": "3", "output_mtok": "1"},
        {"input_mtok": "2000", "output_mtok": "3000"},
        {"input_mtok": "0", "output_mtok": "0"},
    ],
)
def test_what_only_looks_odd_by_itself_is_told_and_used(written: dict[str, object]) -> None:
    found = priced(deployment(written), None)
    verdict = judged(found, None)
    assert found.off is None
    assert verdict is not None
    assert verdict.why


@pytest.mark.parametrize("billing", [Billing.FREE, Billing.LOCAL, Billing.SUBSCRIPTION])
def test_nothing_paid_per_call_may_be_written_as_zero(billing: Billing) -> None:
    written: dict[str, object] = {"input_mtok": "0", "output_mtok": "0"}
    assert priced(deployment(written, billing=billing), LISTED).off is None
    assert priced(deployment(written), LISTED).off is not None


def test_what_nobody_configured_is_the_catalogues_and_is_not_judged() -> None:
    found = priced(deployment(None), LISTED)
    assert found.price is LISTED
    assert judged(found, LISTED) is None
    assert priced(deployment(None, billing=Billing.LOCAL), LISTED).price is None
