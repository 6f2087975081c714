"""A provider's own list of models, and under which name a configured model stands in it."""

from __future__ import annotations

from collections.abc import Mapping

from router.core.settings.deployments import Deployment
from router.core.settings.providers import Wire

SWITCHES: Mapping[str, tuple[str, ...]] = {
    "openrouter": (":nitro", ":floor", ":online", ":exacto", ":extended"),
}
"""By vendor: what may stand behind a model's name to ask for another handling of it. Lists leave it out."""
OLLAMA_PLACES = ("registry.ollama.ai/", "library/")
"""What a model's name may begin with and Ollama leaves out of its lists."""
FREE_SUFFIX = ":free"


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
