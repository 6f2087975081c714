"""Which of LiteLLM's provider prefixes are served here, and how: the table, and what one entry comes to.

Owns the facts about prefixes and addresses. Reads no file and no environment.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import urlsplit

from pydantic import TypeAdapter, ValidationError

from router.config.scalars import BaseUrl, is_loopback
from router.core.settings.providers import Wire

NOWHERE = "https://nowhere.invalid"
"""The address of a provider that cannot be reached; names under `.invalid` never resolve (RFC 2606)."""


@dataclass(frozen=True, slots=True)
class LiteLlmVendor:
    """What a prefix stands for."""

    base_url: str | None = None
    """Where it is when the entry does not say; None: the entry must say."""
    keys: tuple[str, ...] = ()
    """The variables its key is looked for in when the entry names none."""
    wire: Wire = Wire.OPENAI
    catalogue: str | None = None
    """Its name in the price catalogue, where that is not the prefix."""
    compatible: bool = False
    """Whether the prefix says how to speak and not to whom: then the address is the vendor."""
    movable: bool = True
    """Whether another `api_base` speaks the same wire; Gemini's own dialect is not the one used here."""


VENDORS: Mapping[str, LiteLlmVendor] = {
    "openai": LiteLlmVendor("https://api.openai.com/v1", ("OPENAI_API_KEY",), compatible=True),
    "anthropic": LiteLlmVendor("https://api.anthropic.com", ("ANTHROPIC_API_KEY",), Wire.ANTHROPIC),
    "gemini": LiteLlmVendor(
        "https://generativelanguage.googleapis.com/v1beta/openai",
        ("GEMINI_API_KEY", "GOOGLE_API_KEY"),
        catalogue="google",
        movable=False,
    ),
    "openrouter": LiteLlmVendor("https://openrouter.ai/api/v1", ("OPENROUTER_API_KEY", "OR_API_KEY")),
    "deepseek": LiteLlmVendor("https://api.deepseek.com", ("DEEPSEEK_API_KEY",)),
    "groq": LiteLlmVendor("https://api.groq.com/openai/v1", ("GROQ_API_KEY",)),
    "mistral": LiteLlmVendor("https://api.mistral.ai/v1", ("MISTRAL_API_KEY",)),
    "codestral": LiteLlmVendor(
        "https://codestral.mistral.ai/v1", ("CODESTRAL_API_KEY",), catalogue="mistral"
    ),
    "xai": LiteLlmVendor("https://api.x.ai/v1", ("XAI_API_KEY",)),
    "together_ai": LiteLlmVendor("https://api.together.xyz/v1", ("TOGETHERAI_API_KEY", "TOGETHER_API_KEY")),
    "fireworks_ai": LiteLlmVendor(
        "https://api.fireworks.ai/inference/v1", ("FIREWORKS_AI_API_KEY", "FIREWORKS_API_KEY")
    ),
    "perplexity": LiteLlmVendor("https://api.perplexity.ai", ("PERPLEXITYAI_API_KEY", "PERPLEXITY_API_KEY")),
    "deepinfra": LiteLlmVendor("https://api.deepinfra.com/v1/openai", ("DEEPINFRA_API_KEY",)),
    "cerebras": LiteLlmVendor("https://api.cerebras.ai/v1", ("CEREBRAS_API_KEY",)),
    "nvidia_nim": LiteLlmVendor("https://integrate.api.nvidia.com/v1", ("NVIDIA_NIM_API_KEY",)),
    "sambanova": LiteLlmVendor("https://api.sambanova.ai/v1", ("SAMBANOVA_API_KEY",)),
    "moonshot": LiteLlmVendor("https://api.moonshot.ai/v1", ("MOONSHOT_API_KEY",)),
    "dashscope": LiteLlmVendor(
        "https://dashscope-intl.aliyuncs.com/compatible-mode/v1", ("DASHSCOPE_API_KEY",), catalogue="alibaba"
    ),
    "zai": LiteLlmVendor("https://api.z.ai/api/paas/v4", ("ZAI_API_KEY",)),
    "nebius": LiteLlmVendor("https://api.studio.nebius.ai/v1", ("NEBIUS_API_KEY",)),
    "novita": LiteLlmVendor("https://api.novita.ai/v3/openai", ("NOVITA_API_KEY",)),
    "hyperbolic": LiteLlmVendor("https://api.hyperbolic.xyz/v1", ("HYPERBOLIC_API_KEY",)),
    "friendliai": LiteLlmVendor("https://api.friendli.ai/serverless/v1", ("FRIENDLI_TOKEN",)),
    "meta_llama": LiteLlmVendor("https://api.llama.com/compat/v1", ("LLAMA_API_KEY",)),
    "volcengine": LiteLlmVendor("https://ark.cn-beijing.volces.com/api/v3", ("VOLCENGINE_API_KEY",)),
    "ollama": LiteLlmVendor("http://127.0.0.1:11434", wire=Wire.OLLAMA),
    "ollama_chat": LiteLlmVendor("http://127.0.0.1:11434", wire=Wire.OLLAMA, catalogue="ollama"),
    "lm_studio": LiteLlmVendor("http://127.0.0.1:1234/v1", compatible=True),
    "llamafile": LiteLlmVendor("http://127.0.0.1:8080/v1", compatible=True),
}
"""Prefixes with an address of their own. Any other one with an `api_base` is taken for openai-compatible."""

