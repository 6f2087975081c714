"""What the same work would have cost under another policy, task by task, and what was saved so far.

A table always adds up: every line holds only attempts whose cost is known on both sides, what is left out is
counted beside it, and the total is the sum of the lines. Prices are those of the configuration in use.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass

from router.core.cost.cost import MTOK
from router.core.money import to_nano
from router.core.records.history import Lot, PrefixUse
from router.core.reports.lots import at_deployment, at_price
from router.core.settings.config import RouterConfig
from router.core.settings.deployments import Deployment
from router.core.settings.providers import Billing

DEFAULT = "default"
"""The task of a map that stands for every task it does not name."""
LEAST_CACHED_TOKENS = 1024
"""Shorter prefixes are not cached by the vendors whose caches are set by hand."""


@dataclass(frozen=True, slots=True)
class Line:
    """One task, before and after, in nano-dollars."""

    task: str | None
    requests: int
    before_nano: int
    after_nano: int
    left_out: int = 0
    """Attempts in neither amount, because their cost is unknown before or after."""

    @property
    def saved_nano(self) -> int:
        """What the policy saves; negative when it costs more."""
        return self.before_nano - self.after_nano


@dataclass(frozen=True, slots=True)
class PolicyComparison:
    """A window's work under another policy."""

    lines: tuple[Line, ...]
    """Dearest first."""

    @property
    def total(self) -> Line:
        """The sum of the lines."""
        return Line(
            None,
            sum(line.requests for line in self.lines),
            sum(line.before_nano for line in self.lines),
            sum(line.after_nano for line in self.lines),
            sum(line.left_out for line in self.lines),
        )


Reprice = Callable[[Lot], int | None]
"""What a lot costs under a policy, in nano-dollars; None when it cannot be said."""


def compare(lots: Iterable[Lot], reprice: Reprice) -> PolicyComparison:
    """Return the table of `lots` under a policy."""
    by_task: dict[str | None, list[Lot]] = {}
    for lot in lots:
        by_task.setdefault(lot.task, []).append(lot)
    lines = [_line(task, of_task, reprice) for task, of_task in by_task.items()]
    return PolicyComparison(tuple(sorted(lines, key=lambda line: (-line.before_nano, line.task or ""))))


def _line(task: str | None, lots: Sequence[Lot], reprice: Reprice) -> Line:
    before = after = left_out = 0
    for lot in lots:
        repriced = reprice(lot)
        if lot.cost_nano_usd is None or repriced is None:
            left_out += lot.attempts
        else:
            before += lot.cost_nano_usd
            after += repriced
    return Line(task, sum(lot.requests for lot in lots), before, after, left_out)


def all_on(deployment: Deployment) -> Reprice:
    """Every attempt with its own token counts at one deployment."""
    return lambda lot: at_deployment(lot, deployment)


def by_task(targets: Mapping[str, Deployment]) -> Reprice:
    """Each task at its deployment, `default` for tasks not named; without one they cost what they did."""

    def reprice(lot: Lot) -> int | None:
        target = targets.get(lot.task or DEFAULT, targets.get(DEFAULT))
        return lot.cost_nano_usd if target is None else at_deployment(lot, target)

    return reprice


def with_batch(config: RouterConfig) -> Reprice:
    """Every metered attempt at its own deployment's batch price; where there is none, as it was."""

    def reprice(lot: Lot) -> int | None:
        used = config.deployments.get(lot.deployment)
        if used is None or used.billing is not Billing.METERED:
            return lot.cost_nano_usd
        batched = at_price(lot, used.price, batch=True)
        return lot.cost_nano_usd if batched is None else batched

    return reprice


def with_caching(lots: Iterable[Lot], uses: Iterable[PrefixUse], config: RouterConfig) -> PolicyComparison:
    """Return the table with repeated prefixes cached wherever that saves; at best, see `cache_saving`."""
    savings: dict[str | None, int] = {}
    for use in uses:
        savings[use.task] = savings.get(use.task, 0) + max(0, cache_saving(use, config) or 0)
    unchanged = compare(lots, lambda lot: lot.cost_nano_usd)
    return PolicyComparison(
        tuple(
            Line(
                line.task,
                line.requests,
                line.before_nano,
                line.before_nano - min(line.before_nano, savings.get(line.task, 0)),
                line.left_out,
            )
            for line in unchanged.lines
        )
    )


def cache_saving(use: PrefixUse, config: RouterConfig) -> int | None:
    """Return what caching a prefix would have saved at best, in nano-dollars; None where nothing is to save.

    `reads * tokens * (input - read) - writes * tokens * (write - input)`: an upper bound, because the
    prefix is at most as long as the shortest input that began with it.
    """
    deployment = config.deployments.get(use.deployment)
    price = deployment.price if deployment and deployment.billing is Billing.METERED else None
    if price is None or use.prefix_tokens < LEAST_CACHED_TOKENS:
        return None
    rates = price.table.at(use.prefix_tokens)
    if rates.input_mtok is None or rates.cache_read_mtok is None:
        return None
    write = rates.input_mtok if rates.cache_write_mtok is None else rates.cache_write_mtok
    won = use.reads * (rates.input_mtok - rates.cache_read_mtok)
    paid = (use.calls - use.reads) * (write - rates.input_mtok)
    return to_nano(use.prefix_tokens * (won - paid) / MTOK)


@dataclass(frozen=True, slots=True)
class Saved:
    """What was not spent, against a baseline."""

    nano: int | None
    """List cost of the same tokens at the baseline's price, minus the real cost; None if nothing is known."""
    left_out: int
    """Attempts of which one of the two is unknown."""


def saved(lots: Sequence[Lot], baseline: Deployment | None) -> Saved:
    """Return what `lots` saved against all of them at the baseline's list price, whoever pays for it."""
    if baseline is None:
        return Saved(None, sum(lot.attempts for lot in lots))
    total = compare(lots, lambda lot: at_price(lot, baseline.price)).total
    nothing_known = total.left_out == sum(lot.attempts for lot in lots) and bool(lots)
    return Saved(None if nothing_known else -total.saved_nano, total.left_out)


def baseline_of(config: RouterConfig, tier: str | None = None) -> Deployment | None:
    """Return the first deployment with a known price on `tier`, or on the dearest tier that has one."""
    ranked = sorted(config.deployments.values(), key=lambda deployment: -deployment.tier.rank)
    priced = (d for d in ranked if d.price is not None and d.billing is Billing.METERED)
    return next((d for d in priced if tier in {None, d.tier.name}), None)


def target_of(config: RouterConfig, name: str) -> Deployment | None:
    """Return the deployment called `name`, or of that tier the first with a known price, else the first."""
    if name in config.deployments:
        return config.deployments[name]
    on_tier = (d for d in config.deployments.values() if d.tier.name == name)
    return baseline_of(config, name) or next(on_tier, None)
