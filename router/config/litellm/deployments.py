"""The entries of a `model_list` as our deployments and providers.

Owns what one entry comes to: its name, its account, its billing, why it is off. Routes between entries are
`routes.py`, the table of providers `providers.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from router.config.litellm.providers import NOWHERE, LiteLlmUpstream, upstream_of
from router.config.litellm.schema import Info, LiteLlmFile, ModelEntry, RouterSettings
from router.config.litellm.unread import variable
from router.config.positions import Plain, Steps
from router.config.scalars import is_loopback
from router.core.settings.providers import Billing, Wire
from router.core.settings.routes import Strategy

_CHAT = (None, "chat", "completion", "responses")
"""The modes of `model_info` that are served here."""


@dataclass(frozen=True, slots=True)
class Read:
    """One entry, read."""

    name: str
    group: str
    number: int
    """Its place in `model_list`."""
    entry: ModelEntry
    info: Info
    upstream: LiteLlmUpstream
    price: Mapping[str, Plain]
    """As the file gives it, in our written form."""
    billing: Billing
    off: str | None


def read(file: LiteLlmFile, prices: Sequence[Mapping[str, Plain]], unset: Mapping[Steps, str]) -> list[Read]:
    """Read every entry; `prices` are theirs, `unset` the variables they name that are not set."""
    entries, credentials = file.model_list, {one.credential_name for one in file.credential_list or ()}
    groups = {entry.group for entry in entries}
    counts: dict[str, int] = {}
    found = []
    for number, (entry, price) in enumerate(zip(entries, prices, strict=True)):
        group, params = entry.group, entry.litellm_params
        counts[group] = counts.get(group, 0) + 1
        while f"{group}/{counts[group]}" in groups:  # a model may be called like this one's second entry
            counts[group] += 1
        key = params.api_key if params.api_key and params.api_key.strip() else None
        base = params.api_base or params.base_url or (NOWHERE if _no_address(number, unset) else None)
        upstream = upstream_of(params.model, params.custom_llm_provider, base, key)
        info = entry.model_info or Info()
        billing = _billing(upstream, price)
        keyless = _no_credential(entry, number, credentials, unset)
        if keyless:
            upstream = replace(upstream, keys=())  # not another account's
        off = keyless or _off(entry, info, number, unset) or upstream.off
        name = f"{group}/{counts[group]}"
        found.append(Read(name, group, number, entry, info, upstream, price, billing, off))
    return found


def _no_address(number: int, unset: Mapping[Steps, str]) -> str | None:
    """Return the variable that should hold an entry's address and is not set."""
    steps: Steps = ("model_list", number, "litellm_params")
    return unset.get((*steps, "api_base")) or unset.get((*steps, "base_url"))


def _no_credential(
    entry: ModelEntry, number: int, known: Collection[str], unset: Mapping[Steps, str]
) -> str | None:
    """Return why the credential an entry names holds no key for it; another account's is not taken."""
    name = entry.litellm_params.litellm_credential_name
    if name is None or entry.litellm_params.api_key:
        return None
    if name not in known:
        return f"credential_list has no `{name}`"
    missing = unset.get(("model_list", number, "litellm_params", "api_key"))
    return f"no key: set {missing}" if missing else None


def _off(entry: ModelEntry, info: Info, number: int, unset: Mapping[Steps, str]) -> str | None:
    if missing := unset.get(("model_list", number, "litellm_params", "model")):
        return f"no model: set {missing}"
    if missing := _no_address(number, unset):
        return f"no address: set {missing}"
    if "*" in entry.model_name or "*" in entry.litellm_params.model:
        return "a wildcard stands for no model: name the models you use"
    if info.mode not in _CHAT:
        return f"its mode is {info.mode}, and only chat is served here"
    return None


def _billing(upstream: LiteLlmUpstream, price: Mapping[str, Plain]) -> Billing:
    """Return free for rates of 0 and OpenRouter's free models, local by the address, else metered."""
    if price.get("input_mtok") == "0" and price.get("output_mtok") == "0":
        return Billing.FREE
    if price:
        return Billing.METERED
    if upstream.vendor == "openrouter" and upstream.model.endswith(":free"):
        return Billing.FREE
    return _billing_at(upstream)


def _billing_at(upstream: LiteLlmUpstream) -> Billing:
    """Return what an address costs when no price is given; Ollama's cloud models are not its owner's own."""
    if upstream.wire is Wire.OLLAMA:
        return Billing.METERED if upstream.model.endswith(("-cloud", ":cloud")) else Billing.LOCAL
    return Billing.LOCAL if is_loopback(upstream.base_url) else Billing.METERED


