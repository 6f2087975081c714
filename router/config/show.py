"""The configuration in use as plain data for `cockpit config show`: keys hidden, names for repetitions."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import fields, is_dataclass
from decimal import Decimal
from enum import Enum
from typing import TypeAlias

from router.core.json_schema.schema import Schema
from router.core.money import usd
from router.core.pattern import Pattern
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.prices import Price
from router.core.settings.secret import Secret

Json: TypeAlias = "str | int | float | bool | list[Json] | dict[str, Json] | None"


def shown(config: RouterConfig) -> dict[str, Json]:
    """Return the effective configuration, what is unset left out; `source` says where it came from.

    Amounts are decimal strings in dollars under keys that say so, durations seconds. Keys never appear:
    a provider shows the variable its key is read from and whether it is set.
    """
    return _fields(config)


def _fields(value: object) -> dict[str, Json]:
    shown_fields: dict[str, Json] = {}
    for field in fields(value) if is_dataclass(value) else ():
        inner = getattr(value, field.name)
        if "_nano" in field.name and isinstance(inner, int):
            shown_fields[field.name.replace("_nano", "_usd")] = usd(inner)
        elif inner not in (None, (), {}):
            shown_fields[field.name] = _plain(_as_written(inner))
    return shown_fields


def _as_written(value: object) -> object:
    """Return what stands in the file for a value that was worked out from it."""
    match value:
        case Price():
            return value.written
        case Pattern():
            return value.text
        case Schema():
            return value.document
        case _:
            return value


def _plain(value: object) -> Json:
    match value:
        case Secret():
            return "set, hidden"
        case Deployment():
            return {**_fields(value), "tier": value.tier.name, "provider": value.provider.name}
        case Enum():
            return str(value.value)
        case bool() | int() | float() | str():
            return value
        case Decimal():
            return f"{value:f}"
        case Mapping():
            return {str(key): _plain(inner) for key, inner in value.items()}
        case Iterable():
            return [_plain(inner) for inner in value]
        case _:
            return _fields(value) if is_dataclass(value) else str(value)
