"""The keys of a LiteLLM file that mean something here, and the kinds of values they may have.

Shapes only. Unlike our own format it lets unknown keys pass (`unread.py` lists them) and takes
numbers as LiteLLM does: bare, quoted, or as `1e-06`, which YAML leaves as text.
"""

from __future__ import annotations

import re
from decimal import Decimal
from typing import Annotated, TypeAlias

from pydantic import BaseModel, ConfigDict, Field, PlainValidator

from router.config.scalars import wrong
from router.config.settings import Text

_NUMBER = re.compile(r"[0-9]{1,15}(\.[0-9]{0,25})?([eE][-+]?[0-9]{1,2})?|\.[0-9]{1,25}([eE][-+]?[0-9]{1,2})?")

_MOST = 10**9

_UNCALLABLE = re.compile(r"\s")

ANY_GROUP = "*"
"""In fallbacks: every model without fallbacks of its own."""


FallbackList: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
"""Models with those that come after them, in the order of the file."""


def number(value: object) -> Decimal:
    """Read a number, exactly as it is written, not negative. Raises the schema's kind of error."""
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        raise wrong("must be a number")
    text = str(value).strip()  # a float is here only where it prints back as it was written
    if text.startswith("-"):
        raise wrong("must not be negative")
    if not _NUMBER.fullmatch(text):
        raise wrong("must be a number")
    return Decimal(text)


def _whole(value: object) -> int:
    found = number(value)
    if found != found.to_integral_value() or found > _MOST:
        raise wrong("must be a whole number")
    return int(found)


def _count(value: object) -> int:
    found = _whole(value)
    if found == 0:
        raise wrong("must be at least 1; leave it out where there is no limit")
    return found


def _bounded(value: object) -> Decimal:
    found = number(value)
    if found >= _MOST:
        raise wrong(f"must be less than {_MOST:,}")
    return found.quantize(Decimal("0.000001"))


def called(name: str) -> str:
    """Return a name that can be asked for here: LiteLLM's may hold spaces, ours may not."""
    return _UNCALLABLE.sub("-", name)


def pattern(name: str) -> str:
    """Return an alias that matches a name; `?` is any character."""
    return _UNCALLABLE.sub("?", name)


def _label(value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, int | str) or value == "":
        raise wrong("must be text")
    return str(value)


def _names(value: object) -> tuple[str, ...]:
    """Read the models after one model; LiteLLM also takes one name, and a mapping with its `model`."""
    items = value if isinstance(value, list) else [value]
    names = [item.get("model") if isinstance(item, dict) else item for item in items]
    if not all(isinstance(name, str) and name for name in names):
        raise wrong("must list models by name: [{model: [fallback, fallback]}]")
    return tuple(called(str(name)) for name in names)


def _fallbacks(value: object) -> FallbackList:
    if not isinstance(value, list):
        raise wrong("must be a list: [{model: [fallback, fallback]}]")
    found: list[tuple[str, tuple[str, ...]]] = []
    for item in value:
        pairs = item.items() if isinstance(item, dict) else [(ANY_GROUP, item)]
        found += [(called(str(model)), _names(after)) for model, after in pairs if after is not None]
    return tuple(found)


def _aliases(value: object) -> dict[str, str]:
    if not isinstance(value, dict):
        raise wrong("must hold `alias: model` lines")
    targets = {
        pattern(str(alias)): after.get("model") if isinstance(after, dict) else after
        for alias, after in value.items()
    }
    found = {alias: called(after) for alias, after in targets.items() if isinstance(after, str) and after}
    if len(found) < len(targets):
        raise wrong("must hold `alias: model` lines, or `alias: {model: ..., hidden: ...}`")
    return found


Whole = Annotated[int, PlainValidator(_whole)]

Count = Annotated[int, PlainValidator(_count)]

Bounded = Annotated[Decimal, PlainValidator(_bounded)]
"""A number below a billion, to six places: a weight, or seconds."""

