"""Where the entries of a LiteLLM file go: prefixes, addresses, keys."""

from __future__ import annotations

from pathlib import Path

import pytest

from router.config.litellm.providers import NO_WIRE, NOWHERE, VENDORS, upstream_of
from router.config.loader import load
from router.config.scalars import is_loopback
from router.core.settings.providers import Wire


@pytest.mark.parametrize(
    ("model", "wire", "base_url", "name", "vendor"),
    [
        ("openai/gpt-4o", Wire.OPENAI, "https://api.openai.com/v1", "gpt-4o", "openai"),
        ("gpt-4o", Wire.OPENAI, "https://api.openai.com/v1", "gpt-4o", "openai"),
        ("o3", Wire.OPENAI, "https://api.openai.com/v1", "o3", "openai"),
        ("claude-opus-4-5", Wire.ANTHROPIC, "https://api.anthropic.com", "claude-opus-4-5", "anthropic"),
        ("anthropic/claude-x", Wire.ANTHROPIC, "https://api.anthropic.com", "claude-x", "anthropic"),
        ("ollama/llama3", Wire.OLLAMA, "http://127.0.0.1:11434", "llama3", "ollama"),
        ("ollama_chat/a:14b", Wire.OLLAMA, "http://127.0.0.1:11434", "a:14b", "ollama"),
        ("openrouter/z-ai/glm", Wire.OPENAI, "https://openrouter.ai/api/v1", "z-ai/glm", "openrouter"),
        ("groq/llama", Wire.OPENAI, "https://api.groq.com/openai/v1", "llama", "groq"),
    ],
)
def test_a_prefix_says_where_a_model_is(
    model: str, wire: Wire, base_url: str, name: str, vendor: str
) -> None:
    found = upstream_of(model, None, None, None)
    assert (found.wire, found.base_url, found.model, found.vendor) == (wire, base_url, name, vendor)
    assert found.off is None


def test_the_provider_may_be_said_apart_from_the_model() -> None:
    for model in ("some/model", "deepseek/some/model"):
        found = upstream_of(model, "deepseek", None, None)
        assert (found.wanted_name, found.model) == ("deepseek", "some/model")


@pytest.mark.parametrize(
    ("model", "api_base", "vendor", "keys"),
    [
        ("openai/x", "https://llm.example.test/v1", "llm.example.test", ()),
        ("openai/x", "http://localhost:8000", "localhost:8000", ()),
        ("openai/x", "https://api.deepseek.com/beta", "deepseek", ("DEEPSEEK_API_KEY",)),
        ("openai/x", "https://api.openai.com/v1", "openai", ("OPENAI_API_KEY",)),
        ("whoever/x", "https://llm.example.test/v1", "llm.example.test", ()),
        ("anthropic/x", "https://proxy.example.test", "anthropic", ()),
        ("deepseek/x", "https://proxy.example.test", "deepseek", ()),
        ("ollama/x", "https://ollama.example.test", "ollama", ()),
    ],
)
def test_another_address_is_its_own_vendor_and_gets_nobody_elses_key(
    model: str, api_base: str, vendor: str, keys: tuple[str, ...]
) -> None:
    found = upstream_of(model, None, api_base, None)
    assert (found.base_url, found.vendor, found.keys, found.off) == (api_base, vendor, keys, None)


@pytest.mark.parametrize("base", ["http://0.0.0.0:8000/v1", "http://0.0.0.0", "http://0.0.0.0/v1"])
def test_the_address_servers_print_is_this_machine(base: str) -> None:
    found = upstream_of("hosted_vllm/x", None, base, "sk-local")
    assert is_loopback(found.base_url)
    assert (found.key, found.off) == ("sk-local", None)


def test_a_host_that_only_begins_like_it_is_not_this_machine() -> None:
    assert (
        upstream_of("openai/x", None, "https://0.0.0.0.example.test", None).vendor == "0.0.0.0.example.test"
    )


@pytest.mark.parametrize(
    "api_base", ["your-api-base", "ftp://x", "https://u:p@h", "https://h/?k=1", "http://["]
)
def test_what_is_no_address_is_off(api_base: str) -> None:
    found = upstream_of("openai/x", None, api_base, "k")
    assert found.off is not None
    assert (found.base_url, found.key) == (NOWHERE, None)


def test_a_key_is_never_sent_unencrypted_and_a_word_for_none_is_no_key() -> None:
    sent = upstream_of("openai/x", None, "http://10.0.0.8:8000", "os.environ/SOME_KEY")
    assert sent.key is None
    assert sent.off is not None
    for word in ("none", "EMPTY", "dummy"):
        plain = upstream_of("openai/x", None, "http://10.0.0.8:8000", word)
        assert (plain.key, plain.off) == (None, None)
    assert upstream_of("openai/x", None, "http://127.0.0.1:8000", "dummy").key == "dummy"


def test_gemini_at_another_address_speaks_googles_own_dialect() -> None:
    assert upstream_of("gemini/x", None, "https://proxy.example.test", "k").off is not None
    home = upstream_of("gemini/x", None, "https://generativelanguage.googleapis.com", "k")
    assert (home.off, home.base_url) == (None, VENDORS["gemini"].base_url)


@pytest.mark.parametrize("prefix", sorted(NO_WIRE))
def test_other_dialects_are_off_even_with_an_address(prefix: str) -> None:
    for api_base in (None, "https://llm.example.test", "no address"):
        assert upstream_of(f"{prefix}/x", None, api_base, "k").off == f"{prefix} has no wire here"
    assert prefix not in VENDORS


def test_entries_share_a_provider_where_wire_address_and_key_are_the_same(tmp_path: Path) -> None:
    params = [
        "model: openai/a, api_key: os.environ/ONE",
        "model: gpt-4o, api_key: os.environ/ONE",
        "model: openai/b, api_key: os.environ/TWO",
        "model: openai/c, api_key: sk-literal",
        "model: openai/d",
        "model: together_ai/e",
    ]
    path = tmp_path / "litellm.yaml"
    path.write_text(
        "model_list:\n" + "".join(f"  - {{model_name: m, litellm_params: {{{one}}}}}\n" for one in params)
    )
    config = load(path, {"TWO": "2", "TOGETHER_API_KEY": "t"})
    found = [(one.provider.name, one.provider.key_name) for one in config.deployments.values()]
    assert found == [
        ("openai", "ONE"),
        ("openai", "ONE"),
        ("openai-2", "TWO"),
        ("openai-3", None),
        ("openai-4", "OPENAI_API_KEY"),
        ("together_ai", "TOGETHER_API_KEY"),
    ]
    assert {one.provider.vendor for one in config.deployments.values()} == {"openai", "together_ai"}
