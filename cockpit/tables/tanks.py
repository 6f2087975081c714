"""Tanks: the requests a day that providers allow, how full they are, and when they are empty."""

from __future__ import annotations

from cockpit.format import bar, countdown
from cockpit.tables.field import Field, View, moment
from router.core.catalog.quotas import DailyQuota

BAR_CELLS = 12


def _bar(tank: DailyQuota, _: View) -> str:
    return bar(max(0, tank.limit - tank.used), tank.limit, BAR_CELLS)


def _empty_in(tank: DailyQuota, view: View) -> str | None:
    return None if tank.empty_at is None else countdown(tank.empty_at - view.now_ms)


def _nothing(_: DailyQuota) -> None:
    """What only people read has no value of its own."""


FIELDS: tuple[Field[DailyQuota], ...] = (
    Field("tank", lambda tank: tank.label, "tank"),
    Field(
        "deployments",
        lambda tank: list(tank.deployments),
        "deployments",
        lambda tank, _: ", ".join(tank.deployments),
        last=True,
    ),
    Field("used", lambda tank: tank.used, "used", right=True),
    Field("limit", lambda tank: tank.limit, "limit", right=True),
    Field(
        "left",
        lambda tank: round(tank.left, 4),
        "left",
        lambda tank, _: f"{tank.left:.0%}",
        right=True,
        only_json=True,
    ),
    Field("", _nothing, "", _bar),
    Field("", _nothing, "full again in", lambda tank, view: countdown(tank.resets_at - view.now_ms)),
    Field("", _nothing, "empty in", _empty_in),
    Field("source", lambda tank: tank.source.value, "says"),
    Field("resets_at", lambda tank: moment(tank.resets_at)),
    Field("empty_at", lambda tank: moment(tank.empty_at)),
)
