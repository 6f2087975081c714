"""What a file says of choosing, as the engine knows it, and what is refused in it."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.config.loader import built_in, load
from router.core.message import Message
from router.core.request import Request
from router.core.routing.assignment import Assignment, assign
from router.core.routing.resolve import on_tier
from router.core.settings.deployments import Need, Work
from router.core.settings.policy import ResponseCache, Weights
from router.core.settings.routes import Privacy
from router.core.settings.tasks import EmbeddingsClassifier, RoutingRule, RuleCondition
from router.errors import ConfigError

EVERYTHING = Path(__file__).parents[1] / "data" / "config" / "good_everything.yaml"
SMALL = """
version: 1
providers: {p: {wire: ollama, base_url: "http://127.0.0.1:1", billing: local}}
tiers: {T0: {label: a}, T1: {label: b}}
deployments:
  d: {tier: T0, provider: p, model: m%s}
routes:
  auto: {ladder: [T0]%s}
tasks: {lookup: {route: "%s"}}
policy: {%s}
"""


def small(
    folder: Path, deployment: str = "", route: str = "", target: str = "auto", policy: str = ""
) -> Path:
    path = folder / "config.yaml"
    path.write_text(SMALL % (deployment, route, target, policy))
    return path


def test_what_a_deployment_can_do_and_how_good_it_is_arrives() -> None:
    near = load(EVERYTHING, {}).deployments["coder:14b"]
    assert (near.capabilities, near.trains, near.max_error_rate) == (frozenset({Need.TOOLS}), False, 0.1)
    assert near.quality.at(Work("lookup", "ja")) == 0.2
    assert near.quality.at(Work("lookup", "en")) == 0.6
    far = load(EVERYTHING, {}).deployments["far/one"]
    assert (far.capabilities, far.trains, far.provider.trains) == (None, None, True)


def test_what_a_route_forbids_and_allows_arrives() -> None:
    second = load(EVERYTHING, {}).routes["second"]
    assert second.privacy == Privacy(no_training=True, local_only=True)
    assert (second.climb.max_tier, second.cache) == ("T1", True)
    first = load(EVERYTHING, {}).routes["first"]
    assert (first.privacy, first.climb.max_tier, first.cache) == (Privacy(), None, False)


def test_rules_weights_and_waiting_arrive() -> None:
    config = load(EVERYTHING, {})
    when = RuleCondition(tasks=("classify",), urgent=False, requests_per_day_over=10_000)
    assert config.policy.rules == (RoutingRule(when, max_tier="T0", batch=True),)
    assert config.policy.weights == Weights()
    assert config.policy.wait_for_free_s == 8.0
    assert config.policy.keeping == ResponseCache(age_s=7200.0, answers=9, mib=3)
    assert config.local_only_tasks == {"lookup"}


def test_nobody_waits_for_what_is_free_unless_the_file_says_so() -> None:
    assert built_in({}).policy.wait_for_free_s == 0


def test_a_free_name_may_stand_wherever_a_name_may(tmp_path: Path) -> None:
    config = load(small(tmp_path, target="auto:free"), {})
    made = assign(config, Request((Message("user", "x"),), task="lookup"))
    assert isinstance(made, Assignment)
    assert made.route.free_only


@pytest.mark.parametrize(
    ("written", "words"),
    [
        ({"deployment": ", capabilities: [sight]"}, "sight"),
        ({"deployment": ", quality: 1.5"}, "quality"),
        ({"deployment": ", quality_at: [{quality: 0.5}]"}, "neither a task nor a language"),
        ({"deployment": ", quality_at: [{language: japanese, quality: 0.5}]"}, "two letters"),
        ({"route": ", climb: {max_tier: T9}"}, "no tier is called `T9`"),
        ({"target": "atuo:free"}, "no route, tier or deployment is called `atuo:free`"),
        ({"policy": "wait_for_free: 8"}, "duration"),
        ({"policy": "rules: [{when: {language: ja}, min_tier: T1, max_tier: T0}]"}, "stands above"),
        ({"policy": "rules: [{when: {}, route: nowhere:free}]"}, "nowhere:free"),
    ],
)
def test_what_makes_no_sense_is_refused_in_words(tmp_path: Path, written: dict[str, str], words: str) -> None:
    with pytest.raises(ConfigError) as refused:
        load(small(tmp_path, **written), {})
    assert words in str(refused.value)


CLASSIFIED = """
version: 1
providers:
  p: {wire: ollama, base_url: "http://127.0.0.1:1", billing: local}
  q: {wire: llamacpp, billing: local}
tiers: {T0: {label: a}}
deployments:
  embed: {tier: T0, provider: p, model: e}
  d: {tier: T0, provider: p, model: m}
  here: {tier: T0, provider: q}
routes: {auto: {ladder: [T0]}}
classifier: {embeddings: %s, timeout: 300ms, margin: 0.1}
"""


def test_a_classifier_s_deployment_stands_on_its_tier_and_in_no_ladder(tmp_path: Path) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CLASSIFIED % "embed")
    config = load(path, {})
    assert config.classifier == EmbeddingsClassifier("embed", 0.3, 0.1)
    assert config.routes["auto"].deployments == on_tier(config, "T0") == ("d", "here")
    assert [name for name, deployment in config.deployments.items() if deployment.embeds] == ["embed"]


@pytest.mark.parametrize(
    ("name", "words"),
    [("embedd", "no deployment is called `embedd`"), ("here", "wire llamacpp makes no embeddings")],
)
def test_a_classifier_that_can_make_no_embeddings_is_refused(tmp_path: Path, name: str, words: str) -> None:
    path = tmp_path / "config.yaml"
    path.write_text(CLASSIFIED % name)
    with pytest.raises(ConfigError, match=words):
        load(path, {})