OTHER = LiteLlmVendor(compatible=True)


NO_WIRE = frozenset(
    {
        *("azure", "azure_ai", "azure_text", "bedrock", "bedrock_converse", "sagemaker", "sagemaker_chat"),
        *("vertex_ai", "vertex_ai_beta", "palm", "cohere", "cohere_chat", "anthropic_text", "huggingface"),
        *("replicate", "watsonx", "watsonx_text", "databricks", "snowflake", "cloudflare", "predibase"),
        *("petals", "nlp_cloud", "aleph_alpha", "baseten", "oobabooga", "triton", "vllm", "oci", "clarifai"),
        *("text-completion-openai", "text-completion-codestral", "github_copilot", "chatgpt", "custom"),
        *("auto_router", "jina_ai", "voyage", "deepgram", "elevenlabs", "assemblyai", "infinity", "topaz"),
        *("recraft", "fal_ai", "stability", "runwayml", "gigachat", "maritalk", "ai21", "bytez", "langgraph"),
    }
)
"""Prefixes of other dialects: their own APIs, their own ways to sign, or no chat at all."""


_BARE_NAMES: tuple[tuple[re.Pattern[str], str], ...] = (
    (re.compile(r"(ft:)?(gpt-|chatgpt-|o[134](-|$))"), "openai"),
    (re.compile(r"claude-"), "anthropic"),
    (re.compile(r"gemini-"), "vertex_ai"),
    (re.compile(r"command-"), "cohere"),
)
"""What LiteLLM takes a name without a prefix for."""

_NO_KEY = frozenset({"none", "empty"})
"""What is written where a key is demanded and the server wants none."""

_NO_SECRET = frozenset({"dummy", "fake", "fake-key", "no-key", "not-needed", "null", "placeholder", "unused"})
"""What is made up for such a server; sent on as it is, but left out where a key may not be sent."""


@dataclass(frozen=True, slots=True)
class LiteLlmUpstream:
    """Where one entry of `model_list` goes."""

    wanted_name: str
    """What the provider is to be called, if that is free."""
    wire: Wire
    base_url: str
    model: str
    """The model's name there."""
    vendor: str
    """The name in the price catalogue."""
    keys: tuple[str, ...] = ()
    """Variables to look for a key in."""
    key: str | None = None
    """The key as the entry writes it."""
    off: str | None = None
    """Why it cannot be used."""
    prefix: str = ""
    """LiteLLM's own name for whoever is there."""


