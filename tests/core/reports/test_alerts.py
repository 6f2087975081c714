from __future__ import annotations

from dataclasses import replace
from datetime import date
from fractions import Fraction

import pytest

from router.core.catalog.news import ModelNews, NewsKind
from router.core.cost.reconcile import Mismatch
from router.core.health.scopes import scope_keys
from router.core.records.admission import Cap, Used
from router.core.records.alerts import Alert, StandingPause
from router.core.records.health import Health, ScopeHealth
from router.core.reports import alerts
from router.core.reports.trends import Anomaly
from router.core.settings.deployments import Deployment, Tier
from router.core.settings.hooks import Event
from router.core.settings.providers import Billing, Provider, Wire
from router.core.settings.secret import Secret

DAY = date(2026, 11, 26)
CAP = Cap("all spend, day", 1_000_000_000, 0, 0, until_ms=86_400_000)


def of_budget(posted: int, held: int = 0, cap: Cap = CAP) -> Alert | None:
    found = alerts.budget_alerts([(cap, Used(posted, held))], DAY)
    return found[0] if found else None


@pytest.mark.parametrize(
    ("posted", "share"),
    [
        (0, 0),
        (499_999_999, 0),
        (500_000_000, 50),
        (799_999_999, 50),
        (800_000_000, 80),
        (10**9, 100),
        (10**10, 100),
    ],
)
def test_the_highest_share_that_is_spent_is_told(posted: int, share: int) -> None:
    found = of_budget(posted)
    assert (found.rank if found else 0) == share


def test_what_only_runs_is_not_spent() -> None:
    assert of_budget(499_000_000, held=10**9) is None


def test_a_budget_is_told_again_in_its_next_window_and_when_its_limit_changes() -> None:
    keys = {
        found.key
        for cap in (CAP, replace(CAP, until_ms=2 * 86_400_000), replace(CAP, limit_nano=900_000_000))
        if (found := of_budget(800_000_000, cap=cap))
    }
    assert len(keys) == 3
    moving = replace(CAP, until_ms=None)
    found = of_budget(800_000_000, cap=moving)
    assert found is not None
    assert found.key.endswith("2026-11-26"), "a moving window is told once a day"


def test_a_used_up_budget_says_what_comes_of_it() -> None:
    hard, soft = of_budget(10**9), of_budget(10**9, cap=replace(CAP, hard=False))
    assert hard
    assert hard.text == ("100 % of budget `all spend, day` is spent: $1 of $1; what does not fit is refused")
    assert soft
    assert "it is soft, so calls go on" in soft.text
    assert soft.details["mode"] == "soft"


def test_days_pauses_and_bills_are_told_in_words_and_figures() -> None:
    [day] = alerts.anomaly_alerts([Anomaly(DAY, 3_000_000_000, 1_000_000_000)])
    assert (day.event, day.key, day.details["cost_usd"]) == (Event.ANOMALY, "anomaly|2026-11-26", "3")
    [pause] = alerts.guard_alerts([StandingPause(7, "$10 in ten minutes", None)])
    assert "cockpit resume" in pause.text
    bills = [Mismatch("glm", "m", 20, Fraction(2), rates) for rates in ("a", "b", "a")]
    first, other, again = alerts.mismatch_alerts(bills)
    assert first.key == again.key != other.key


def test_only_what_is_switched_off_and_configured_is_gone() -> None:
    provider = Provider("p", Wire.OPENAI, Billing.METERED, api_key=Secret("k"))
    one, two = (
        Deployment(name, Tier("T0", "", 0), provider, name, Billing.METERED) for name in ("one", "two")
    )
    keys = scope_keys(one)
    disabled = ScopeHealth(Health.DISABLED, reason="402 insufficient credits")
    healths = dict.fromkeys(keys.values(), disabled) | {"deployment:old:gone": disabled}
    found = alerts.gone_alerts(healths, [one, two])
    assert {alert.details["deployments"] for alert in found} == {"one", "one, two"}
    assert all("402 insufficient credits" in alert.text for alert in found)
    cooling = {key: ScopeHealth(Health.COOLING, until_ms=1, reason="429") for key in keys.values()}
    assert alerts.gone_alerts(cooling, [one, two]) == []


def test_a_model_that_its_list_has_no_more_is_told_once_whoever_uses_it() -> None:
    found = alerts.listed_alerts(
        [
            ModelNews(NewsKind.GONE, "p", "lost", "one", since=5),
            ModelNews(NewsKind.GONE, "p", "lost", "two", since=5),
            ModelNews(NewsKind.NOT_FREE, "p", "dear:free", "three"),
            ModelNews(NewsKind.FREE, "p", "fresh", new=True),
        ]
    )
    assert [(alert.event, alert.text) for alert in found] == [
        (Event.BACKEND_GONE, "p does not list lost: one, two; `cockpit watch` says what to do"),
        (Event.BACKEND_GONE, "p no longer lists for free dear:free: three; `cockpit watch` says what to do"),
    ]
    assert [alert.details["reason"] for alert in found] == ["gone", "not_free"]


def test_a_list_that_comes_and_goes_is_the_same_alert_and_another_model_another() -> None:
    def key(model: str, since: int | None, kind: NewsKind = NewsKind.GONE, provider: str = "p") -> str:
        [alert] = alerts.listed_alerts([ModelNews(kind, provider, model, "one", since=since)])
        return alert.key

    assert key("a", 5) == key("a", 9) == key("a", None)
    others = {key("b", 5), key("a", 5, NewsKind.NOT_FREE), key("a", 5, provider="q"), key("a", 5)}
    assert len(others) == 4
