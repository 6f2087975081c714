"""Whatever a LiteLLM file holds: it loads, or it is refused with problems; nothing else ever happens."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from router.config.litellm.providers import NO_WIRE, VENDORS
from router.config.litellm.schema import General, Info, Params, RouterSettings
from router.config.loader import converted, load
from router.errors import ConfigError

NAMES = st.sampled_from(["a", "b", "a/1", "T0", "T7", "*", "x y", "auto", "${X}", "os.environ/X", "", "é\n"])
SCALARS = (
    st.none()
    | st.booleans()
    | st.integers(-2, 2**40)
    | st.floats(allow_nan=False)
    | NAMES
    | st.text(max_size=8)
)
ANYTHING = st.recursive(
    SCALARS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(NAMES, inner, max_size=3),
    max_leaves=6,
)
MODELS = st.builds(
    "{}/{}".format, st.sampled_from(["", "who", *VENDORS, *sorted(NO_WIRE)]), st.sampled_from(["m", "*", ""])
)
BASES = st.sampled_from(
    ["http://127.0.0.1:1", "http://0.0.0.0", "http://10.0.0.1", "https://h.test/v1", "http://[", "x", ""]
)
RATES = ["input_cost_per_token", "output_cost_per_token", "cache_read_input_token_cost_above_9k_tokens"]
LIKELY = {
    "model": MODELS | SCALARS,
    "model_name": NAMES,
    "api_base": BASES | SCALARS,
    "timeout": st.floats(0, 100) | SCALARS,
    "weight": st.floats(0, 9) | SCALARS,
    **{key: st.sampled_from([0, 1e-06, "2e-06", "0.5", -1]) | SCALARS for key in RATES},
    **{key: st.integers(0, 9) | SCALARS for key in ("rpm", "tpm", "order", "num_retries", "max_tokens")},
    **{
        key: st.lists(st.dictionaries(NAMES, st.lists(NAMES, max_size=3), max_size=3), max_size=3) | ANYTHING
        for key in ("fallbacks", "context_window_fallbacks")
    },
    "default_fallbacks": st.lists(NAMES, max_size=3) | ANYTHING,
    "model_group_alias": st.dictionaries(NAMES, NAMES, max_size=3) | ANYTHING,
}


def section(keys: list[str], always: tuple[str, ...] = ()) -> st.SearchStrategy[dict[str, object]]:
    def of(names: list[str]) -> dict[str, st.SearchStrategy[object]]:
        return {name: LIKELY.get(name, SCALARS) for name in names}

    rest = [key for key in keys if key not in always]
    return st.fixed_dictionaries(of(list(always)), optional=of(rest))


PARAMS = section([*Params.model_fields, *RATES, "other"], ("model",))
INFO = section([*Info.model_fields, *RATES])
ENTRIES = st.fixed_dictionaries(
    {"model_name": NAMES, "litellm_params": PARAMS},
    optional={"model_info": INFO, "rpm": SCALARS, "tpm": SCALARS, "x": ANYTHING},
)
SETTINGS = section([*RouterSettings.model_fields])
LIKELY_FILES = st.fixed_dictionaries(
    {"model_list": st.lists(ENTRIES, min_size=1, max_size=4)},
    optional={
        "router_settings": SETTINGS,
        "litellm_settings": SETTINGS,
        "general_settings": section([*General.model_fields]),
        "x": ANYTHING,
    },
)
ANY_FILES = st.dictionaries(
    st.sampled_from(["model_list", "router_settings", "litellm_settings", "general_settings"]), ANYTHING
).map(lambda sections: {"model_list": None, **sections})


@pytest.fixture(name="folder", scope="module")
def shared_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("any")


def problems_of(path: Path) -> list[str] | None:
    """Return the problems of a file, or None when it loads."""
    try:
        load(path, {"X": "x"})
    except ConfigError as refused:
        return [problem.message for problem in refused.problems]
    return None


@given(document=ANY_FILES | LIKELY_FILES)
def test_any_document_loads_or_is_refused_with_problems(folder: Path, document: object) -> None:
    path = folder / "any.yaml"
    path.write_text(json.dumps(document))
    assert problems_of(path) != []


SOUND_ENTRIES = st.fixed_dictionaries(
    {
        "model_name": st.sampled_from(["a", "b", "c", "a b"]),
        "litellm_params": st.fixed_dictionaries(
            {"model": MODELS.filter(lambda model: model != "/")},
            optional={
                "api_key": st.sampled_from(["sk-1", "os.environ/X", "os.environ/Y"]),
                "api_base": BASES,
                "weight": st.floats(0, 100, width=16),
                "order": st.integers(0, 3),
                "rpm": st.integers(1, 99),
                "timeout": st.floats(0, 1000, width=16),
                "input_cost_per_token": st.sampled_from(["0", "1e-06", "0.00000025"]),
                "output_cost_per_token": st.sampled_from(["0", "3e-06"]),
            },
        ),
    }
)
SOUND = st.fixed_dictionaries(
    {"model_list": st.lists(SOUND_ENTRIES, min_size=1, max_size=4)},
    optional={
        "router_settings": st.fixed_dictionaries(
            {},
            optional={
                "fallbacks": st.lists(
                    st.dictionaries(st.sampled_from("abcx"), st.lists(st.sampled_from("abcx")), max_size=2),
                    max_size=3,
                ),
                "cooldown_time": st.floats(0, 60000, width=16),
                "num_retries": st.integers(0, 30),
            },
        )
    },
)


@given(document=SOUND)
def test_a_sound_file_loads_and_its_import_loads_to_the_same_routes(folder: Path, document: object) -> None:
    path, ours = folder / "sound.yaml", folder / "ours.yaml"
    path.write_text(json.dumps(document))
    ours.write_text(converted(path, {"X": "x"}))
    here, there = load(path, {"X": "x"}), load(ours, {"X": "x"})
    assert (here.routes, here.tiers, here.policy, here.aliases) == (
        there.routes,
        there.tiers,
        there.policy,
        there.aliases,
    )
    for name, one in here.deployments.items():
        other = there.deployments[name]
        assert (one.model, one.billing, one.price, one.limits, one.timeouts, one.weight, one.order) == (
            other.model,
            other.billing,
            other.price,
            other.limits,
            other.timeouts,
            other.weight,
            other.order,
        )
