"""Budgets and the guard as they are written, and what the engine makes of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.config.loader import built_in, load
from router.core.settings.budgets import Budget, BudgetScope, BudgetWindow, Guard
from router.core.settings.config import RouterConfig
from router.errors import ConfigError

BASE = """
version: 1
providers: {here: {wire: llamacpp, billing: local}}
tiers: {T1: {label: local}}
deployments: {smollm: {tier: T1, provider: here}}
routes: {auto: {use: [smollm]}}
"""


def loaded(folder: Path, more: str) -> RouterConfig:
    path = folder / "config.yaml"
    path.write_text(BASE + more)
    return load(path, {})


@pytest.mark.parametrize(
    ("scope", "expected"),
    [
        ("all", (BudgetScope.ALL, None)),
        ("tier:T1", (BudgetScope.TIER, "T1")),
        ("provider:here", (BudgetScope.PROVIDER, "here")),
        ("deployment:smollm", (BudgetScope.DEPLOYMENT, "smollm")),
        ("route:auto", (BudgetScope.ROUTE, "auto")),
        ("session", (BudgetScope.SESSION, None)),
        ("session:nightly", (BudgetScope.SESSION, "nightly")),
        ("tag:client=acme", (BudgetScope.TAG, "client=acme")),
    ],
)
def test_every_scope_is_read(tmp_path: Path, scope: str, expected: tuple[BudgetScope, str | None]) -> None:
    [budget] = loaded(tmp_path, f'budgets: [{{scope: "{scope}", window: day, usd: "1"}}]').budgets
    assert (budget.scope, budget.target) == expected


@pytest.mark.parametrize("window", BudgetWindow)
def test_every_window_is_read(tmp_path: Path, window: BudgetWindow) -> None:
    config = loaded(tmp_path, f'budgets: [{{window: {window}, usd: "0.5", mode: soft}}]')
    assert config.budgets == (Budget(BudgetScope.ALL, None, window, 500_000_000, hard=False),)


def test_a_window_may_be_told_to_roll(tmp_path: Path) -> None:
    config = loaded(
        tmp_path, 'budgets: [{window: day, usd: "1", rolling: true}, {window: 7d, usd: "1", rolling: false}]'
    )
    assert [budget.rolling for budget in config.budgets] == [True, False]


@pytest.mark.parametrize(
    ("budget", "words"),
    [
        ("scope: routes, window: day", "must be `all`, `tier:NAME`"),
        ("scope: 'route:atuo', window: day", "no route is called `atuo`. Did you mean `auto`"),
        ("scope: 'session:', window: day", "must be `all`"),
        ("window: call, rolling: true", "a window of one call does not move"),
        ("window: session, rolling: false", "a window of one session does not move"),
    ],
)
def test_a_budget_that_makes_no_sense_is_refused_with_its_place(
    tmp_path: Path, budget: str, words: str
) -> None:
    with pytest.raises(ConfigError) as refused:
        loaded(tmp_path, f'budgets:\n  - {{{budget}, usd: "1"}}\n')
    [problem] = refused.value.problems
    assert words in problem.message
    assert problem.line == 8


def test_the_guard_is_on_where_nobody_mentions_it(tmp_path: Path) -> None:
    assert loaded(tmp_path, "").policy.guard == Guard()
    assert built_in({}).policy.guard == Guard(10_000_000_000, 300, 30)


def test_the_guard_is_set_and_switched_off_part_by_part(tmp_path: Path) -> None:
    config = loaded(tmp_path, 'policy: {guard: {usd_per_10m: "2.5", identical_calls: null}}')
    assert config.policy.guard == Guard(2_500_000_000, 300, None)