class Accounts:
    """The providers: one for each wire, address and key."""

    def __init__(self, environ: Mapping[str, str], own: Mapping[str, str]) -> None:
        """`own` are the variables that the file itself sets: their keys stand in it."""
        self._environ = environ
        self._own = own
        self._names: dict[tuple[Wire, str, str | None, str, str], str] = {}
        self.written: dict[str, dict[str, Plain]] = {}
        """In our written form, by name."""

    def of(self, one: Read) -> str:
        """Return the name of an entry's provider, which is written down when it is new."""
        upstream = one.upstream
        key, extras = self._key(upstream), self._extras(one.entry)
        identity = (upstream.wire, upstream.base_url, key, upstream.vendor, repr(extras))
        if identity not in self._names:
            name = free_name(upstream.wanted_name, self.written)
            self._names[identity] = name
            self.written[name] = _provider(upstream, key, name) | extras
        return self._names[identity]

    def billing(self, name: str) -> Plain:
        """Return a provider's billing kind."""
        return self.written[name]["billing"]

    def _key(self, upstream: LiteLlmUpstream) -> str | None:
        if upstream.key is not None:
            name = variable(upstream.key)
            return upstream.key if name is None else self._of(name)
        known = [name for name in upstream.keys if self._environ.get(name, "").strip()]
        return next((self._of(name) for name in [*known, *upstream.keys]), None)

    def _extras(self, entry: ModelEntry) -> dict[str, Plain]:
        """Return the headers and the part of the body that an entry sends with every call."""
        params = entry.litellm_params
        said = {**(params.headers or {}), **(params.extra_headers or {})}
        if params.organization:
            said["OpenAI-Organization"] = params.organization
        headers: dict[str, Plain] = {}
        for header, text in said.items():
            name = variable(text)
            headers[header] = text if name is None else self._of(name)
        body: Plain = dict(params.extra_body or {})  # type: ignore[arg-type]  # it came from our own reader
        return _given({"headers": headers, "body": body})

    def _of(self, variable_name: str) -> str:
        return self._own.get(variable_name) or f"${{{variable_name}}}"


def _provider(upstream: LiteLlmUpstream, key: str | None, name: str) -> dict[str, Plain]:
    written: dict[str, Plain] = {"wire": upstream.wire.value, "base_url": upstream.base_url}
    if key is not None:
        written["api_key"] = key
    written["billing"] = _billing_at(upstream).value
    if upstream.vendor != name:
        written["catalogue"] = upstream.vendor
    return written


def free_name(wanted: str, taken: Mapping[str, object]) -> str:
    """Return `wanted`, or `wanted-2` and so on."""
    name, number = wanted, 1
    while name in taken:
        number += 1
        name = f"{wanted}-{number}"
    return name


def deployment_of(read: Read, settings: RouterSettings, *, billing: Plain) -> dict[str, Plain]:
    """Return one entry in our written form, without tier, provider, weight and order.

    `billing` is its provider's; it is written where the entry's differs.
    """
    entry, params, info = read.entry, read.entry.litellm_params, read.info
    caps = [cap for cap in (info.max_output_tokens or info.max_tokens, params.max_tokens) if cap]
    total_s = params.timeout or settings.timeout or settings.request_timeout
    # LiteLLM's stream_timeout is its timeout where the file does not say: ours must not cut in before.
    stream_s = params.stream_timeout or settings.stream_timeout or total_s
    written: dict[str, Plain] = {
        "model": read.upstream.model,
        "billing": None if read.billing.value == billing else read.billing.value,
        "price": _price(read),
        "context_window": info.max_input_tokens,
        "max_output_tokens": min(caps) if caps else settings.max_tokens,
        "limits": _given(
            {
                "rpm": params.rpm or entry.rpm,
                "tpm": params.tpm or entry.tpm,
                "parallel": params.max_parallel_requests,
            }
        ),
        "timeouts": _given(
            {
                "first_token": seconds(stream_s),
                "idle": seconds(stream_s),
                "total": seconds(total_s),
            }
        ),
        "switched_off": read.off,
    }
    return _given(written)


def _price(read: Read) -> dict[str, Plain]:
    return {**read.price, "confirmed": True} if read.price and read.info.confirmed else {**read.price}


def _given(written: dict[str, Plain]) -> dict[str, Plain]:
    return {key: value for key, value in written.items() if value not in (None, {})}


def seconds(value: Decimal | None) -> str | None:
    """Return a duration as we write it; None for none and for 0, which LiteLLM takes for none."""
    return f"{value.normalize():f}s" if value else None


def weights(group: Sequence[Read], strategy: Strategy) -> list[float]:
    """Return the weight of each of a group's entries: as given, else by rpm, by tpm, or all the same."""
    if strategy is not Strategy.SHUFFLE:
        return [1.0] * len(group)
    params = [(read.entry, read.entry.litellm_params) for read in group]
    if any(own.weight is not None for _, own in params):
        return [round(float(own.weight or 0), 4) for _, own in params]
    for shares in (
        [own.rpm or entry.rpm for entry, own in params],
        [own.tpm or entry.tpm for entry, own in params],
    ):
        if all(shares):
            return [float(share or 0) for share in shares]
    return [1.0] * len(group)


def orders(group: Sequence[Read]) -> list[int]:
    """Return the order of each of a group's entries from 0; those without one come last."""
    given = [read.entry.litellm_params.order for read in group]
    steps = sorted({order for order in given if order is not None})
    return [len(steps) if order is None else steps.index(order) for order in given]
