"""Which scopes a deployment has, and what holds of their probes in any order of events."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.core.failures.classify import begun, cancelled, classify
from router.core.failures.exchange import Exchange, Fault
from router.core.health.scopes import learn, leased, refusal, resting, scope_keys, why_away
from router.core.records.admission import Lesson, RefusedBy, Terms
from router.core.records.diagnosis import HealthScope
from router.core.records.health import HEALTHY, Health, ScopeHealth
from router.core.settings.deployments import Deployment
from router.core.settings.policy import Policy
from router.core.settings.providers import Billing
from router.core.settings.secret import Secret
from tests.configs import T0, T2, deployment

NOW = 1_795_348_800_000
LEASE_MS = 65_000
KEYS = {HealthScope.DEPLOYMENT: "d", HealthScope.CREDENTIAL: "c"}
TERMS = Terms(scopes=KEYS, lease_ms=LEASE_MS)


def shared(one: Deployment, two: Deployment) -> set[HealthScope]:
    keys, others = scope_keys(one), scope_keys(two)
    return {scope for scope in keys if keys[scope] == others[scope]}


def test_two_providers_with_one_key_share_the_credential_at_one_address_only() -> None:
    one, two = deployment("one", T2, Billing.METERED), deployment("two", T2, Billing.METERED)
    twin = replace(two.provider, api_key=one.provider.api_key, base_url=one.provider.base_url)
    assert shared(one, replace(two, provider=twin)) == {HealthScope.CREDENTIAL, HealthScope.PROVIDER_ENDPOINT}
    assert shared(one, replace(two, provider=replace(twin, base_url="http://another"))) == set()


def test_deployments_of_one_model_under_one_key_are_one_to_the_provider() -> None:
    one = deployment("one", T2, Billing.METERED)
    assert HealthScope.DEPLOYMENT in shared(one, replace(one, name="two"))


def test_what_concerns_another_scope_as_well_rests_both() -> None:
    refused = classify(Exchange("any", fault=Fault.CONNECT_REFUSED), NOW)
    keys = {HealthScope.DEPLOYMENT: "d", HealthScope.CREDENTIAL: "c", HealthScope.PROVIDER_ENDPOINT: "e"}
    learnt = learn({}, Lesson(keys, refused, Policy(), 0.0), NOW)
    assert {key for key, health in learnt.items() if health.state is Health.COOLING} == {"d", "e"}


def test_another_model_or_key_is_another_scope_so_what_was_disabled_before_is_not_it() -> None:
    before = deployment("d", T2, Billing.METERED)
    model = replace(before, model="another")
    key = replace(before, provider=replace(before.provider, api_key=Secret("new")))
    assert scope_keys(model)[HealthScope.DEPLOYMENT] != scope_keys(before)[HealthScope.DEPLOYMENT]
    assert scope_keys(key)[HealthScope.CREDENTIAL] != scope_keys(before)[HealthScope.CREDENTIAL]


def test_only_what_is_free_shares_the_account_s_free_tier_and_no_key_is_in_any_name() -> None:
    free, paid = deployment("f", T0, Billing.FREE), deployment("p", T2, Billing.METERED)
    assert HealthScope.ACCOUNT_FREE_TIER in scope_keys(free)
    assert HealthScope.ACCOUNT_FREE_TIER not in scope_keys(paid)
    assert not any("key of" in key for key in scope_keys(free).values())


def test_the_scope_that_rests_longest_speaks_and_one_without_an_end_outlasts_all() -> None:
    short = ScopeHealth(Health.COOLING, NOW + 1_000, reason="short")
    long = ScopeHealth(Health.COOLING, NOW + 9_000, reason="long")
    out = ScopeHealth(Health.DISABLED, None, reason="dead key")
    assert resting({"d": short, "c": long}, KEYS.values()) == long
    refused = refusal({"d": out, "c": long}, TERMS, NOW)
    assert refused
    assert (refused.by, refused.until_ms) == (RefusedBy.HEALTH, None)
    assert "dead key" in refused.reason
    assert why_away(None, NOW) is None


def test_a_scope_that_is_due_is_not_leased_while_another_still_rests() -> None:
    due = ScopeHealth(Health.COOLING, NOW)
    still = ScopeHealth(Health.COOLING, NOW + 1)
    assert refusal({"d": due, "c": still}, TERMS, NOW)
    assert refusal({"d": due, "c": due}, TERMS, NOW) is None
    assert set(leased({"d": due, "c": due}, TERMS, NOW)) == {"d", "c"}


# In any order

DIAGNOSES = (
    begun(),
    cancelled(),
    *(classify(Exchange("x", status=status), NOW) for status in (400, 401, 429, 500, 503)),
    classify(Exchange("x", status=429, headers={"retry-after": "100"}), NOW),
)
events = st.lists(
    st.tuples(
        st.sampled_from(["start", "end"]),
        st.integers(0, 30_000),
        st.integers(0, 10),
        st.sampled_from(DIAGNOSES),
    ),
    max_size=60,
)


@given(events)
def test_only_one_probe_is_under_way_whoever_else_ends_meanwhile(
    history: list[tuple[str, int, int, object]],
) -> None:
    healths: dict[str, ScopeHealth] = {}
    now = NOW
    running: list[int] = []  # when the leases end that each may have taken
    for what, passed_ms, which, diagnosis in history:
        now += passed_ms
        before = healths.get("d", HEALTHY)
        if what == "start":
            if refusal(healths, TERMS, now) is None:
                assert before.state is Health.AVAILABLE or (before.until_ms or now) <= now
                healths |= leased(healths, TERMS, now)
                running.append(now + LEASE_MS)
        elif running:
            lease = running.pop(which % len(running))
            assert diagnosis in DIAGNOSES
            lesson = Lesson(KEYS, diagnosis, Policy(), 0.0, lease)
            healths |= learn(healths, lesson, now)
            after = healths["d"]
            if before.state is Health.PROBING and before.until_ms != lease:
                longer = (after.until_ms or now) > (before.until_ms or 0) or after.until_ms is None
                assert after.state is Health.PROBING or longer


@pytest.mark.parametrize(
    ("vendor", "model", "billing", "shared"),
    [
        ("openrouter", "google/gemma-3-27b-it:free", Billing.METERED, True),
        ("openrouter", "google/gemma-3-27b-it:free", Billing.FREE, True),
        ("openrouter", "google/gemma-3-27b-it", Billing.METERED, False),
        ("elsewhere", "odd:free", Billing.METERED, False),
    ],
)
def test_what_a_provider_gives_away_by_name_rests_with_its_account_s_free_tier(
    vendor: str, model: str, billing: Billing, shared: bool
) -> None:
    made = deployment("d", T0, billing)
    made = replace(made, model=model, provider=replace(made.provider, catalogue=vendor))
    assert (HealthScope.ACCOUNT_FREE_TIER in scope_keys(made)) is shared
