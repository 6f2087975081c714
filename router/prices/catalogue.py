"""Reads the price catalogue that ships with a release: which price a vendor's model had at a moment.

A name is found exactly, as an alias, with its date cut off, or with dots for dashes; never by a prefix, since
the next model of a family has another price. Nothing is fetched.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

from router.core.cost.price_config import price_from_config
from router.core.money import CostSource
from router.core.settings.prices import Price, RateTable, model_keys

VENDOR_NAMES = {
    "gemini": "google",
    "x-ai": "xai",
    "qwen": "alibaba",
    "dashscope": "alibaba",
    "mistralai": "mistral",
    "llama.cpp": "llamacpp",
}
"""Other names of vendors, in provider names and before a slash in model names."""
LOCAL_VENDORS = frozenset({"ollama", "llamacpp", "embedded"})
"""They run on the user's own machine, so there is nobody to pay; Ollama's `-cloud` models do not."""
SAME_PRICE_VENDORS = frozenset({"anthropic", "openai", "google", "xai", "alibaba"})
"""OpenRouter passes their own prices on; for open models the hosts' prices stand in its own list."""


@dataclass(frozen=True, slots=True)
class ModelPrices:
    """One model's record: where its prices come from and when someone looked."""

    vendor: str
    model: str
    aliases: tuple[str, ...]
    prices: tuple[Price, ...]
    """Oldest first; they do not overlap, and there may be gaps."""
    source: str
    checked: str
    """The date, as `2026-10-26`."""


class Catalogue:
    """Prices by vendor and model. Raises ValueError where the written form is no catalogue."""

    def __init__(self, written: Mapping[str, Any]) -> None:
        self._written = written
        self._index: dict[str, dict[str, str]] = {}
        try:
            self.version = str(written["version"])
            self.source, self.checked = str(written["source"]), str(written["checked"])
            self._vendors: dict[str, dict[str, Any]] = {**written["vendors"]}
        except (KeyError, TypeError) as error:
            raise ValueError(f"this is no price catalogue: {error!r} is missing") from error

    def lookup(self, vendor: str, model: str, when_ms: int) -> Price | None:
        """Return the price that held at `when_ms`, or None where it is not known; never a neighbour's."""
        seller = VENDOR_NAMES.get(vendor.lower(), vendor.lower())
        name = _without_vendor(seller, model.lower())
        if seller in LOCAL_VENDORS:
            return None if name.endswith(("-cloud", ":cloud")) else _unpaid(CostSource.LOCAL, self.version)
        if seller == "openrouter" and name.endswith(":free"):
            return _unpaid(CostSource.FREE, self.version)
        record = self.find(seller, name)
        if record is None:
            return self._passed_on(name, when_ms) if seller == "openrouter" else None
        return next((price for price in record.prices if _holds(price, when_ms)), None)

    def find(self, vendor: str, model: str) -> ModelPrices | None:
        """Return the record of a model by any of its names at this vendor."""
        if vendor not in self._vendors:
            return None
        if vendor not in self._index:
            self._index[vendor] = _index(self._vendors[vendor])
        index = self._index[vendor]
        model_id = next((index[key] for key in model_keys(model) if key in index), None)
        return None if model_id is None else self._record(vendor, model_id)

    def __iter__(self) -> Iterator[ModelPrices]:
        """Walk every record, vendor by vendor. Raises ValueError at one that is no price."""
        for vendor, models in self._vendors.items():
            for model in models:
                yield self._record(vendor, model)

    def _record(self, vendor: str, model: str) -> ModelPrices:
        try:
            written = self._vendors[vendor][model]
            return ModelPrices(
                vendor=vendor,
                model=model,
                aliases=tuple(written.get("aliases", ())),
                prices=tuple(price_from_config(price, version=self.version) for price in written["prices"]),
                source=str(written.get("source", self.source)),
                checked=str(written.get("checked", self.checked)),
            )
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise ValueError(f"{vendor} {model}: {error}") from error

    def _passed_on(self, name: str, when_ms: int) -> Price | None:
        maker, _, model = name.partition("/")
        maker = VENDOR_NAMES.get(maker, maker)
        return self.lookup(maker, model, when_ms) if maker in SAME_PRICE_VENDORS else None


@cache
def load_catalogue() -> Catalogue:
    """Return the catalogue of this release; read at the first call, in about a millisecond."""
    return Catalogue(json.loads((resources.files("router.prices") / "catalogue.json").read_text()))


def _index(models: Mapping[str, Any]) -> dict[str, str]:
    """Return model ids by every name they have; an id beats another model's alias."""
    aliases = [(alias, model) for model, record in models.items() for alias in record.get("aliases", ())]
    ids = [(model, model) for model in models]
    return {model_keys(name)[0]: model for name, model in [*aliases, *ids]}


def _without_vendor(vendor: str, model: str) -> str:
    """Cut the vendor's own name off: `gemini/gemini-2.5-flash`, `openrouter/anthropic/...`, `models/...`."""
    maker, slash, rest = model.partition("/")
    own = VENDOR_NAMES.get(maker, maker) == vendor or (vendor == "google" and maker == "models")
    return rest if slash and own else model


def _unpaid(plan: CostSource, version: str) -> Price:
    return Price(RateTable(), plan=plan, written={"plan": plan.value}, version=version)


def _holds(price: Price, when_ms: int) -> bool:
    begun = price.valid_from_ms is None or price.valid_from_ms <= when_ms
    return begun and (price.valid_to_ms is None or when_ms < price.valid_to_ms)
