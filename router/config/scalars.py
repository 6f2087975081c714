"""The kinds of single values a configuration knows beyond text and numbers: names, durations, money, keys.

Each is a type for the schema. What it refuses, it refuses in words that follow a key's name in a sentence.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from ipaddress import ip_address
from typing import Annotated
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, PlainValidator
from pydantic_core import PydanticCustomError

from router.core.settings.secret import Secret

_DURATION = re.compile(r"([0-9]{1,9}(?:\.[0-9]{1,6})?)(ms|s|m|h|d)")
_SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
_MONEY = re.compile(r"[0-9]{1,12}(\.[0-9]{1,12})?")
_VARIABLE = re.compile(r"\$\{([A-Za-z_][A-Za-z0-9_]*)\}")


OUR_HEADERS = frozenset(
    {
        *("host", "connection", "content-type", "content-length", "transfer-encoding", "te", "trailer"),
        *("accept", "accept-encoding", "upgrade", "proxy-authorization", "proxy-connection", "keep-alive"),
    }
)


@dataclass(frozen=True, slots=True)
class KeySource:
    """Where a provider's key comes from: the environment variable `variable`, or else `secret` as written."""

    variable: str | None = None
    secret: Secret | None = None


def wrong(message: str) -> PydanticCustomError:
    """Return an error whose message follows the name of a key in a sentence."""
    # Braces are template marks to pydantic, so words that may hold some go in as a value.
    return PydanticCustomError("plain_words", "{words}", {"words": message})


def _seconds(value: object) -> float:
    found = _DURATION.fullmatch(value) if isinstance(value, str) else None
    if found is None:
        raise wrong("must be a duration with its unit: 500ms, 10s, 2m, 1h or 7d")
    seconds = float(found[1]) * _SECONDS[found[2]]
    if seconds == 0:
        raise wrong("must be longer than nothing; leave it out for the default")
    return seconds


def _every(value: object) -> float | None:
    return None if value == "off" else _seconds(value)


def _money(value: object) -> Decimal:
    if isinstance(value, int | float) and not isinstance(value, bool):
        raise wrong(f'must be in quotes, so that it stays exact: "{value}"')
    if not isinstance(value, str) or not _MONEY.fullmatch(value):
        raise wrong('must be an amount in quotes, without sign or unit: "0.02"')
    return Decimal(value)


def _factor(value: object) -> Decimal | dict[str, Decimal]:
    if isinstance(value, dict):
        return {str(key): _money(inner) for key, inner in value.items()}
    return _money(value)


def _key_source(value: object) -> KeySource:
    if not isinstance(value, str) or not value.strip():
        raise wrong('must be the name of an environment variable: "${SOME_API_KEY}"')
    found = _VARIABLE.fullmatch(value)
    if found:
        return KeySource(variable=found[1])
    if "${" in value:
        raise wrong('must be one environment variable and nothing else: "${SOME_API_KEY}"')
    return KeySource(secret=Secret(value))


def _name(value: str) -> str:
    if not value or len(value) > 100 or not value.isprintable() or " " in value:
        raise wrong("is not a name: 1 to 100 printable characters without spaces")
    return value


def _header_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{1,100}", value):
        raise wrong("is no header's name: letters, digits and dashes")
    if value.lower() in OUR_HEADERS:
        raise wrong("is a header that says how a request is sent, and is always set here")
    return value


def _dotted_path(value: str) -> str:
    if not re.fullmatch(r"[^.\s]+(\.[^.\s]+)*", value) or len(value) > 200:
        raise wrong("must be keys with dots between them: meta.tokens")
    return value


def _base_url(value: str) -> str:
    parts = urlsplit(value)
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        raise wrong(
            "must be an address that begins with https:// (or http:// for this machine and this network)"
        )
    if parts.username or parts.password or parts.query or parts.fragment:
        raise wrong("must be an address without user, password, `?` and `#`; keys belong in api_key")
    if _is_link_local(parts.hostname):
        raise wrong("points to a link-local address, where machines keep their own secrets")
    return value.rstrip("/")


def _is_link_local(host: str) -> bool:
    try:
        return ip_address(host).is_link_local
    except ValueError:
        return False


def is_loopback(url: str) -> bool:
    """Tell whether an address is this machine itself."""
    host = urlsplit(url).hostname or ""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def _iso_date(value: str) -> str:
    try:
        date.fromisoformat(value)
    except ValueError:
        raise wrong("must be a date like 2026-11-20") from None
    return value


def _timezone(value: str) -> str:
    try:
        ZoneInfo(value)
    except (KeyError, ValueError, OSError):  # unknown; malformed; a folder of zones
        raise wrong("must be a time zone's name like Europe/Amsterdam") from None
    return value


def _currency(value: str) -> str:
    if not re.fullmatch("[A-Z]{3}", value):
        raise wrong("must be a currency's three letters like EUR")
    return value


def _language(value: str) -> str:
    if not re.fullmatch("[a-z]{2}", value):
        raise wrong("must be a language's two letters like ja")
    return value


def _time_of_day(value: str) -> str:
    if not re.fullmatch(r"([01][0-9]|2[0-3]):[0-5][0-9]", value):
        raise wrong("must be a time of day like 08:00")
    return value


Seconds = Annotated[float, PlainValidator(_seconds)]
"""Written `500ms`, `10s`, `2m`, `1h`, `7d`; read as seconds."""
Every = Annotated[float | None, PlainValidator(_every)]
"""A duration between two times, or `off`, read as None."""
Usd = Annotated[Decimal, PlainValidator(_money)]
"""Dollars (or a rate, or a factor) as a decimal number in quotes: `"0.02"`."""
Factor = Annotated[Decimal | dict[str, Decimal], PlainValidator(_factor)]
"""A factor in quotes, or a mapping of them."""
ApiKey = Annotated[KeySource, PlainValidator(_key_source)]
"""`"${NAME}"`, read from the environment, or the key itself."""
HeaderName = Annotated[str, AfterValidator(_header_name)]
"""A header of a request; those that say how it is sent are not for anybody to set."""
DottedPath = Annotated[str, AfterValidator(_dotted_path)]
"""Keys from the top to a value, dots between them: `meta.tokens`."""
Name = Annotated[str, AfterValidator(_name)]
"""What something is called; may contain `/` and `:`, no spaces."""
BaseUrl = Annotated[str, AfterValidator(_base_url)]
IsoDate = Annotated[str, AfterValidator(_iso_date)]
Language = Annotated[str, AfterValidator(_language)]
Timezone = Annotated[str, AfterValidator(_timezone)]
Currency = Annotated[str, AfterValidator(_currency)]
TimeOfDay = Annotated[str, AfterValidator(_time_of_day)]
