"""Reads a provider's own list of models: costs nothing, uses no tokens.

Owns where each wire keeps its list and how entries are written. What a list means is `core/catalog`.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from router.core.catalog.listing import ollama_name
from router.core.dialects.error_bodies import parse_json
from router.core.records.offers import ListedModel
from router.core.settings.providers import Provider, Wire
from router.errors import RouterError, TransportError
from router.providers.anthropic_wire import VERSION
from router.providers.extras import with_extras
from router.providers.transport import HttpRequest, Transport, host_of

PATIENCE_S = 20.0
MOST_BYTES = 16 << 20
"""Hundreds of models with their descriptions are one or two MiB."""
PER_MTOK = 1_000_000
LARGEST = 10**12
"""A window, a count or a rate above this is none: it is unknown, and so is a rate below one part of this."""
GOOGLE_PREFIX = "models/"
"""What Gemini's list writes before the names that it takes without it."""


@dataclass(frozen=True, slots=True)
class _Shelf:
    """Where a wire keeps its list."""

    path: str
    headers: Callable[[str], tuple[tuple[str, str], ...]]
    """What a key is sent as."""
    entries: str
    """The key of the list in the answer."""
    name: tuple[str, ...]
    """The keys of an entry's name, the first that is there."""


def _bearer(key: str) -> tuple[tuple[str, str], ...]:
    return (("authorization", f"Bearer {key}"),)


_SHELVES = {
    Wire.OPENAI: _Shelf("/models", _bearer, "data", ("id",)),
    Wire.ANTHROPIC: _Shelf(
        "/v1/models?limit=1000",
        lambda key: (("x-api-key", key), ("anthropic-version", VERSION)),
        "data",
        ("id",),
    ),
    Wire.OLLAMA: _Shelf("/api/tags", _bearer, "models", ("model", "name")),
}


class NotRead(RouterError):
    """A provider's answer could not be had or is not what was asked for; says why, and holds no key."""


def has_list(provider: Provider) -> bool:
    """Tell whether a provider has a list at all; the embedded model has none."""
    return provider.wire in _SHELVES


async def read_models(transport: Transport, provider: Provider) -> tuple[ListedModel, ...]:
    """Return a provider's models. Raises NotRead."""
    shelf = _SHELVES[provider.wire]
    body = await get_json(transport, provider, shelf.path, shelf.headers)
    entries = body.get(shelf.entries) if isinstance(body, dict) else None
    if not isinstance(entries, list):
        raise NotRead("its answer is no list of models")
    return tuple(_models(entries, shelf, provider.wire))


async def get_json(
    transport: Transport,
    provider: Provider,
    path: str,
    headers: Callable[[str], tuple[tuple[str, str], ...]] = _bearer,
) -> object:
    """Return what a provider answers to a GET of `path`. Raises NotRead."""
    base = (provider.base_url or "").removesuffix("/v1" if path.startswith("/v1/") else "")
    key = headers(provider.api_key.reveal()) if provider.api_key else ()
    plain = HttpRequest("GET", base + path, (*key, ("accept", "application/json")), proxy=provider.proxy)
    request = with_extras(plain, provider)
    data = bytearray()
    try:
        async with asyncio.timeout(PATIENCE_S), transport.send(request) as response:
            if response.status != 200:
                raise NotRead(f"{host_of(base)} answered {response.status}")
            async for chunk in response.chunks:
                data += chunk
                if len(data) > MOST_BYTES:
                    raise NotRead(f"the answer of {host_of(base)} is too long")
    except TimeoutError:
        raise NotRead(f"no answer from {host_of(base)} within {PATIENCE_S:.0f} s") from None
    except TransportError as error:
        raise NotRead(str(error)) from None
    return parse_json(bytes(data))


def count_in(value: object) -> int | None:
    """Return a count from the wire; None for anything else and for what no ledger could hold."""
    return value if type(value) is int and 0 <= value <= LARGEST else None  # True is an int, but no count


def _models(entries: list[object], shelf: _Shelf, wire: Wire) -> Iterator[ListedModel]:
    for entry in entries:
        if not isinstance(entry, dict):
            continue
        name = next((entry[key] for key in shelf.name if isinstance(entry.get(key), str)), None)
        if not isinstance(name, str) or not name:
            continue
        price = entry.get("pricing")
        rates = price if isinstance(price, dict) else {}
        yield ListedModel(
            ollama_name(name) if wire is Wire.OLLAMA else name.removeprefix(GOOGLE_PREFIX),
            _rate(rates, "prompt"),
            _rate(rates, "completion"),
            count_in(entry.get("context_length")) or None,
        )


def _rate(rates: Mapping[str, object], key: str) -> Decimal | None:
    """Return a rate per million tokens; lists write dollars per token as text. -1 says that it varies."""
    try:
        rate = Decimal(str(rates.get(key))) * PER_MTOK
    except ArithmeticError:  # no number, or one that is too large even for a Decimal
        return None
    if not rate.is_finite() or rate < 0:
        return None
    # The ledger writes rates out: one with a huge exponent would be a million digits.
    return rate.normalize() if not rate or Decimal(1) / LARGEST <= rate <= LARGEST else None