Label = Annotated[str, PlainValidator(_label)]

Names = Annotated[tuple[str, ...], PlainValidator(_names)]

Fallbacks = Annotated[FallbackList, PlainValidator(_fallbacks)]

Aliases = Annotated[dict[str, str], PlainValidator(_aliases)]


class Lenient(BaseModel):
    """What all parts have in common."""

    model_config = ConfigDict(extra="ignore", strict=True, frozen=True, hide_input_in_errors=True)


class Credential(Lenient):
    """One entry of `credential_list`; what it says goes into the entries that name it."""

    credential_name: Text
    credential_values: dict[str, object]


class Params(Lenient):
    """`litellm_params`: where a deployment is and what it may do. Prices are read by `prices.py`."""

    model: Text
    custom_llm_provider: Text | None = None
    api_base: str | None = None
    base_url: str | None = None
    """The same as `api_base`."""
    api_key: str | None = None
    litellm_credential_name: Text | None = None
    rpm: Count | None = None
    tpm: Count | None = None
    max_parallel_requests: Count | None = None
    weight: Bounded | None = None
    order: Whole | None = None
    timeout: Bounded | None = None
    stream_timeout: Bounded | None = None
    max_tokens: Count | None = None
    organization: Text | None = None
    headers: dict[str, str] | None = None
    extra_headers: dict[str, str] | None = None
    extra_body: dict[str, object] | None = None
    max_budget: Bounded | None = None
    budget_duration: str | None = None


class Info(Lenient):
    """`model_info`: what is known of a model."""

    id: Label | None = None
    tier: Label | None = None
    """Ours: the rung it stands on."""
    confirmed: bool | None = None
    """Ours: that its price is meant, however far it is from the catalogue's."""
    mode: str | None = None
    max_tokens: Count | None = None
    """Of output, for LiteLLM."""
    max_output_tokens: Count | None = None
    max_input_tokens: Count | None = None


class ModelEntry(Lenient):
    """One deployment."""

    model_name: Text
    """What callers ask for; several entries may share one."""
    litellm_params: Params
    model_info: Info | None = None
    rpm: Count | None = None
    tpm: Count | None = None

    @property
    def group(self) -> str:
        """What it is called here."""
        return called(self.model_name)


class ProviderBudget(Lenient):
    """What may be spent at one of LiteLLM's providers; it has two names for each of the two."""

    budget_limit: Bounded | None = None
    max_budget: Bounded | None = None
    time_period: str | None = None
    budget_duration: str | None = None

    @property
    def amount(self) -> Decimal | None:
        """The limit in dollars."""
        return self.max_budget if self.budget_limit is None else self.budget_limit

    @property
    def window(self) -> str | None:
        """The span it is counted over, as LiteLLM writes it."""
        return self.time_period or self.budget_duration


class RouterSettings(Lenient):
    """`router_settings` and `litellm_settings`; the former win."""

    routing_strategy: str | None = None
    fallbacks: Fallbacks | None = None
    context_window_fallbacks: Fallbacks | None = None
    default_fallbacks: Names | None = None
    model_group_alias: Aliases | None = None
    allowed_fails: Whole | None = None
    cooldown_time: Bounded | None = None
    num_retries: Whole | None = None
    timeout: Bounded | None = None
    stream_timeout: Bounded | None = None
    request_timeout: Bounded | None = None
    max_tokens: Count | None = None
    max_budget: Bounded | None = None
    budget_duration: str | None = None
    provider_budget_config: dict[str, ProviderBudget] | None = None


class General(Lenient):
    """`general_settings`."""

    master_key: str | None = None


class LiteLlmFile(Lenient):
    """A whole file."""

    model_list: Annotated[list[ModelEntry], Field(min_length=1)]
    router_settings: RouterSettings | None = None
    litellm_settings: RouterSettings | None = None
    general_settings: General | None = None
    credential_list: list[Credential] | None = None
