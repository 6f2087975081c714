"""A provider's own list of models, and under which name a configured model stands in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from router.core.model import Deployment, Wire

SWITCHES: Mapping[str, tuple[str, ...]] = {
    "openrouter": (":nitro", ":floor", ":online", ":exacto", ":extended"),
}
"""By vendor: what may stand behind a model's name to ask for another handling of it. Lists leave it out."""
OLLAMA_PLACES = ("registry.ollama.ai/", "library/")
"""What a model's name may begin with and Ollama leaves out of its lists."""
FREE_SUFFIX = ":free"


@dataclass(frozen=True, slots=True)
class ListedModel:
    """One entry. Rates are dollars per million tokens; None where the list does not say."""

    name: str
    input_mtok: Decimal | None = None
    output_mtok: Decimal | None = None
    context_window: int | None = None
    first_seen: int = 0
    """When it was first in the list, in milliseconds since 1970, UTC; 0 before it is kept."""

    @property
    def is_free(self) -> bool | None:
        """Whether it costs nothing; None where the list does not say what it costs."""
        if self.input_mtok is None or self.output_mtok is None:
            return None
        return self.input_mtok == self.output_mtok == 0


@dataclass(frozen=True, slots=True)
class Listing:
    """One provider's list. Moments are milliseconds since 1970, UTC."""

    models: Mapping[str, ListedModel]
    """What the newest reading held, by name."""
    gone: Mapping[str, int] = field(default_factory=dict)
    """What earlier readings held: the name, and when it was last there."""


def spellings(deployment: Deployment) -> tuple[str, ...]:
    """Return the names under which a deployment's model may stand in its provider's list."""
    model, provider = deployment.model, deployment.provider
    if provider.wire is Wire.OLLAMA:
        return (ollama_name(model),)
    bare = [model.removesuffix(switch) for switch in SWITCHES.get(provider.vendor, ())]
    return tuple(dict.fromkeys([model, *bare]))


def ollama_name(model: str) -> str:
    """Return a model's name as Ollama compares it: lower case, with its tag, without the default places."""
    name = model.lower()
    for place in OLLAMA_PLACES:
        name = name.removeprefix(place)
    return name if ":" in name.rsplit("/", 1)[-1] else f"{name}:latest"
