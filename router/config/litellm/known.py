"""What LiteLLM's settings come to here, from `settings.txt`: carried, different, nothing, or refused.

docs/litellm.md lists them all; tests hold that the list, the page and the schema name the same.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import resources

from router.config.findings import Finding, dotted
from router.config.litellm.prices import is_rate
from router.config.positions import Plain, Steps

UNCOUNTED = (
    "is a price of a kind that is not counted here, so costs would be too low. Remove it if it is not used"
)


@dataclass(frozen=True, slots=True)
class KnownSetting:
    """One line of the list."""

    verdict: str
    """`carried`, `different`, `nothing` or `refused`."""
    words: str
    """What is different, or why it is refused and what to write instead; empty for the others."""


@cache
def settings() -> dict[str, KnownSetting]:
    """Return every setting by its dotted name, as `router_settings.num_retries`."""
    found = {}
    text = (resources.files("router.config.litellm") / "settings.txt").read_text(encoding="utf-8")
    for line in text.splitlines():
        if line and not line.startswith("#"):
            verdict, name, *words = line.split(maxsplit=2)
            found[name] = KnownSetting(verdict, "".join(words))
    return found


def words_for(name: str) -> str:
    """Return what is different about a setting; empty where nothing is to be said."""
    known = settings().get(name)
    return known.words if known else ""


def refusals(value: Plain) -> Iterator[Finding]:
    """Yield what a file must not say here: money or keys would be other than it says."""
    for steps, setting in _settings(value):
        name = dotted(steps[2:] if steps[0] == "model_list" else steps)
        known = settings().get(name)
        if setting in (None, False, "", 0, "0", [], {}):
            continue
        if known and known.verdict == "refused":
            yield Finding(steps, f"{name}: {known.words}", at_key=True)
        elif "cost_per" in str(steps[-1]) and not is_rate(str(steps[-1])):
            yield Finding(steps, f"{name}: {UNCOUNTED}", at_key=True)


def _settings(value: Plain) -> Iterator[tuple[Steps, Plain]]:
    for section, inner in value.items() if isinstance(value, dict) else ():
        if section == "model_list":
            for number, entry in enumerate(inner if isinstance(inner, list) else ()):
                for part in ("litellm_params", "model_info"):
                    held = entry.get(part) if isinstance(entry, dict) else None
                    for key, setting in held.items() if isinstance(held, dict) else ():
                        yield ("model_list", number, part, key), setting
        elif isinstance(inner, dict):
            for key, setting in inner.items():
                yield (section, key), setting
