"""Loads a configuration: a file, ours or LiteLLM's, or the built-in default; or every problem at once."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from pydantic import ValidationError

from router.config import problems, references
from router.config.assemble import assemble
from router.config.findings import Finding, dotted
from router.config.paths import sample_config
from router.config.positions import Document, Plain, parse, read
from router.config.schema import File
from router.core.cost.price_config import Listed, price_from_config, price_over
from router.core.settings.config import RouterConfig
from router.core.settings.prices import Price
from router.errors import ConfigError, Problem

BUILT_IN = "built-in"
_WHOLE_PRICE = ("input_mtok", "plan", "request_usd", "by_model")
"""Any of these makes a price that says what an input token costs, if only that it costs nothing."""
_STAND_IN = {"input_mtok": "0"}


def _unlisted(vendor: str, model: str) -> Price | None:
    return None


def load(path: Path, environ: Mapping[str, str], listed: Listed = _unlisted) -> RouterConfig:
    """Load a named file; keys come from `environ`. Raises ConfigError with every problem, sorted by place.

    `listed` is the price catalogue: a LiteLLM file names no tiers, and its deployments stand where their
    price puts them.
    """
    document = read(path)
    ignored: tuple[str, ...] = ()
    if is_litellm(document.value):
        from router.config.litellm.document import translate  # a third of this package, for few files

        translation = translate(document, environ, listed)
        document, ignored = translation.document, translation.ignored
    file, prices = _checked(document)
    return replace(assemble(file, str(path), environ, prices), ignored=ignored)


def converted(path: Path, environ: Mapping[str, str], listed: Listed = _unlisted) -> str:
    """Return a LiteLLM file as one of ours, with comments. Raises ConfigError with every problem."""
    document = read(path)
    if not is_litellm(document.value):
        message = "has no `model_list` at the top, so it is no LiteLLM file"
        raise ConfigError([Problem(document.path, 0, 0, message)])
    from router.config.litellm.document import translate  # as above
    from router.config.litellm.write import written

    translation = translate(document, environ, listed)
    _checked(translation.document)
    return written(translation)


def checked(text: str, path: str) -> File:
    """Check a text in our format; `path` names it in problems. Raises ConfigError with every problem."""
    document = parse(text, path)
    if is_litellm(document.value):
        advice = f"`cockpit config import {path} --write NEW` makes it one of ours"
        raise ConfigError(
            [Problem(path, 0, 0, f"is LiteLLM's file, which is read and not changed. {advice}")]
        )
    return _checked(document)[0]


def built_in(environ: Mapping[str, str]) -> RouterConfig:
    """Load the default: the sample's ladder with whatever keys `environ` has."""
    return replace(load(sample_config(), environ), source=BUILT_IN)


def is_litellm(value: Plain) -> bool:
    """Whether a document is LiteLLM's and not ours: it lists models, or includes files that do."""
    return isinstance(value, dict) and (
        "model_list" in value or ("include" in value and "version" not in value)
    )


def _checked(document: Document) -> tuple[File, dict[str, Price]]:
    if document.value is None and not document.problems:
        message = (
            "the file is empty. Start from sample_config.yaml, or leave the file out for the built-in default"
        )
        raise ConfigError([Problem(document.path, 0, 0, message)])
    file, found = _validated(document.value)
    found += references.findings(document.value)
    prices, wrong_prices = _prices(document.value) if file else ({}, [])
    placed = [document.problem(one.steps, one.message, at_key=one.at_key) for one in [*found, *wrong_prices]]
    if file is None or placed or document.problems:
        raise ConfigError([*document.problems, *placed])
    return file, prices


def _validated(value: Plain) -> tuple[File | None, list[Finding]]:
    try:
        return File.model_validate(value), []
    except ValidationError as error:
        return None, problems.findings(error, File)


def _prices(value: Plain) -> tuple[dict[str, Price], list[Finding]]:
    """Read the prices of a file that fits the schema."""
    prices: dict[str, Price] = {}
    wrong: list[Finding] = []
    deployments = value.get("deployments") if isinstance(value, dict) else None
    for name, deployment in deployments.items() if isinstance(deployments, dict) else ():
        price = deployment.get("price") if isinstance(deployment, dict) else None
        if not isinstance(price, dict):
            continue
        try:
            prices[name] = _price(price)
        except ValueError as error:
            steps = ("deployments", name, "price")
            wrong.append(Finding(steps, f"{dotted(steps)}: {error}", at_key=True))
    return prices, wrong


def _price(written: Mapping[str, object]) -> Price:
    """Read one price. Without an input rate it is a part of one and waits for the catalogue's other rates."""
    if any(key in written for key in _WHOLE_PRICE):
        return price_from_config(written)
    part = price_over(price_from_config(_STAND_IN), written)
    rates = replace(part.table.rates, input_mtok=None)
    return replace(part, table=replace(part.table, rates=rates), written=written)
