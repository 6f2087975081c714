"""The format itself: documented, in step with the engine's own lists, and strict about single values."""

from __future__ import annotations

import ast
import inspect
from collections.abc import Iterator
from dataclasses import fields
from types import ModuleType

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, TypeAdapter, ValidationError

from router.config import price_schema, schema, settings
from router.config.scalars import ApiKey, BaseUrl, Seconds, Usd
from router.core.cost.price_config import price_from_config
from router.core.settings.prices import Rates


def undocumented(module: ModuleType) -> Iterator[str]:
    for node in ast.parse(inspect.getsource(module)).body:
        if not isinstance(node, ast.ClassDef):
            continue
        for here, after in zip(node.body, [*node.body[1:], node], strict=True):
            documented = isinstance(after, ast.Expr) and isinstance(after.value, ast.Constant)
            if isinstance(here, ast.AnnAssign) and not documented:
                yield f"{node.name}.{ast.unparse(here.target)}"


@pytest.mark.parametrize("module", [schema, settings, price_schema])
def test_every_key_of_the_format_is_documented(module: ModuleType) -> None:
    assert list(undocumented(module)) == []


def test_a_price_has_every_rate_the_engine_knows() -> None:
    assert {field.name for field in fields(Rates)} == set(price_schema.RatesSection.model_fields)


def test_the_engine_knows_every_key_of_a_price() -> None:
    keys = set(price_schema.PriceSection.model_fields)
    with pytest.raises(ValueError, match="is no key of a price") as refused:
        price_from_config({"nonsense": "1"})
    assert keys <= set(str(refused.value).replace(",", " ").split())


def test_unknown_keys_are_refused_everywhere() -> None:
    models = [
        model
        for module in (schema, settings, price_schema)
        for model in vars(module).values()
        if isinstance(model, type) and issubclass(model, BaseModel) and model is not BaseModel
    ]
    assert len(models) > 20
    assert all(model.model_config.get("extra") == "forbid" for model in models)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [("500ms", 0.5), ("10s", 10.0), ("1.5s", 1.5), ("2m", 120.0), ("1h", 3600.0), ("7d", 604800.0)],
)
def test_a_duration_has_a_unit(text: str, seconds: float) -> None:
    assert TypeAdapter(Seconds).validate_python(text) == seconds


@pytest.mark.parametrize("wrong", [10, 1.5, "10", "s", "10 s", "-1s", "1h30m", "0s", "", None, True])
def test_what_is_no_duration_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Seconds).validate_python(wrong)


@given(st.decimals(0, 10**9, places=9))
def test_money_is_exactly_what_was_written(amount: object) -> None:
    assert str(TypeAdapter(Usd).validate_python(f"{amount:f}")) == str(amount)


@pytest.mark.parametrize(
    "wrong", [1, 0.1, True, None, "", "-1", "+1", "1e3", "1,50", "$1", "NaN", "Infinity", " 1", "١"]
)
def test_what_is_no_exact_amount_is_refused(wrong: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Usd).validate_python(wrong)


@pytest.mark.parametrize("text", ["sk-abc", "${NAME}"])
def test_a_key_source_does_not_show_the_key(text: str) -> None:
    assert "sk-abc" not in repr(TypeAdapter(ApiKey).validate_python(text))


@pytest.mark.parametrize(
    "wrong",
    ["", "example.test", "file:///etc/passwd", "https://", "http://[fe80::1]/", "https://a.test/?key=1"],
)
def test_what_is_no_endpoint_is_refused(wrong: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(BaseUrl).validate_python(wrong)