def upstream_of(model: str, custom: str | None, api_base: str | None, key: str | None) -> LiteLlmUpstream:
    """Return where an entry goes; `custom` is its `custom_llm_provider`."""
    prefix, name = _split(model, custom)
    vendor = VENDORS.get(prefix, OTHER)
    if prefix in NO_WIRE or (vendor is OTHER and api_base is None):
        reason = f"{prefix} has no wire here" if prefix else "its model names no provider, as in openai/NAME"
        return _unreachable(prefix, model, reason)
    if api_base is None:
        assert vendor.base_url is not None  # only OTHER has none
        found = LiteLlmUpstream(
            prefix, vendor.wire, vendor.base_url, name, vendor.catalogue or prefix, vendor.keys, key
        )
    else:
        base = _address(api_base)
        if base is None:
            return _unreachable(prefix, model, "its api_base is no address that begins with https://")
        found = _elsewhere(LiteLlmUpstream(prefix, vendor.wire, base, name, prefix, key=key), vendor)
    return _guarded(replace(found, model=name or model, prefix=prefix))


def _split(model: str, custom: str | None) -> tuple[str, str]:
    """Return prefix and name; a name without a known prefix keeps its slashes only behind `custom`."""
    if custom:
        return custom, model.removeprefix(f"{custom}/")
    prefix, slash, name = model.partition("/")
    if slash:
        return prefix, name
    return next((known for pattern, known in _BARE_NAMES if pattern.match(model)), ""), model


def _elsewhere(found: LiteLlmUpstream, vendor: LiteLlmVendor) -> LiteLlmUpstream:
    """Return an upstream at an address that the entry names."""
    at_home = _vendor_at(found.base_url)
    if not vendor.movable and VENDORS.get(at_home or "") is not vendor:
        return replace(found, off=f"{found.wanted_name} at another address speaks a dialect of its own")
    if not vendor.movable:
        found = replace(found, base_url=vendor.base_url or NOWHERE)
    if at_home and VENDORS[at_home].wire is found.wire:
        home = VENDORS[at_home]
        return replace(found, wanted_name=at_home, vendor=home.catalogue or at_home, keys=home.keys)
    if vendor.compatible:
        host = urlsplit(found.base_url).netloc
        return replace(found, wanted_name=host, vendor=host)
    return replace(found, vendor=vendor.catalogue or found.vendor)


def _vendor_at(base_url: str) -> str | None:
    """Return the prefix of whoever has this host; a key of theirs may go there and nowhere else."""
    host = urlsplit(base_url).hostname
    hosts = ((prefix, urlsplit(vendor.base_url or "")) for prefix, vendor in VENDORS.items())
    return next((prefix for prefix, home in hosts if home.scheme == "https" and home.hostname == host), None)


def _address(api_base: str) -> str | None:
    """Return the address as a base URL; 0.0.0.0, which servers print as their own, is this machine."""
    try:
        base: str = TypeAdapter(BaseUrl).validate_python(api_base.strip())
    except ValidationError:
        return None
    return re.sub(r"^(https?://)0\.0\.0\.0(?=[:/]|$)", r"\g<1>127.0.0.1", base)


def _guarded(found: LiteLlmUpstream) -> LiteLlmUpstream:
    """Keep keys off unencrypted ways."""
    word = (found.key or "").strip().lower()
    if word in _NO_KEY:
        return replace(found, key=None, keys=())
    if not word or not found.base_url.startswith("http:") or is_loopback(found.base_url):
        return found
    if word in _NO_SECRET:
        return replace(found, key=None)
    reason = "its key would be sent unencrypted: use https:// in api_base, or remove api_key"
    return replace(found, key=None, off=found.off or reason)


def _unreachable(prefix: str, model: str, reason: str) -> LiteLlmUpstream:
    name = re.sub(r"[^\w.-]+", "-", prefix)[:60] or "no-provider"
    return LiteLlmUpstream(name, Wire.OPENAI, NOWHERE, model, name, off=reason)
